"""Recordings with wrong headers, without an end, truncated, or that refer to other files."""

import struct
from collections.abc import Iterator
from functools import partial

from tests.contract.samples.av import SOUNDS, VIDEOS, recording, sound, video
from tests.hostile import Content, flipped, truncated

Files = Iterator[tuple[str, str, Content]]

SECRETS = ("/etc/passwd", "file:///etc/passwd", "http://127.0.0.1:9/secret")


def files() -> Files:
    """Name, media type and content of each file."""
    for each in (broken, lying_mp4, lying_sounds, endless, playlists, references, nested, crowded):
        yield from each()


def broken() -> Files:
    for media_type in VIDEOS:
        yield from truncated(media_type, media_type, video(media_type))
        yield from flipped(media_type, media_type, video(media_type), 6)
    for media_type in SOUNDS:
        yield from truncated(media_type, media_type, sound(media_type))
        yield from flipped(media_type, media_type, sound(media_type), 4)
    mp4 = video("video/mp4", options=(("moov_size", "20000"),))
    yield from truncated("mp4 with its index first", "video/mp4", mp4)
    for media_type in (*VIDEOS, *SOUNDS):
        yield f"nothing as {media_type}", media_type, b""
        yield f"zeros as {media_type}", media_type, bytes(4096)


def replaced(content: bytes, atom: bytes, at: int, value: bytes) -> bytes:
    """With ``value`` at this offset after the name of an MP4 atom."""
    place = content.index(atom) + 4 + at
    return content[:place] + value + content[place + len(value) :]


def lying_mp4() -> Files:
    mp4 = video("video/mp4")
    big, none = struct.pack(">I", 2**32 - 1), bytes(4)
    changes = {
        "a duration of 4 billion": ((b"mvhd", 16, big), (b"mdhd", 16, big), (b"tkhd", 20, big)),
        "a timescale of none": ((b"mvhd", 12, none), (b"mdhd", 12, none)),
        "a huge timescale": ((b"mvhd", 12, big), (b"mdhd", 12, big)),
        "a second that lasts 10^9": (
            (b"mvhd", 12, struct.pack(">II", 1, 10**9)),
            (b"mdhd", 12, struct.pack(">II", 1, 10**9)),
        ),
        "an index of nothing": ((b"stsz", 8, none),),
        "an index of 4 billion samples": ((b"stsz", 4, struct.pack(">II", 1, 2**32 - 1)), (b"stts", 8, big)),
        "an index of 2^27 samples": (
            (b"stsz", 4, struct.pack(">II", 1, 2**27)),
            (b"stts", 8, struct.pack(">I", 2**27)),
        ),
        "a table of 4 billion times": ((b"stts", 4, big),),
        "a table of 4 billion chunks": ((b"stsc", 4, big),),
        "samples beyond the end": ((b"stco", 8, big),),
        "samples of 4 GB": ((b"stsz", 12, big * 4),),
        "frames of 65535 by 65535": ((b"avc1", 24, b"\xff\xff\xff\xff"), (b"tkhd", 76, b"\xff\xff\0\0\xff\xff\0\0")),
        "frames of 0 by 0": ((b"avc1", 24, none),),
        "an atom of 4 GB": ((b"trak", -8, big),),
        "an atom of no size": ((b"trak", -8, none),),
        "an index of 4 GB": ((b"moov", -8, big),),
        "a matrix of nothing": ((b"tkhd", 40, bytes(36)),),
    }
    for name, steps in changes.items():
        content = mp4
        for atom, at, value in steps:
            content = replaced(content, atom, at, value)
        yield f"mp4 with {name}", "video/mp4", content


def lying_sounds() -> Files:
    wav = sound("audio/wav")
    big = struct.pack("<I", 2**32 - 1)
    data = wav.index(b"data")
    yield "wav of 4 GB", "audio/wav", wav[: data + 4] + big + wav[data + 8 :]
    form = wav.index(b"fmt ") + 8
    for name, at, value in (
        ("65535 channels", 2, b"\xff\xff"),
        ("no channels", 2, bytes(2)),
        ("no rate", 4, bytes(4)),
        ("4 billion samples a second", 4, big),
        ("blocks of nothing", 12, bytes(2)),
        ("no bits", 14, bytes(2)),
    ):
        yield f"wav with {name}", "audio/wav", wav[: form + at] + value + wav[form + at + len(value) :]
    mp3 = sound("audio/mpeg")
    huge = 10 * 2**20
    size = bytes((huge >> shift) & 0x7F for shift in (21, 14, 7, 0))
    yield "mp3 with a tag of 10 MB that isn't there", "audio/mpeg", b"ID3\x04\0\0" + size + mp3
    frame = b"TIT2" + bytes((0, 0, 0x1F, 0x7F)) + b"\0\0" + b"\x03" + b"A" * 4094
    small = 400 * len(frame)
    size = bytes((small >> shift) & 0x7F for shift in (21, 14, 7, 0))
    yield "mp3 with 400 titles", "audio/mpeg", b"ID3\x04\0\0" + size + frame * 400 + mp3
    tiny = b"COMM" + bytes((0, 0, 0, 6)) + b"\0\0" + b"\x03xxx\0a"
    size = bytes(((100_000 * len(tiny)) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    yield "mp3 with 100,000 comments", "audio/mpeg", b"ID3\x04\0\0" + size + tiny * 100_000 + mp3
    flac = sound("audio/flac")
    yield "flac with a picture of 16 MB that isn't there", "audio/flac", flac[:42] + b"\x06\xff\xff\xff" + bytes(100)
    picture = struct.pack(">II", 3, 9) + b"image/png" + struct.pack(">I", 0) + struct.pack(">IIII", 2**31, 2**31, 24, 0)
    picture += struct.pack(">I", 2**32 - 1) + b"\x89PNG"
    block = b"\x06" + struct.pack(">I", len(picture))[1:] + picture
    yield "flac with a picture of 4 GB", "audio/flac", flac[:42] + block + flac[42:]
    blank = b"\x01" + struct.pack(">I", 0)[1:]
    yield (
        "flac with 200,000 blocks",
        "audio/flac",
        flac[:4] + bytes([flac[4] & 0x7F]) + flac[5:42] + blank * 200_000 + flac[42:],
    )


def endless() -> Files:
    mkv = video("video/x-matroska")
    cluster = mkv.index(b"\x1f\x43\xb6\x75")
    head = mkv[:cluster]
    unknown = b"\x01" + b"\xff" * 7
    yield "matroska of clusters without a size", "video/x-matroska", head + (b"\x1f\x43\xb6\x75" + unknown) * 100_000
    yield (
        "matroska of nested clusters",
        "video/x-matroska",
        head + (b"\x1f\x43\xb6\x75" + unknown + b"\xe7\x81\x00") * 50_000,
    )
    empty = b"\x1f\x43\xb6\x75\x83\xe7\x81\x00"
    yield "matroska of 100,000 empty clusters", "video/x-matroska", head + empty * 100_000
    yield "matroska of voids", "video/x-matroska", head + b"\xec\x80" * 500_000
    yield "matroska with its seeks in a ring", "video/x-matroska", seek_ring(mkv)
    ogg = sound("audio/ogg")
    yield "ogg chained 50 times", "audio/ogg", ogg * 50
    yield "ogg of one page again and again", "audio/ogg", ogg + ogg[-4000:] * 200
    yield "ogg of begins", "audio/ogg", ogg[:47] * 20_000
    yield "ogg of 500 streams", "audio/ogg", b"".join(ogg[:14] + struct.pack("<I", n) + ogg[18:47] for n in range(500))
    ts = video("video/mp2t")
    yield "transport stream of padding", "video/mp2t", ts[:376] + (b"\x47\x1f\xff\x10" + b"\xff" * 184) * 8_000
    yield "transport stream of tables", "video/mp2t", ts[:564] * 3_000
    yield "mpeg of pack headers", "video/mpeg", b"\x00\x00\x01\xba" * 400_000
    yield "mp3 of headers", "audio/mpeg", b"\xff\xfb\x90\x00" * 400_000
    yield "aac of headers", "audio/aac", b"\xff\xf1\x50\x80\x00\xff\xfc" * 200_000
    yield (
        "flv of empty tags",
        "video/x-flv",
        video("video/x-flv")[:13] + (b"\x09" + bytes(10) + b"\0\0\0\x0b") * 100_000,
    )
    asf = video("video/x-ms-wmv")
    yield "asf without an end", "video/x-ms-wmv", asf + asf[1000:4200] * 300
    yield "wav of a day of nothing", "audio/wav", slow_wav()


def seek_ring(mkv: bytes) -> bytes:
    """The first seek entry points to the seek head itself."""
    place = mkv.find(b"\x53\xac")
    if place < 0:
        return mkv
    return mkv[: place + 3] + bytes(mkv[place + 2] & 0x7F) + mkv[place + 3 + (mkv[place + 2] & 0x7F) :]


def slow_wav() -> bytes:
    """Two million samples at one a second: 23 days of sound."""
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 2_000_036, b"WAVE", b"fmt ", 16, 1, 1, 1, 1, 1, 8, b"data", 2_000_000
    )
    return head + b"\x80" * 2_000_000


def playlists() -> Files:
    for secret in SECRETS:
        hls = f"#EXTM3U\n#EXTINF:9,\nconcat:{secret}|{secret}\n#EXTINF:9,\n{secret}\n#EXT-X-ENDLIST\n"
        concat = f"ffconcat version 1.0\nfile {secret}\nfile '{secret}'\n"
        dash = (
            '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
            f'<Representation id="1" mimeType="video/mp4"><BaseURL>{secret}</BaseURL></Representation></AdaptationSet>'
            "</Period></MPD>"
        )
        sdp = f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns={secret}\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n"
        for name, text in (("hls", hls), ("concat", concat), ("dash", dash), ("sdp", sdp)):
            for media_type in ("video/mp4", "video/x-msvideo", "video/mpeg", "video/mp2t", "audio/mpeg", "audio/aac"):
                yield f"{name} to {secret} as {media_type}", media_type, text.encode()
        yield f"avi with {secret} in its subtitles", "video/x-msvideo", gab2(hls.encode())
        yield f"mp3 that goes on as a playlist to {secret}", "audio/mpeg", sound("audio/mpeg") + hls.encode()


def gab2(playlist: bytes) -> bytes:
    """An AVI whose subtitle stream is a playlist, which FFmpeg once opened."""
    name = b"GAB2\0\x02\0" + struct.pack("<I", 8) + "sub\0".encode("utf-16-le") + struct.pack("<HI", 4, len(playlist))
    strh = b"txts" + bytes(16) + struct.pack("<II", 1, 25) + bytes(28)
    track = listed(b"strl", chunk(b"strh", strh) + chunk(b"strf", bytes(40)))
    movie = listed(b"movi", chunk(b"00tx", name + playlist) * 3)
    header = chunk(b"avih", struct.pack("<IIIIIII", 40_000, 0, 0, 0x10, 3, 0, 1) + bytes(28))
    return chunk(b"RIFF", b"AVI " + listed(b"hdrl", header + track) + movie)


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def listed(name: bytes, content: bytes) -> bytes:
    return chunk(b"LIST", name + content)


def atom(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + name + content


def references() -> Files:
    """MOVs whose tracks are in other files, by address and by alias."""
    mov = video("video/quicktime")
    for secret in SECRETS:
        for kind in (b"url ", b"alis", b"rsrc"):
            yield (
                f"mov with its data at {secret} as {kind.decode()}",
                "video/quicktime",
                referring(mov, kind, secret.encode()),
            )
    link = atom(b"rmra", atom(b"rmda", atom(b"rdrf", bytes(4) + b"url " + struct.pack(">I", 12) + b"/etc/passwd\0")))
    yield "mov that is but a reference", "video/quicktime", atom(b"ftyp", b"qt  " + bytes(8)) + atom(b"moov", link)


def referring(mov: bytes, kind: bytes, address: bytes) -> bytes:
    """Every data reference replaced. The sizes of the atoms around it are adjusted."""
    old = atom(b"dref", bytes(4) + struct.pack(">I", 1) + atom(b"url ", b"\0\0\0\x01"))
    alternative = atom(b"dref", bytes(4) + struct.pack(">I", 1) + atom(b"alis", b"\0\0\0\x01"))
    body = bytes(4) + address + b"\0" if kind == b"url " else alias(address)
    new = atom(b"dref", bytes(4) + struct.pack(">I", 1) + atom(kind, body))
    found = old if old in mov else alternative
    return grown(mov, found, new)


def alias(address: bytes) -> bytes:
    """A Macintosh alias with the path in its fields 18 and 2."""
    record = bytes(4) + bytes(4) + struct.pack(">HHH", 150, 2, 0) + bytes([6]) + b"volume".ljust(27, b"\0") + bytes(12)
    record += (
        bytes([min(63, len(address))])
        + address[:63].ljust(63, b"\0")
        + bytes(16)
        + struct.pack(">HH", 1, 1)
        + bytes(16)
    )
    for field in (2, 18):
        record += struct.pack(">HH", field, len(address)) + address + bytes(len(address) % 2)
    return record + struct.pack(">HH", 0xFFFF, 0)


def grown(content: bytes, old: bytes, new: bytes) -> bytes:
    """With each ``old`` replaced, and the sizes of all atoms around it adjusted."""
    parts = []
    place = 0
    while place + 8 <= len(content):
        size = struct.unpack(">I", content[place : place + 4])[0]
        if size < 8:
            return content
        whole = content[place : place + size]
        name, body = whole[4:8], whole[8:]
        if whole == old:
            parts.append(new)
        elif old in body and name in {b"moov", b"trak", b"mdia", b"minf", b"dinf"}:
            parts.append(atom(name, grown(body, old, new)))
        else:
            parts.append(whole)
        place += size
    return b"".join(parts)


def nested() -> Files:
    for name in (b"moov", b"trak", b"udta", b"meta", b"mdia"):
        content = b""
        for _ in range(20_000):
            content = atom(name, content) if len(content) < 160_000 else content
        yield f"mp4 of {name.decode()} in {name.decode()}", "video/mp4", atom(b"ftyp", b"isom" + bytes(4)) + content
    yield "mp4 of 150,000 empty atoms", "video/mp4", atom(b"ftyp", b"isom" + bytes(4)) + atom(b"free", b"") * 150_000
    lists = b""
    for _ in range(3_000):
        lists = listed(b"rec ", lists)
    yield "avi of lists in lists", "video/x-msvideo", chunk(b"RIFF", b"AVI " + lists)


def crowded() -> Files:
    """Too many streams, or too much of one stream."""
    mp4 = video("video/mp4")
    moov = mp4.index(b"moov") - 4
    trak = mp4.index(b"trak") - 4
    size = struct.unpack(">I", mp4[trak : trak + 4])[0]
    one = mp4[trak : trak + size]
    tracks = mp4[trak : trak + size] * (1_500_000 // size)
    yield "mp4 of a thousand tracks", "video/mp4", mp4[:moov] + atom(b"moov", mp4[moov + 8 : trak] + tracks)
    yield "mp4 of 120 tracks", "video/mp4", mp4[:moov] + atom(b"moov", mp4[moov + 8 : trak] + one * 120)
    yield "mp4 with 60,000 tags", "video/mp4", mp4[:moov] + atom(b"moov", mp4[moov + 8 :] + many_tags())
    wide = partial(recording, "mp4", "mpeg4", None, seconds=0.08, size=(4096, 4096))
    yield "video of 16 megapixels", "video/mp4", wide
    larger = partial(recording, "matroska", "mpeg4", None, seconds=0.08, size=(8000, 5000))
    yield "video of 40 megapixels", "video/x-matroska", larger
    changing = recording("mpegts", "mpeg2video", None, seconds=0.4) + recording(
        "mpegts", "mpeg2video", None, seconds=0.4, size=(1920, 1080)
    )
    yield "video that changes its size", "video/mp2t", changing * 3


def many_tags() -> bytes:
    tag = atom(b"\xa9cmt", struct.pack(">HH", 2, 0) + b"aa")
    return atom(b"udta", tag * 60_000)
