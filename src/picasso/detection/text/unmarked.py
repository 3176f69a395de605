"""UTF-16 and UTF-32 without a mark: as far as the first bytes show, words of one alphabet or of East Asia."""

from __future__ import annotations

import codecs

# Data that is no text mostly shows it in its first bytes.
SHORT_PROBE, PROBE = 64, 512
WHITE_SPACE = frozenset(" \t\n\f\r\x1b\x85\xa0\u2028\u3000\ufeff")

# So many blocks of 256 characters: ASCII, the alphabet, an extension of it, punctuation.
MAX_BLOCKS = 4

# Alphabets stand before this block.
PUNCTUATION = 0x20

# Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic: one word of these without anything else is a text.
WORD_BLOCKS = frozenset((0x00, 0x03, 0x04, 0x05, 0x06))

# Punctuation, kana, ideographs, Hangul, wide forms. Half of all pairs of bytes are one of them, so that a space or a
# mark of punctuation is required as well.
EAST_ASIA = frozenset((0x00, 0x20, 0x30, 0x31, *range(0x34, 0xA0), *range(0xAC, 0xD8), 0xFF))
EAST_ASIAN_MARKS = frozenset(" \u3001\u3002\uff01\uff0c\uff1a\uff1f\u300c\u306e\u306f\u7684")
SHORTEST_EAST_ASIAN = 4

# Pairs of these look like ideographs.
ASCII, ASCII_PROBE = frozenset((*b"\t\n\r", *range(0x20, 0x7F))), 32

UTF_16, UTF_32 = ("utf-16-le", "utf-16-be"), ("utf-32-le", "utf-32-be")


def find_unmarked_unicode(head: bytes) -> str | None:
    """The encoding, as Python's codecs name it."""
    encodings = (*UTF_32, *UTF_16) if has_zeros_of_utf32(head) else UTF_16
    return next((encoding for encoding in encodings if has_words(head, encoding)), None)


def has_zeros_of_utf32(head: bytes) -> bool:
    """Whether every fourth byte is a zero, at one end of the numbers or the other."""
    probe = head[:SHORT_PROBE]
    return len(probe) > 3 and not len(probe) % 4 and not (any(probe[3::4]) and any(probe[0::4]))


def has_words(head: bytes, encoding: str) -> bool:
    """In two steps: almost all binary data ends at the first."""
    return all(is_text(head[:length], encoding) for length in (SHORT_PROBE, PROBE))


def is_text(content: bytes, encoding: str) -> bool:
    unit = 4 if encoding in UTF_32 else 2
    if len(content) < 2 * unit or len(content) % unit:
        content = content[: -(len(content) % unit)] if len(content) > SHORT_PROBE else b""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(content)
    except UnicodeDecodeError:
        return False
    characters = set(text)
    if characters <= WHITE_SPACE or not "".join(characters - WHITE_SPACE).isprintable():
        return False
    blocks = {ord(character) >> 8 for character in characters}
    if is_alphabetic(text, blocks, len(content)):
        return True
    return is_east_asian(text, characters, blocks) and not ASCII.issuperset(content[:ASCII_PROBE])


def is_alphabetic(text: str, blocks: set[int], length: int) -> bool:
    """One word, or words of an alphabet with ASCII between them."""
    if text.isalpha():
        return length < SHORT_PROBE and len(blocks) == 1 and blocks <= WORD_BLOCKS
    return 0 in blocks and len(blocks) <= MAX_BLOCKS and max(blocks) <= PUNCTUATION


def is_east_asian(text: str, characters: set[str], blocks: set[int]) -> bool:
    is_long = len(text) >= SHORTEST_EAST_ASIAN
    return is_long and blocks <= EAST_ASIA and not EAST_ASIAN_MARKS.isdisjoint(characters)


def is_valid(content: bytes, encoding: str, *, is_whole: bool) -> bool:
    """Whether the bytes are text of an encoding. The last character may be cut off if they are not whole, and a byte of
    another encoding may have been added.
    """
    try:
        codecs.getincrementaldecoder(encoding)().decode(content[: len(content) & ~1], is_whole and encoding in UTF_16)
    except UnicodeDecodeError:
        return False
    return True
