"""Playlists: made by hand, found in a library as files, or made by rules."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from libraries.models import Library, MediaFile
from listening.querysets import PlaylistQuerySet
from navidrome_lib.db.annotations import Annotation
from navidrome_lib.db.fields import KeyField, id_field


class Playlist(models.Model):
    """`rules` makes it a smart one, whose tracks follow from them. With `sync` they follow a file of a library."""

    id = id_field()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), on_delete=models.CASCADE, related_name="playlists"
    )
    name = models.CharField(_("name"), max_length=255, default="", blank=True)
    comment = models.TextField(_("comment"), default="", blank=True)
    public = models.BooleanField(_("public"), default=False, help_text=_("Everybody can see and play it."))
    rules = models.JSONField(null=True, blank=True)
    # when the tracks of a smart playlist were last chosen
    evaluated_at = models.DateTimeField(null=True)

    # the file that it was made of; null: none, or its library was removed. `file_hash` is a digest of the size and the
    # times that the file had when it was last read; empty: read it again
    library = models.ForeignKey(Library, null=True, on_delete=models.SET_NULL, related_name="playlists")
    file_path = models.TextField(default="", blank=True)
    file_key = KeyField(max_length=32, default="", editable=False)
    file_hash = KeyField(max_length=32, default="", editable=False)
    # false: taken over by hand, the file is not read any more
    sync = models.BooleanField(_("follows its file"), default=False)

    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"))

    tracks = models.ManyToManyField(MediaFile, through="listening.PlaylistTrack", related_name="playlists")

    song_count = Annotation[int]("with_totals")
    duration = Annotation[float]("with_totals")
    size = Annotation[int]("with_totals")

    objects = PlaylistQuerySet.as_manager()

    class Meta:
        verbose_name = _("playlist")
        verbose_name_plural = _("playlists")
        constraints = [
            models.UniqueConstraint(
                fields=["library", "file_key"], condition=Q(library__isnull=False), name="playlist_file_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.pk

    @property
    def is_smart(self) -> bool:
        """True when rules choose its tracks."""
        return self.rules is not None

    @property
    def follows_file(self) -> bool:
        """True when a file of a library says what is in it."""
        return self.sync and self.library_id is not None

    @property
    def is_editable(self) -> bool:
        """True when its tracks are chosen by hand."""
        return not self.is_smart and not self.follows_file


class DismissedFile(models.Model):
    """A playlist file of a library whose playlist was deleted by hand: it is not read until it changes."""

    library = models.ForeignKey(Library, on_delete=models.CASCADE, db_index=False, related_name="+")
    file_key = KeyField(max_length=32)
    file_hash = KeyField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["library", "file_key"], name="dismissed_file_unique")]

    def __str__(self) -> str:
        return f"{self.file_key} in {self.library_id}"


class PlaylistTrack(models.Model):
    """A track at its place, from 1; the same track may be there twice, and places may be free."""

    playlist = models.ForeignKey(Playlist, on_delete=models.CASCADE, db_index=False, related_name="entries")
    position = models.PositiveIntegerField()
    media_file = models.ForeignKey(MediaFile, on_delete=models.CASCADE, related_name="playlist_entries")

    class Meta:
        verbose_name = _("entry of a playlist")
        verbose_name_plural = _("entries of playlists")
        constraints = [models.UniqueConstraint(fields=["playlist", "position"], name="playlist_position_unique")]

    def __str__(self) -> str:
        return f"{self.position}: {self.media_file_id}"
