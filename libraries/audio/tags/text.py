"""Text of tags, cleaned and bounded."""

from __future__ import annotations

import re
from typing import Final

MAX_VALUE_BYTES: Final = 32 * 1024
_UNSAFE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def clean(value: str) -> str:
    """Return the value without control characters, lone surrogates and outer space, of at most MAX_VALUE_BYTES."""
    if not value.isprintable():
        value = _UNSAFE.sub("", value.replace("\r\n", "\n"))
    value = value.strip()
    if len(value) * 4 > MAX_VALUE_BYTES:
        value = value.encode("utf-8", "ignore")[:MAX_VALUE_BYTES].decode("utf-8", "ignore")
    return value


def decode_plain(data: bytes) -> str:
    """Return the text of a chunk, which ends at a NUL and tells no encoding: UTF-8, else Latin-1."""
    text = data.partition(b"\0")[0]
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")
