"""ThumbHashes: the average colour, the shape and the light of a picture."""

from __future__ import annotations

import base64

import pytest

from media.images.thumbhash import Pixel, thumb_hash

RED, BLUE, WHITE, BLACK = (255, 0, 0, 255), (0, 0, 255, 255), (255, 255, 255, 255), (0, 0, 0, 255)


class Head:
    """The first five bytes, read as the format describes them."""

    def __init__(self, text: str) -> None:
        self.data = base64.b64decode(text)
        bits = int.from_bytes(self.data[:5], "little")
        self.light = (bits & 63) / 63
        self.yellow = (bits >> 6 & 63) / 31.5 - 1
        self.red = (bits >> 12 & 63) / 31.5 - 1
        self.scale = (bits >> 18 & 31) / 31
        self.has_alpha = bool(bits >> 23 & 1)
        self.short = bits >> 24 & 7
        self.is_landscape = bool(bits >> 39 & 1)


@pytest.mark.parametrize(
    ("colour", "light", "yellow", "red"),
    [(RED, 1 / 3, 0.5, 1.0), (BLUE, 1 / 3, -1.0, 0.0), (WHITE, 1.0, 0.0, 0.0), (BLACK, 0.0, 0.0, 0.0)],
)
def test_the_average_colour(colour: Pixel, light: float, yellow: float, red: float) -> None:
    head = Head(thumb_hash(8, 8, [colour] * 64))
    assert (head.light, head.yellow, head.red) == pytest.approx((light, yellow, red), abs=0.02)
    assert not head.has_alpha
    # a square without alpha: 5 bytes, then 27 + 5 + 5 frequencies of four bits
    assert len(head.data) == 5 + 19


@pytest.mark.parametrize(("width", "height", "short", "is_landscape"), [(32, 16, 4, True), (16, 32, 4, False)])
def test_the_shape(width: int, height: int, short: int, is_landscape: bool) -> None:
    head = Head(thumb_hash(width, height, [RED] * (width * height)))
    assert (head.short, head.is_landscape) == (short, is_landscape)


def test_what_shows_through() -> None:
    head = Head(thumb_hash(8, 8, [(255, 0, 0, 0)] * 32 + [RED] * 32))
    assert head.has_alpha
    assert head.red == pytest.approx(1.0, abs=0.02), "what is not there has no colour"
    assert head.data[5] & 15 == round(15 * 0.5)


def test_light_and_dark_halves_are_told_apart() -> None:
    """The first frequency across is the strongest one, and says which side is light."""
    left = [(WHITE if x < 8 else BLACK) for _ in range(16) for x in range(16)]
    one, other = Head(thumb_hash(16, 16, left)), Head(thumb_hash(16, 16, left[::-1]))
    assert one.scale == other.scale > 0.2
    assert (one.data[5] & 15, other.data[5] & 15) == (15, 0)
