"""Synchronised lyrics of ID3 (SYLT), as text in the LRC format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from libraries.audio.tags import id3

_MILLISECONDS: Final = 2
# what a SYLT frame may hold besides: events, chords, trivia and so on
_LYRICS: Final = (0, 1)
_MAX_LINES: Final = 5000


def synced_lines(data: bytes) -> str | None:
    """The lines of a SYLT frame, each behind its moment; None where it holds something else, or counts in frames."""
    if len(data) < 7 or data[4] != _MILLISECONDS or data[5] not in _LYRICS:
        return None
    texts = _texts(data, 6)
    next(texts, None)  # the description
    lines: list[str] = []
    for text, at in texts:
        if len(lines) >= _MAX_LINES or at + 4 > len(data):
            break
        moment = int.from_bytes(data[at : at + 4], "big")
        seconds = moment // 1000
        lines.append(f"[{seconds // 60:02}:{seconds % 60:02}.{moment % 1000:03}]{text.strip()}")
    return "\n".join(lines) or None


def _texts(data: bytes, at: int) -> Iterator[tuple[str, int]]:
    """The texts of a frame and where each ends; four bytes are between two of them, but for the first two."""
    wide = data[0] in (1, 2)
    end = b"\0\0" if wide else b"\0"
    is_first = True
    while at < len(data):
        found = data.find(end, at)
        while wide and found >= 0 and (found - at) % 2:
            found = data.find(end, found + 1)
        if found < 0:
            return
        behind = found + len(end)
        yield id3.decode_text(data[0], data[at:found]), behind
        at = behind if is_first else behind + 4
        is_first = False
