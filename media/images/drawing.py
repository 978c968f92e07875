"""Placeholders, drawn where there is no picture."""

from __future__ import annotations

from typing import Final

from PIL import Image, ImageDraw

_EDGE: Final = 640
_BACK: Final = (38, 42, 51)
_SHAPE: Final = (74, 82, 98)
_LIGHT: Final = (112, 123, 144)


def draw_placeholder(kind: str) -> Image.Image:
    """A person for an artist, lines for a playlist, a record for everything else."""
    image = Image.new("RGB", (_EDGE, _EDGE), _BACK)
    draw = ImageDraw.Draw(image)
    {"ar": _person, "pl": _lines}.get(kind, _record)(draw)
    return image


def _record(draw: ImageDraw.ImageDraw) -> None:
    middle = _EDGE / 2
    for radius, colour in ((250, _SHAPE), (200, _BACK), (196, _SHAPE), (150, _BACK), (146, _SHAPE), (90, _LIGHT)):
        draw.ellipse((middle - radius, middle - radius, middle + radius, middle + radius), fill=colour)
    draw.ellipse((middle - 16, middle - 16, middle + 16, middle + 16), fill=_BACK)


def _person(draw: ImageDraw.ImageDraw) -> None:
    middle = _EDGE / 2
    draw.ellipse((middle - 110, 130, middle + 110, 350), fill=_LIGHT)
    draw.pieslice((middle - 210, 390, middle + 210, 900), 180, 360, fill=_SHAPE)


def _lines(draw: ImageDraw.ImageDraw) -> None:
    for top in (190, 290, 390):
        draw.rounded_rectangle((130, top, 510, top + 40), 20, fill=_SHAPE)
    draw.rounded_rectangle((130, 490, 360, 530), 20, fill=_LIGHT)
