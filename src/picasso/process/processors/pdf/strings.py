"""Strings of a PDF in the encoding that they have, which is not always the one that PDF has for them."""

from __future__ import annotations

from collections.abc import Mapping

from picasso.charset import Decoder, detect_together

# PDFDocEncoding (ISO 32000-1, annex D.2) where it differs from Latin-1.
SPECIAL = {
    **dict(enumerate("˘ˇˆ˙˝˛˚˜", 0x18)),  # noqa: RUF001
    **dict(enumerate("•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž", 0x80)),  # noqa: RUF001
    0xA0: "€",
}
BYTES = {character: byte for byte, character in SPECIAL.items()}
BYTES |= {chr(byte): byte for byte in range(0x100) if byte not in SPECIAL}

# Encodings with the same letters: if the text is in one of them, the string is what it says.
WESTERN = {"cp1252", "iso8859-15"}
LEADS = {"cp1252": 4.0}


def repair_strings(texts: Mapping[str, str]) -> dict[str, str]:
    """The texts of a document's information, of which some programs write bytes of another encoding.

    ``texts`` are as PDFium reads them. Those that are in UTF-16 or UTF-8 as PDF allows stay.
    """
    strings = {key: content for key, text in texts.items() if (content := pdf_string(text))}
    encoding = detect_together([comparable(texts[key], content) for key, content in strings.items()], leads=LEADS)
    # PDF has a few letters that windows-1252 lacks; what has them may well be what it says.
    certain = encoding.sure or all(is_cp1252(texts[key]) for key in strings)
    if encoding.name is None or encoding.name in WESTERN or not certain:
        return dict(texts)
    repaired = {key: Decoder(encoding.name).decode(content, final=True) for key, content in strings.items()}
    return {**texts, **repaired}


def pdf_string(text: str) -> bytes | None:
    """The bytes that PDFium read as this text beyond ASCII; None if there is none, or if they were UTF-16."""
    if text.isascii() or not all(character in BYTES for character in text):
        return None
    return bytes(BYTES[character] for character in text)


def is_cp1252(text: str) -> bool:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def comparable(text: str, content: bytes) -> bytes:
    """The text as it would be in windows-1252, so that its quotes and dashes do not speak against it."""
    return text.encode("cp1252") if is_cp1252(text) else content
