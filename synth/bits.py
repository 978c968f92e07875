"""Bit packing and the checksums that the standard library does not have."""

import zlib

_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def _table(polynomial: int, width: int) -> tuple[int, ...]:
    top = 1 << (width - 1)
    mask = (1 << width) - 1
    rows = []
    for value in range(256):
        register = value << (width - 8)
        for _ in range(8):
            register = (register << 1) ^ polynomial if register & top else register << 1
        rows.append(register & mask)
    return tuple(rows)


_CRC8 = _table(0x07, 8)
_CRC16 = _table(0x8005, 16)


def crc8(data: bytes) -> int:
    """The checksum of a FLAC frame header."""
    register = 0
    for byte in data:
        register = _CRC8[register ^ byte]
    return register


def crc16(data: bytes) -> int:
    """The checksum of a whole FLAC frame."""
    register = 0
    table = _CRC16
    for byte in data:
        register = ((register << 8) & 0xFFFF) ^ table[(register >> 8) ^ byte]
    return register


def ogg_crc(page: bytes) -> int:
    """The checksum of an Ogg page whose own checksum field is zero.

    Ogg runs the CRC-32 polynomial most significant bit first; mirrored bytes let zlib's fast loop do the work.
    """
    mirrored = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_REVERSED), "big")


class BitWriter:
    """Collects bit fields, most significant bit first."""

    def __init__(self) -> None:
        self._bits: list[str] = []
        self.length = 0

    def put(self, value: int, width: int) -> "BitWriter":
        """Append `value` in exactly `width` bits."""
        if width:
            self.put_bits(f"{value & ((1 << width) - 1):0{width}b}")
        return self

    def put_bits(self, bits: str) -> "BitWriter":
        """Append a text of zeros and ones."""
        self._bits.append(bits)
        self.length += len(bits)
        return self

    @property
    def bits(self) -> str:
        """Everything so far as a text of zeros and ones."""
        return "".join(self._bits)

    def to_bytes(self, size: int = 0) -> bytes:
        """Everything so far, filled up with zero bits to whole bytes and to at least `size` bytes."""
        length = max(size, -(-self.length // 8))
        return int(self.bits.ljust(length * 8, "0") or "0", 2).to_bytes(length, "big")


class LsbWriter:
    """Collects bit fields, least significant bit first (Vorbis, WavPack)."""

    def __init__(self) -> None:
        self._value = 0
        self.length = 0

    def put(self, value: int, width: int) -> "LsbWriter":
        """Append `value` in exactly `width` bits."""
        self._value |= (value & ((1 << width) - 1)) << self.length
        self.length += width
        return self

    def to_bytes(self) -> bytes:
        """Everything so far, filled up with zero bits to whole bytes."""
        return self._value.to_bytes(-(-self.length // 8), "little")
