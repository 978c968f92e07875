"""UTF-16 in tags: with a byte order mark, with one per value, or with none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

MARKS: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def decode(data: bytes, *, big_endian: bool = False) -> str:
    """Return the text with its NUL separators and without marks; `big_endian` is the order that is announced."""
    codec = MARKS.get(data[:2]) or _guess_byte_order(data, big_endian=big_endian)
    data = data[: len(data) & ~1]
    # One decode for all values; every value but the first may repeat the mark.
    text = data.decode(codec, "replace")
    if "\ufffe" in text:  # a mark of the other order
        text = "\0".join(value.decode(MARKS.get(value[:2], codec), "replace") for value in _split(data))
    return text.replace("\ufeff", "")


def _split(data: bytes) -> Iterator[bytes]:
    begin = 0
    for at in range(0, len(data), 2):
        if data[at : at + 2] == b"\0\0":
            yield data[begin:at]
            begin = at + 2
    yield data[begin:]


def _guess_byte_order(data: bytes, *, big_endian: bool) -> str:
    """Return the codec of text without a mark in front: the high bytes of a text are zeros, or much alike."""
    for mark, codec in MARKS.items():
        if (at := data.find(mark)) > 0 and not at % 2:
            return codec
    even, odd = data[::2], data[1::2]
    balance = even.count(0) - odd.count(0)
    if not balance and not big_endian:
        balance = len(set(odd)) - len(set(even))
    return "utf-16-be" if balance > 0 or (big_endian and not balance) else "utf-16-le"
