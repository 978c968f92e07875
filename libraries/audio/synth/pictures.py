"""Cover pictures: real PNG files of any size."""

import random
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Picture:
    """A front cover."""

    data: bytes
    width: int
    height: int
    mime: str = "image/png"


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@lru_cache(maxsize=256)
def make_png(size: int, colour: tuple[int, int, int], *, grain: int = 0) -> bytes:
    """A square cover of `size` pixels: the colour darkens towards the bottom, with a disc in the middle.

    `grain` (0 to 255) adds noise that does not compress: 255 gives about 3 bytes a pixel.
    """
    noise = random.Random(f"{size} {colour} {grain}")  # noqa: S311 - decoration, not a secret
    light = tuple(min(255, part + 60) for part in colour)
    rows = []
    for y in range(size):
        shade = 1 - 0.5 * y / size
        back = bytes(int(part * shade) for part in colour)
        reach = int(max(0.0, (size * 0.3) ** 2 - (y - size / 2) ** 2) ** 0.5)
        side = (size - 2 * reach) // 2
        row = back * side + bytes(light) * (size - 2 * side) + back * side
        if grain:
            speckle = noise.randbytes(len(row)).translate(bytes(value * grain // 255 for value in range(256)))
            row = bytes(min(255, part + more) for part, more in zip(row, speckle, strict=True))
        rows.append(b"\0" + row)
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    image = zlib.compress(b"".join(rows), 6)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", image) + _chunk(b"IEND", b"")


def make_cover(size: int, colour: tuple[int, int, int], *, grain: int = 0) -> Picture:
    """A front cover made by `make_png`."""
    return Picture(make_png(size, colour, grain=grain), size, size)
