"""Text of tags, cleaned and bounded."""

from __future__ import annotations

import re
from typing import Final

MAX_VALUE_BYTES: Final = 32 * 1024
_UNSAFE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udc7f\udd00-\udd7f\ude00-\udfff\ufffe\uffff]")
# Bytes that are kept are U+DC80 to U+DCFF, as Python has them, and U+DD80 to U+DDFF where the text should be UTF-8.
_KEPT: Final = re.compile("[\udc80-\udcff\udd80-\uddff]")
_KEPT_FOR_UTF_8: Final = {0xDC00 + byte: 0xDD00 + byte for byte in range(0x80, 0x100)}
_KEPT_FOR_ANY: Final = {other: one for one, other in _KEPT_FOR_UTF_8.items()}
# Text is UTF-8 with some damage when it has at least this number of good characters above ASCII for each bad byte.
_GOOD_FOR_BAD: Final = 4


def clean(value: str) -> str:
    """Return the value without control characters, lone surrogates and outer space, of at most MAX_VALUE_BYTES.

    Bytes that are kept stay (see `keep_bytes`).
    """
    if not value.isprintable():
        value = _UNSAFE.sub("", value.replace("\r\n", "\n"))
    value = value.strip()
    if len(value) * 4 > MAX_VALUE_BYTES:
        if has_kept_bytes(value):
            return value[:MAX_VALUE_BYTES]
        value = value.encode("utf-8", "ignore")[:MAX_VALUE_BYTES].decode("utf-8", "ignore")
    return value


def keep_bytes(data: bytes) -> str:
    """Return ASCII text in which each byte above 0x7F stays what it is, until `encodings` decides what it means."""
    return data.decode("ascii", "surrogateescape")


def has_kept_bytes(text: str) -> bool:
    """Return whether there are bytes in the text that `keep_bytes` left in it."""
    return not text.isascii() and _KEPT.search(text) is not None


def kept_bytes(text: str) -> bytes:
    """Return the bytes behind a text of `keep_bytes`; what was put beside them is UTF-8."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.translate(_KEPT_FOR_ANY).encode("utf-8", "surrogateescape")


def should_be_utf_8(text: str) -> bool:
    """Return whether the bytes that are kept in the text are of a format that has nothing but UTF-8."""
    return any(ord(character) in _KEPT_FOR_ANY for character in text)


def decode_name(name: str) -> str:
    """Return the name of a tag, where bytes that were kept are Latin-1."""
    return kept_bytes(name).decode("latin-1") if has_kept_bytes(name) else name


def decode_plain(data: bytes) -> str:
    """Return the text of a chunk, which ends at a NUL and tells no encoding: UTF-8, else its bytes."""
    text = data.partition(b"\0")[0]
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return keep_bytes(text)


def decode_utf_8(data: bytes) -> str:
    """Return text that should be UTF-8; its bytes where it is something else, not just damaged."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = sum(not character.isascii() for character in text) - bad
    return text if good >= _GOOD_FOR_BAD * bad else keep_bytes(data).translate(_KEPT_FOR_UTF_8)
