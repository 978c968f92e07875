"""Why something cannot be played or shown now. A channel answers 503 or 429 to these, also where it says 200 else."""

from __future__ import annotations

from navidrome_lib.errors import TooManyAttempts, Unavailable


class MediaAway(Unavailable):
    """Something that the catalog knows cannot be sent now."""


class StorageAway(MediaAway):
    """The file is in the catalog, and cannot be read now: its storage is away, or it is gone from it."""

    default_message = "The file of this song cannot be read at the moment."


class PicturesBusy(MediaAway):
    """As many pictures are being made as the server makes at once."""

    default_message = "Too many pictures are being made at the moment. Try again in a moment."


class TooManyTranscodes(TooManyAttempts):
    """As many songs are converted as the server, or one person, may convert at once."""

    default_message = "Too many songs are being converted at the moment. Try again in a moment."


class TooManyArchives(TooManyAttempts):
    """As many archives are being sent to guests of a person as there may be at once."""

    default_message = "Too many downloads of this share are running at the moment. Try again when one has ended."
