"""RIFF (Microsoft and IBM, 1991), and the IFF (Electronic Arts, 1985) that it comes from, by the kind of the form."""

from __future__ import annotations

from picasso.detection.window import Window

RIFF_KINDS = {
    b"WAVE": "audio/wav",
    b"AVI ": "video/x-msvideo",
    b"AVIX": "video/x-msvideo",
    b"WEBP": "image/webp",
    b"ACON": "application/x-navi-animation",
    b"RMID": "audio/midi",
    b"AMV ": "video/x-amv",
    b"QLCM": "audio/qcelp",
    b"XWMA": "audio/x-xwma",
    b"sfbk": "audio/x-soundfont",
    b"DLS ": "audio/dls",
    b"CMX1": "image/x-cmx",
}
COREL = (b"CDR", b"cdr")
# The last one is that of an AVI for ATI's players.
RIFF_STARTS = (b"RIFF", b"RIFX", b"RF64", b"BW64", b"AVF0")

FORM_KINDS = {
    b"AIFF": "audio/aiff",
    b"AIFC": "audio/aiff",
    b"8SVX": "audio/x-8svx",
    b"16SV": "audio/x-8svx",
    **dict.fromkeys((b"ILBM", b"PBM ", b"ACBM", b"RGB8", b"RGBN", b"DEEP"), "image/x-ilbm"),
    b"ANIM": "video/x-anim",
    b"XDIR": "audio/x-xmi",
    b"XMID": "audio/x-xmi",
    **dict.fromkeys((b"LWOB", b"LWO2", b"LWLO"), "image/x-lwo"),
    **dict.fromkeys((b"IFRS", b"IFZS"), "application/x-blorb"),
    **dict.fromkeys((b"DJVU", b"DJVM", b"DJVI", b"THUM"), "image/vnd.djvu"),
    b"Maya": "application/x-maya",
}
FORM_STARTS = (b"FORM", b"FOR4", b"FOR8", b"AT&T", b"CAT ")


def detect_riff(window: Window) -> str | None:
    kind = window.head[8:12]
    return "application/x-coreldraw" if kind.startswith(COREL) else RIFF_KINDS.get(kind)


def detect_form(window: Window) -> str | None:
    head = window.head
    if head.startswith(b"AT&TFORM"):
        return FORM_KINDS.get(head[12:16])
    if head.startswith(b"CAT "):
        return FORM_KINDS.get(head[8:12])
    place = 16 if head.startswith(b"FOR8") else 8
    return FORM_KINDS.get(head[place : place + 4]) or (FORM_KINDS.get(head[8:12]) if place == 16 else None)
