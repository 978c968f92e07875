"""Control characters: refused in names, and escaped where a text of others becomes a line of a log or a terminal."""

from __future__ import annotations

import re
from typing import Final

# the two ranges of control codes, the line and paragraph separators, and what turns the direction of writing round
_CONTROLS: Final = "\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
_IN_NAMES: Final = re.compile(f"[{_CONTROLS}]")
# what stands for the bytes of a path that are not UTF-8 cannot be written to a log
_IN_LINES: Final = re.compile(f"[{_CONTROLS}\ud800-\udfff]")
_SHORT: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}

NAME_RULE: Final = "A name must not contain control characters."


def has_controls(name: str) -> bool:
    """Whether a name could end a line, steer a terminal, or show in another order than it is written in."""
    return _IN_NAMES.search(name) is not None


def escape_controls(text: str) -> str:
    """The text on one line: control characters show as `\\n`, `\\x1b` or `\\u202e`."""
    return text if text.isascii() and text.isprintable() else _IN_LINES.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return _SHORT.get(found[0]) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
