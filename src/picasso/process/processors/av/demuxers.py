"""Which of FFmpeg's demuxers reads which file: by its media type, or by its first bytes for a type that is not known.

Types have several names, and new ones appear. Demuxers that open other files (hls, dash, concat, image2, …) are not
among them.
"""

from __future__ import annotations

import re

HEAD = 64

SIGNATURES: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), demuxer)
    for pattern, demuxer in (
        (rb"....(ftyp|moov|mdat|moof|styp|pnot)", "mov"),
        (rb"\x1a\x45\xdf\xa3", "matroska"),
        (rb"RIFF....(AVI |AVIX|AMV )", "avi"),
        (rb"(RIFF|RIFX|RF64|BW64)....WAVE", "wav"),
        (rb"RIFF....XWMA", "xwma"),
        (rb"OggS", "ogg"),
        (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
        (rb"FLV\x01", "flv"),
        (rb"fLaC", "flac"),
        (rb"FORM....AIF[FC]", "aiff"),
        (rb"FORM....(8SVX|16SV)", "iff"),
        (rb"#!AMR", "amr"),
        (rb"\.snd", "au"),
        (rb"caff", "caf"),
        (rb"riff\x2e\x91\xcf\x11", "w64"),
        (rb"MAC ", "ape"),
        (rb"TTA1", "tta"),
        (rb"wvpk", "wv"),
        (rb"MPCK", "mpc8"),
        (rb"MP\+", "mpc"),
        (rb"DSD ", "dsf"),
        (rb"DKIF", "ivf"),
        (rb"YUV4MPEG2 ", "yuv4mpegpipe"),
        (rb"\x06\x0e\x2b\x34", "mxf"),
        (rb"\0\0\x01\xba", "mpeg"),
    )
)

# If there are several, they are tried in this order.
BY_MEDIA_TYPE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            *("video/mp4", "video/quicktime", "video/3gpp", "video/3gpp2", "video/x-m4v", "video/x-f4v", "video/mj2"),
            *("audio/mp4", "audio/x-m4a", "audio/x-m4b", "audio/m4a", "audio/3gpp", "audio/3gpp2", "audio/qcelp"),
            *("audio/vnd.audible.aax", "application/mp4"),
        ),
        ("mov",),
    ),
    **dict.fromkeys(("video/x-matroska", "video/webm", "audio/x-matroska", "audio/webm"), ("matroska",)),
    **dict.fromkeys(("video/x-msvideo", "video/avi", "video/vnd.avi"), ("avi",)),
    **dict.fromkeys(("video/ogg", "audio/ogg", "audio/opus", "application/ogg"), ("ogg",)),
    **dict.fromkeys(("video/x-ms-asf", "video/x-ms-wmv", "audio/x-ms-wma", "application/vnd.ms-asf"), ("asf",)),
    **dict.fromkeys(("audio/wav", "audio/x-wav", "audio/vnd.wave"), ("wav",)),
    **dict.fromkeys(("audio/aiff", "audio/x-aiff"), ("aiff",)),
    **dict.fromkeys(("audio/amr", "audio/amr-wb"), ("amr",)),
    **dict.fromkeys(("audio/basic", "audio/x-dec-basic"), ("au",)),
    **dict.fromkeys(("audio/mpeg", "audio/mp3", "audio/x-mp3", "audio/x-mpeg"), ("mp3",)),
    **dict.fromkeys(("audio/aac", "audio/aacp", "audio/x-aac", "audio/x-hx-aac-adts"), ("aac",)),
    **dict.fromkeys(("audio/flac", "audio/x-flac"), ("flac",)),
    **dict.fromkeys(("audio/ac3", "audio/vnd.dolby.dd-raw"), ("ac3",)),
    **dict.fromkeys(("audio/x-wavpack", "audio/wavpack"), ("wv",)),
    **dict.fromkeys(("audio/vnd.dts", "audio/vnd.dts.hd"), ("dts",)),
    **dict.fromkeys(("audio/x-musepack", "audio/musepack"), ("mpc8", "mpc")),
    **dict.fromkeys(("video/mp2t", "video/vnd.dlna.mpeg-tts", "video/x-mpegts"), ("mpegts",)),
    "audio/eac3": ("eac3",),
    "application/mxf": ("mxf",),
    "application/vnd.rn-realmedia": ("rm",),
    "audio/x-ape": ("ape",),
    "audio/x-caf": ("caf",),
    "audio/x-w64": ("w64",),
    "video/x-flv": ("flv",),
    "audio/x-mp4a-latm": ("loas",),
    "audio/x-tta": ("tta",),
    "video/h264": ("h264",),
    "video/h265": ("hevc",),
    "video/mp2p": ("mpeg",),
    "video/mpeg": ("mpeg", "mpegvideo"),  # libmagic's type for program streams and for raw video
    "video/mpv": ("mpegvideo",),
}


def demuxers_for(media_type: str, head: bytes) -> tuple[str, ...]:
    """The names of the demuxers to try; empty if there is none. ``head``: the first `HEAD` bytes of the file."""
    by_head = (demuxer for pattern, demuxer in SIGNATURES if pattern.match(head))
    return BY_MEDIA_TYPE.get(media_type) or tuple(by_head)[:1]
