"""ThumbHash: a picture in some twenty bytes, which a client draws until the real one is there.

The format is that of https://evanw.github.io/thumbhash/: the average colour, and the lowest frequencies of light and
of two differences of colour, with five or six bits for averages and scales and four for each frequency.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from typing import NamedTuple

Pixel = tuple[int, int, int, int]


class _Channel(NamedTuple):
    average: float
    # frequencies from 0 to 1, with 1/2 for none, in units of `scale`
    waves: list[float]
    scale: float


def thumb_hash(width: int, height: int, pixels: Sequence[Pixel]) -> str:
    """The ThumbHash of a small picture in Base64; its pixels are red, green, blue and opacity from 0 to 255."""
    opacity = [pixel[3] / 255 for pixel in pixels]
    has_alpha = sum(opacity) < width * height
    longest = max(width, height)
    limit = 5 if has_alpha else 7
    wide, high = (max(1, _rounded(limit * side / longest)) for side in (width, height))
    light, yellow, red = _difference_channels(pixels, opacity)
    size = width, height
    lights = _frequencies(light, size, max(3, wide), max(3, high))
    yellows, reds = _frequencies(yellow, size, 3, 3), _frequencies(red, size, 3, 3)
    is_landscape = width > height
    head = (
        _rounded(63 * lights.average)
        | _rounded(31.5 + 31.5 * yellows.average) << 6
        | _rounded(31.5 + 31.5 * reds.average) << 12
        | _rounded(31 * lights.scale) << 18
        | has_alpha << 23
        | (high if is_landscape else wide) << 24
        | _rounded(63 * yellows.scale) << 27
        | _rounded(63 * reds.scale) << 33
        | is_landscape << 39
    )
    found = bytearray(head.to_bytes(5, "little"))
    waves = [*lights.waves, *yellows.waves, *reds.waves]
    if has_alpha:
        alphas = _frequencies(opacity, size, 5, 5)
        found.append(_rounded(15 * alphas.average) | _rounded(15 * alphas.scale) << 4)
        waves += alphas.waves
    nibbles = [_rounded(15 * wave) for wave in waves]
    nibbles += [0] * (len(nibbles) % 2)
    found += bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))
    return base64.b64encode(found).decode()


def _difference_channels(
    pixels: Sequence[Pixel], opacity: Sequence[float]
) -> tuple[list[float], list[float], list[float]]:
    """Light, yellow against blue, and red against green, of the picture on its average colour."""
    total = sum(opacity)
    average = [
        sum(pixel[part] / 255 * share for pixel, share in zip(pixels, opacity, strict=True)) / total if total else 0.0
        for part in range(3)
    ]
    light, yellow, red = [], [], []
    for pixel, share in zip(pixels, opacity, strict=True):
        r, g, b = (average[part] * (1 - share) + share * pixel[part] / 255 for part in range(3))
        light.append((r + g + b) / 3)
        yellow.append((r + g) / 2 - b)
        red.append(r - g)
    return light, yellow, red


def _frequencies(channel: Sequence[float], size: tuple[int, int], wide: int, high: int) -> _Channel:
    """The lowest frequencies of a channel: a triangle of a cosine transform, row by row."""
    width, height = size
    waves: list[float] = []
    average = scale = 0.0
    columns = [[math.cos(math.pi / width * number * (x + 0.5)) for x in range(width)] for number in range(wide)]
    for down in range(high):
        rows = [math.cos(math.pi / height * down * (y + 0.5)) for y in range(height)]
        # the sum over each column first: the same for all frequencies of this line
        sums = [sum(channel[x + y * width] * rows[y] for y in range(height)) for x in range(width)]
        for across in range(wide):
            if across * high >= wide * (high - down):
                break
            value = sum(map(_product, sums, columns[across])) / (width * height)
            if across or down:
                waves.append(value)
                scale = max(scale, abs(value))
            else:
                average = value
    if scale:
        waves = [0.5 + 0.5 / scale * value for value in waves]
    return _Channel(average, waves, scale)


def _product(one: float, other: float) -> float:
    return one * other


def _rounded(value: float) -> int:
    return math.floor(value + 0.5)
