"""What a synthetic track sounds like, and the encoded stream that carries it."""

import math
import sys
from array import array
from dataclasses import dataclass
from functools import lru_cache

PEAK = 9000
"""Peak level of a tone in 16 bit samples: clearly audible, never loud."""


@dataclass(frozen=True, slots=True)
class Tone:
    """One steady note. `hertz` 0 is silence; other values are rounded to tens so that a tenth of a second repeats."""

    seconds: float = 2.0
    hertz: int = 440
    sample_rate: int = 44100
    channels: int = 2
    bit_rate: int = 128
    """Kilobits per second, for the codecs that let one choose."""

    def __post_init__(self) -> None:
        if not (
            0 < self.seconds <= 3600
            and self.channels in (1, 2)
            and self.sample_rate in SAMPLE_RATES
            and 0 <= self.hertz <= 2000
        ):
            raise ValueError(f"cannot synthesise {self}")

    @property
    def samples(self) -> int:
        """Samples per channel."""
        return max(16, round(self.seconds * self.sample_rate))

    @property
    def block(self) -> int:
        """Samples per channel after which the sound repeats exactly."""
        return self.sample_rate // 10


SAMPLE_RATES = (8000, 16000, 32000, 44100, 48000)


@dataclass(frozen=True, slots=True)
class Stream:
    """An encoded tone without tags: the facts a tag reader reports, and the pieces a container is put together from."""

    samples: int
    sample_rate: int
    channels: int
    bit_depth: int
    """Bits per sample, 0 for lossy codecs."""
    head: bytes
    body: bytes
    packets: tuple[bytes, ...] = ()

    @property
    def duration(self) -> float:
        """Exact length in seconds."""
        return self.samples / self.sample_rate


@lru_cache(maxsize=512)
def block_samples(hertz: int, sample_rate: int) -> "array[int]":
    """A tenth of a second of one channel; it starts and ends at a zero crossing."""
    count = sample_rate // 10
    cycles = round(hertz / 10)
    if not cycles:
        return array("h", bytes(2 * count))
    step = 2 * math.pi * cycles / count
    # A little of the octave above makes the note softer to listen to than a bare sine.
    return array("h", (round(PEAK * (0.85 * math.sin(step * n) + 0.15 * math.sin(2 * step * n))) for n in range(count)))


@lru_cache(maxsize=64)
def pcm16(tone: Tone, *, big_endian: bool = False) -> bytes:
    """The whole tone as interleaved 16 bit samples."""
    block = block_samples(tone.hertz, tone.sample_rate)
    if tone.channels == 2:
        pair = array("h", bytes(4 * len(block)))
        pair[0::2] = block
        pair[1::2] = block
        block = pair
    if big_endian != (sys.byteorder == "big"):
        block = block[:]
        block.byteswap()
    whole = block.tobytes() * (-(-tone.samples // tone.block))
    return whole[: tone.samples * 2 * tone.channels]


def transform_line(hertz: int, sample_rate: int, lines: int) -> int:
    """Index of the spectral line of a transform with `lines` lines that is nearest to the tone."""
    return round(hertz * 2 * lines / sample_rate - 0.5)


def line_signs(line: int) -> tuple[int, int, int, int]:
    """Signs of one spectral line in four blocks after each other that make the blocks join into a steady sine.

    A sine at the centre of line k advances by (k + 1/2) half turns per block: the signs follow its phase.
    """
    return (1, -1, -1, 1) if line % 2 else (1, 1, -1, -1)
