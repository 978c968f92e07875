"""What readers under test make of files; they import it by its name."""

from __future__ import annotations

import os
import signal
import time

from libraries.audio.types import RawAudio


def by_name(audio: RawAudio, path: bytes) -> tuple[str, str]:
    """The title, and one word for all files. What some files are named after happens to their reader.

    A hesitant one hangs the first time only.
    """
    if b"deadly" in path:
        os.kill(os.getpid(), signal.SIGKILL)
    if b"endless" in path:
        time.sleep(600)
    if b"hesitant" in path and not os.path.exists(path + b".seen"):
        with open(path + b".seen", "xb"):
            time.sleep(600)
    if b"odd" in path:
        raise ValueError("an odd file")
    return audio.tags["title"][0], "common"
