"""Converted songs as files of an archive: made when their turn has come."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from typing import Final

from libraries.models import MediaFile
from media.errors import TooManyTranscodes
from media.opening import OpenMedia, open_track
from media.sources import FileSource
from media.transcoding.ffmpeg import Recipe
from media.transcoding.jobs import GrowingSource, transcodes
from media.transcoding.responses import name_in_cache, started, transcoding_cache

# so long a download waits for a place among the songs that are being converted, and so often it asks
_WAIT_SECONDS: Final = 300.0
_ASK_SECONDS: Final = 0.5


class ConvertedReader:
    """A song as a recipe makes it. `read` has None while there is nothing yet, which `when_ready` waits for."""

    def __init__(self, track: MediaFile, recipe: Recipe, person: str) -> None:
        self._track = track
        self._recipe = recipe
        self._person = person
        self._source: FileSource | GrowingSource | None = None
        self._end = time.monotonic() + _WAIT_SECONDS

    def read(self, size: int) -> bytes | None:
        """The next bytes; an error when the song cannot be made to its end."""
        if self._source is None:
            try:
                self._source = self._begin()
            except TooManyTranscodes:
                if time.monotonic() > self._end:
                    raise
                return None
        return self._source.read(size)

    def when_ready(self, callback: Callable[[], None]) -> None:
        """Call `callback` when a `read` may have something."""
        if self._source is not None:
            self._source.when_ready(callback)
            return
        timer = threading.Timer(_ASK_SECONDS, callback)
        timer.daemon = True
        timer.start()

    def close(self) -> None:
        """Stop making it, unless another person listens along."""
        if self._source is not None:
            self._source.close()

    def _begin(self) -> FileSource | GrowingSource:
        cache = transcoding_cache()
        with contextlib.closing(open_track(self._track)) as media:
            name = name_in_cache(self._track, self._recipe, media)
            fd = cache.open(name)
            if fd is not None:
                size = os.fstat(fd).st_size
                return FileSource(OpenMedia(fd, size, 0, 0, GrowingSource.storage), 0, size)
            found = transcodes.join(name) or started(self._track, self._recipe, media, cache, name, self._person)
        return GrowingSource(*found)
