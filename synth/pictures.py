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

    `grain` (0 to 8) is how many low bits of each byte are noise, which does not compress: 8 gives 3 bytes a pixel.
    """
    noise = random.Random(f"{size} {colour} {grain}")  # noqa: S311 - decoration, not a secret
    low_bits = bytes(value & (1 << grain) - 1 for value in range(256))
    light = tuple(min(255, part + 60) for part in colour)
    red, green, blue = colour
    rows = []
    for y in range(size):
        shade = 1 - 0.5 * y / size
        back = bytes((int(red * shade), int(green * shade), int(blue * shade)))
        reach = int(max(0.0, (size * 0.3) ** 2 - (y - size / 2) ** 2) ** 0.5)
        side = (size - 2 * reach) // 2
        row = back * side + bytes(light) * (size - 2 * side) + back * side
        if grain:
            speckle = int.from_bytes(noise.randbytes(len(row)).translate(low_bits), "big")
            row = (int.from_bytes(row, "big") ^ speckle).to_bytes(len(row), "big")
        rows.append(b"\0" + row)
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    image = zlib.compress(b"".join(rows), 6)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", image) + _chunk(b"IEND", b"")


def make_cover(size: int, colour: tuple[int, int, int], *, grain: int = 0) -> Picture:
    """A front cover made by `make_png`."""
    return Picture(make_png(size, colour, grain=grain), size, size)
