"""TIFF, the raw files of cameras, RIFF and IFF."""

from __future__ import annotations

from tests.detection.media_builders import form, riff, tiff
from tests.detection.samples import Sample

TITLE = "Raw pictures of cameras, RIFF and IFF"

MAKE, MODEL, SUBFILE, PHOTOMETRIC, COMPRESSION = 271, 272, 254, 262, 259
FILTERED: dict[int, int | bytes] = {SUBFILE: 0, PHOTOMETRIC: 32803}


def raw(maker: bytes, model: bytes = b"Camera") -> bytes:
    """A small picture first, and the samples behind a colour filter in a directory below."""
    return tiff({SUBFILE: 1, MAKE: maker + b"\0", MODEL: model + b"\0"}, below=FILTERED)


SAMPLES = (
    Sample("image/tiff", "a.tif", tiff({256: 1, 257: 1, MAKE: b"NIKON CORPORATION\0", PHOTOMETRIC: 2})),
    Sample("image/tiff", "a.tiff", b"II+\0\x08\0\0\0\x10" + bytes(60)),
    Sample("image/x-nikon-nef", "a.nef", raw(b"NIKON CORPORATION")),
    Sample("image/x-nikon-nrw", "a.nrw", raw(b"NIKON", b"COOLPIX B700"), without_name="image/x-nikon-nef"),
    Sample("image/x-sony-arw", "a.arw", raw(b"SONY")),
    Sample("image/x-sony-sr2", "a.sr2", raw(b"SONY"), without_name="image/x-sony-arw"),
    Sample("image/x-pentax-pef", "a.pef", tiff({MAKE: b"PENTAX Corporation\0", PHOTOMETRIC: 32803}, order=">")),
    Sample("image/x-samsung-srw", "a.srw", raw(b"SAMSUNG")),
    Sample("image/x-hasselblad-3fr", "a.3fr", raw(b"Hasselblad")),
    Sample("image/x-hasselblad-fff", "a.fff", raw(b"Imacon")),
    Sample("image/x-epson-erf", "a.erf", raw(b"SEIKO EPSON CORP.")),
    Sample("image/x-mamiya-mef", "a.mef", raw(b"Mamiya-OP Co.,Ltd.")),
    Sample("image/x-leaf-mos", "a.mos", raw(b"Leaf")),
    Sample("image/x-kodak-dcr", "a.dcr", raw(b"Kodak", b"DCS Pro 14N")),
    Sample("image/x-kodak-kdc", "a.kdc", tiff({MAKE: b"EASTMAN KODAK COMPANY\0", 65024: 8})),
    Sample("image/x-adobe-dng", "a.dng", tiff({MAKE: b"Canon\0", 50706: 0x0401}, order=">")),
    Sample("image/x-canon-cr2", "a.cr2", b"II*\0\x10\0\0\0CR\x02\0" + bytes(60)),
    Sample("image/x-phaseone-iiq", "a.iiq", b"II*\0\x08\0\0\0IIIITwaR" + bytes(60)),
    Sample("image/x-olympus-orf", "a.orf", b"IIRO\x08\0\0\0" + bytes(60)),
    Sample("image/x-panasonic-rw2", "a.rw2", b"IIU\0\x18\0\0\0" + bytes(60)),
    Sample("image/x-panasonic-raw", "a.raw", b"IIU\0\x08\0\0\0" + bytes(60)),
    Sample("audio/wav", "a.wav", riff(b"WAVE")),
    Sample("audio/wav", "a.wave", riff(b"WAVE", b"RF64")),
    Sample("video/x-msvideo", "a.avi", riff(b"AVI ")),
    Sample("image/webp", "a.webp", riff(b"WEBP")),
    Sample("application/x-navi-animation", "a.ani", riff(b"ACON")),
    Sample("audio/midi", "a.rmi", riff(b"RMID")),
    Sample("video/x-amv", "a.amv", riff(b"AMV ")),
    Sample("audio/qcelp", "a.qcp", riff(b"QLCM")),
    Sample("audio/x-xwma", "a.xwma", riff(b"XWMA")),
    Sample("audio/x-soundfont", "a.sf2", riff(b"sfbk")),
    Sample("audio/dls", "a.dls", riff(b"DLS ")),
    Sample("image/x-cmx", "a.cmx", riff(b"CMX1")),
    Sample("application/x-coreldraw", "a.cdr", riff(b"CDRA")),
    Sample("audio/aiff", "a.aiff", form(b"AIFF")),
    Sample("audio/aiff", "a.aifc", form(b"AIFC")),
    Sample("audio/x-8svx", "a.8svx", form(b"8SVX")),
    Sample("image/x-ilbm", "a.iff", form(b"ILBM")),
    Sample("video/x-anim", "a.anim", form(b"ANIM")),
    Sample("audio/x-xmi", "a.xmi", form(b"XDIR")),
    Sample("image/x-lwo", "a.lwo", form(b"LWO2")),
    Sample("application/x-blorb", "a.blorb", form(b"IFRS")),
    Sample("application/x-maya", "a.mb", form(b"Maya", b"FOR4")),
    Sample("image/vnd.djvu", "a.djvu", b"AT&T" + form(b"DJVM")),
)
