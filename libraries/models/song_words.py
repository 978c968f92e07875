"""What a song is found by."""

from __future__ import annotations

from django.db import models

from navidrome_lib.db.fields import KeyField


class SongWords(models.Model):
    """The words of one song, kept and searched by `libraries.search.index` alone; on SQLite beside a full-text table.

    It refers to no row, so that songs come and go without it: an entry that is left over finds nothing.
    """

    media_file_id = KeyField(max_length=22, unique=True)
    words = models.TextField()

    def __str__(self) -> str:
        return self.words
