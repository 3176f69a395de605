"""Sound and video in containers, and pictures in those of video."""

from __future__ import annotations

from tests.detection.media_builders import (
    SOUND,
    VIDEO,
    asf,
    asf_stream,
    box,
    ftyp,
    matroska,
    moov,
    mp4,
    ogg,
    tracks,
)
from tests.detection.samples import Sample

TITLE = "Sound, video and pictures in containers"

WIDE = box(b"wide") + box(b"mdat", bytes(20)) + moov(b"vide", b"soun")
JP2 = box(b"jP  ", b"\r\n\x87\n")

SAMPLES = (
    Sample("video/mp4", "a.mp4", mp4(b"isom", b"vide", b"soun", compatible=(b"iso2", b"avc1", b"mp41"))),
    Sample("audio/mp4", "a.m4a", mp4(b"M4A ", b"soun", compatible=(b"mp42",))),
    Sample("audio/mp4", "a.m4b", mp4(b"M4B ", b"soun", b"vide")),
    Sample("audio/mp4", "a.mp4a", mp4(b"isom", b"soun")),
    Sample("application/mp4", "a.mp4", mp4(b"mp42", b"subt", b"meta")),
    Sample("video/x-m4v", "a.m4v", mp4(b"M4V ", b"vide", b"soun")),
    Sample("video/x-f4v", "a.f4v", mp4(b"f4v ", b"vide", b"soun")),
    Sample("video/3gpp", "a.3gp", mp4(b"3gp5", b"vide", b"soun")),
    Sample("audio/3gpp", "a.3gp", mp4(b"3gp4", b"soun")),
    Sample("video/3gpp2", "a.3g2", mp4(b"3g2a", b"vide")),
    Sample("audio/3gpp2", "a.3g2", mp4(b"3g2a", b"soun")),
    Sample("video/quicktime", "a.mov", mp4(b"qt  ", b"vide", b"soun")),
    Sample("video/quicktime", "a.qt", WIDE),
    Sample("video/iso.segment", "a.m4s", box(b"styp", b"msdh", bytes(4)) + box(b"moof", bytes(8)) + box(b"mdat", b"a")),
    Sample("video/mj2", "a.mj2", JP2 + ftyp(b"mjp2") + moov(b"vide")),
    Sample("audio/vnd.audible.aax", "a.aax", mp4(b"aax ", b"soun")),
    Sample("image/avif", "a.avif", ftyp(b"avif", b"mif1") + box(b"meta", bytes(4))),
    Sample("image/heic", "a.heic", ftyp(b"heic", b"mif1") + box(b"meta", bytes(4))),
    Sample("image/heic-sequence", "a.heics", ftyp(b"hevc", b"msf1") + moov(b"pict")),
    Sample("image/heif", "a.heif", ftyp(b"mif1", b"heic") + box(b"meta", bytes(4))),
    Sample("image/heif-sequence", "a.heifs", ftyp(b"msf1", b"hevc") + moov(b"pict")),
    Sample("image/avci", "a.avci", ftyp(b"avci", b"mif1") + box(b"meta", bytes(4))),
    Sample("image/x-canon-cr3", "a.cr3", ftyp(b"crx ", b"isom") + moov(b"vide")),
    Sample("image/jp2", "a.jp2", JP2 + ftyp(b"jp2 ")),
    Sample("image/jpx", "a.jpf", JP2 + ftyp(b"jpx ", b"jp2 ")),
    Sample("image/jpm", "a.jpm", JP2 + ftyp(b"jpm ")),
    Sample("image/jph", "a.jph", JP2 + ftyp(b"jph ")),
    Sample("image/jxl", "a.jxl", box(b"JXL ", b"\r\n\x87\n") + ftyp(b"jxl ")),
    Sample("video/webm", "a.webm", matroska(b"webm", tracks(1, 2))),
    Sample("audio/webm", "a.weba", matroska(b"webm", tracks(2))),
    Sample("video/x-matroska", "a.mkv", matroska(b"matroska", tracks(1, 2, 17))),
    Sample("audio/x-matroska", "a.mka", matroska(b"matroska", tracks(2))),
    Sample("video/x-ms-wmv", "a.wmv", asf(asf_stream(SOUND, b"\x61\1"), asf_stream(VIDEO, b"WMV3"))),
    Sample("audio/x-ms-wma", "a.wma", asf(asf_stream(SOUND, b"\x61\1"))),
    Sample("video/x-ms-asf", "a.asf", asf(asf_stream(VIDEO, b"MJPG"))),
    Sample("audio/ogg", "a.ogg", ogg(b"\x01vorbis" + bytes(23))),
    Sample("audio/ogg", "a.opus", ogg(b"OpusHead\1\2" + bytes(9))),
    Sample("audio/ogg", "a.oga", ogg(b"\x7fFLAC\1\0" + bytes(44))),
    Sample("audio/ogg", "a.spx", ogg(b"Speex   1.2" + bytes(60))),
    Sample("video/ogg", "a.ogv", ogg(b"fishead\0" + bytes(56), b"\x01vorbis" + bytes(23), b"\x80theora" + bytes(35))),
    Sample("video/ogg", "a.ogm", ogg(b"\x01video\0\0\0" + bytes(40))),
    Sample("application/ogg", "a.ogx", ogg(b"fishead\0" + bytes(56))),
)
