"""The program ffmpeg: where it is, and how it is called."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
from dataclasses import dataclass
from typing import IO, Final

from django.conf import settings

from libraries.audio.pool.isolation import clean_environment
from media.transcoding.formats import TargetFormat

MISSING: Final = (
    "This server has no ffmpeg: songs are played as they are. Install it, name it by ND_FFMPEGPATH, or set "
    "ND_MAXTRANSCODES to 0."
)
# of the process: it decodes files of strangers
_MEMORY: Final = 1024 * 1024 * 1024
_CPU_SECONDS: Final = 1800
_FILE_BYTES: Final = 2 * 1024 * 1024 * 1024
# requests, where a client waits for a page, go first
_NICE: Final = 5


def find_ffmpeg() -> str | None:
    """The path of ffmpeg; None where it is not installed."""
    return shutil.which(settings.CONF.media.ffmpeg_path)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What to make of a song: its format, the bit rate in kbit/s, where to begin in seconds, the gain in dB.

    0 channels, Hz or bits leave those of the source.
    """

    target: TargetFormat
    bit_rate: int
    offset: float = 0.0
    gain: float = 0.0
    channels: int = 0
    sample_rate: int = 0
    bit_depth: int = 0

    def name(self) -> str:
        """A text that another recipe does not have."""
        wished = (self.bit_rate, self.offset, self.gain, self.channels, self.sample_rate, self.bit_depth)
        return f"{self.target.name} " + " ".join(f"{value:g}" for value in wished)

    def arguments(self, demuxer: str, fd: int) -> list[str]:
        """The arguments of ffmpeg for an open file."""
        source = ["-f", demuxer, *(["-ss", f"{self.offset:.3f}"] if self.offset else []), "-i", f"file:/dev/fd/{fd}"]
        made = ["-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"]
        if self.gain:
            made += ["-af", f"volume={self.gain:.2f}dB"]
        if self.channels:
            made += ["-ac", str(self.channels)]
        if self.sample_rate:
            made += ["-ar", str(self.sample_rate)]
        if self.bit_depth:
            made += ["-sample_fmt", f"s{self.bit_depth}"]
        if self.bit_rate:
            made += ["-b:a", f"{self.bit_rate}k"]
        quiet = ["-nostdin", "-hide_banner", "-loglevel", "error", "-protocol_whitelist", "file,pipe"]
        return [*quiet, *source, *made, *self.target.arguments, "pipe:1"]


def start_ffmpeg(program: str, recipe: Recipe, demuxer: str, fd: int, output: int) -> subprocess.Popen[bytes]:
    """An ffmpeg that reads an open file and writes to another; its complaints come from `stderr`."""
    process = subprocess.Popen(
        [program, *recipe.arguments(demuxer, fd)],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        pass_fds=(fd,),
        env=clean_environment(),
    )
    # set from outside: between fork and exec a program with threads may do next to nothing
    limit = getattr(resource, "prlimit", None)  # Linux only
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process.pid, _NICE)
        if limit is not None:
            limit(process.pid, resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            limit(process.pid, resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
            limit(process.pid, resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))
    return process


def complaint(stream: IO[bytes] | None) -> str:
    """What an ffmpeg that has ended said last."""
    text = stream.read(4000).decode("utf-8", "replace") if stream is not None else ""
    return " ".join(text.split())[:300]
