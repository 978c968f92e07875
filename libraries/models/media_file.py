"""A track: one audio file of a library, present or missing."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from libraries.models.album import Album
from libraries.models.artist import Artist
from libraries.models.folder import Folder
from libraries.models.genre import Genre
from libraries.models.library import Library
from libraries.order_names import MAX_ORDER_NAME
from libraries.querysets import MediaFileQuerySet
from navidrome_lib.db.fields import KeyField, OrderField, id_field

# missing, and not hidden by a purge
LISTED_AS_MISSING = Q(missing=True, purge_id__isnull=True)
# what songs can be put in order of besides names
NUMBERS = (
    "year", "duration", "size", "bit_rate", "channels", "bpm", "track_number", "disc_number", "mtime_ns",
)  # fmt: skip


class MediaFile(models.Model):
    """Its id and `created_at` survive moves, retagging, absence and a purge. Sizes in bytes, durations in seconds."""

    id = id_field()
    # that of its folder, which answers for it: a constraint of its own would be checked once more for each row
    library = models.ForeignKey(
        Library,
        verbose_name=_("library"),
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="media_files",
    )
    folder = models.ForeignKey(Folder, on_delete=models.CASCADE, db_index=False, related_name="media_files")
    album_ref = models.ForeignKey(Album, null=True, on_delete=models.SET_NULL, related_name="media_files")

    # where it is: `path` is the clean text relative to the root, `name_bytes` the exact name inside `folder`
    path = models.TextField()
    name_bytes = models.BinaryField()
    suffix = models.CharField(_("format"), max_length=8)
    # the change key: any difference means "read again"
    size = models.BigIntegerField()
    mtime_ns = models.BigIntegerField()
    ctime_ns = models.BigIntegerField(default=0)
    inode = models.BigIntegerField(default=0)

    # who it is: `pid` from tags; `audio_hash`, the fingerprint: a digest of the audio without the tags, filled in
    # behind a scan; empty: not yet
    pid = KeyField(max_length=32, default="")
    audio_hash = KeyField(max_length=64, default="")

    title = models.TextField()
    sort_title = models.TextField(default="")
    order_title = OrderField(max_length=MAX_ORDER_NAME, default="", editable=False)
    album = models.TextField(default="")
    sort_album = models.TextField(default="")
    order_album = OrderField(max_length=MAX_ORDER_NAME, default="", editable=False)
    artist = models.TextField(default="")
    sort_artist = models.TextField(default="")
    order_artist = OrderField(max_length=MAX_ORDER_NAME, default="", editable=False)
    album_artist = models.TextField(default="")
    sort_album_artist = models.TextField(default="")
    order_album_artist = OrderField(max_length=MAX_ORDER_NAME, default="", editable=False)
    compilation = models.BooleanField(default=False)
    track_number = models.PositiveIntegerField(null=True)
    track_total = models.PositiveIntegerField(null=True)
    disc_number = models.PositiveIntegerField(null=True)
    disc_total = models.PositiveIntegerField(null=True)
    disc_subtitle = models.TextField(default="")
    year = models.PositiveSmallIntegerField(null=True)
    date = models.CharField(max_length=32, default="")
    original_year = models.PositiveSmallIntegerField(null=True)
    original_date = models.CharField(max_length=32, default="")
    release_year = models.PositiveSmallIntegerField(null=True)
    release_date = models.CharField(max_length=32, default="")
    genre = models.TextField(default="")
    comment = models.TextField(default="")
    has_lyrics = models.BooleanField(default=False)
    has_picture = models.BooleanField(default=False)
    bpm = models.PositiveIntegerField(null=True)
    mbz_track_id = models.CharField(max_length=36, default="")
    mbz_recording_id = models.CharField(max_length=36, default="")
    mbz_album_id = models.CharField(max_length=36, default="")
    rg_track_gain = models.FloatField(null=True)
    rg_track_peak = models.FloatField(null=True)
    rg_album_gain = models.FloatField(null=True)
    rg_album_peak = models.FloatField(null=True)
    # every tag by its canonical name, each a list in the order of the file
    tags = models.JSONField(default=dict)

    codec = models.CharField(max_length=16, default="")
    duration = models.FloatField(default=0)
    bit_rate = models.PositiveIntegerField(default=0, help_text=_("kbit/s"))
    sample_rate = models.PositiveIntegerField(default=0, help_text=_("Hz"))
    bit_depth = models.PositiveSmallIntegerField(default=0)
    channels = models.PositiveSmallIntegerField(default=0)

    # `last_seen_at` is set when a file goes missing: for a present one it is the library's last complete scan
    missing = models.BooleanField(_("missing"), default=False)
    missing_since = models.DateTimeField(_("missing since"), null=True)
    last_seen_at = models.DateTimeField(null=True)
    # the purge that hides this missing track: its row stays for an undo, or for its file to return, until that expires
    purge_id = KeyField(max_length=22, null=True, editable=False)
    # the album that it was in when the albums were last settled, while it is in another one
    left_album = KeyField(max_length=22, null=True, editable=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    artists = models.ManyToManyField(Artist, through="libraries.Participant", related_name="media_files")
    genres = models.ManyToManyField(Genre, through="libraries.TrackGenre", related_name="media_files")

    objects = MediaFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("song")
        verbose_name_plural = _("songs")
        # a missing track keeps its place on paper: another file may have taken it, or two tracks swapped their names
        constraints = [
            models.UniqueConstraint(
                fields=["folder", "name_bytes"], condition=Q(missing=False), name="media_file_place_unique"
            ),
            models.CheckConstraint(
                condition=Q(purge_id__isnull=True) | Q(missing=True), name="media_file_purged_is_missing"
            ),
        ]
        indexes = [
            # of all tracks: who deletes a folder is asked by the database whether a track refers to it
            models.Index(fields=["folder", "purge_id"], name="media_file_folder_idx"),
            models.Index(
                fields=["library", "audio_hash", "id"],
                condition=Q(missing=False, audio_hash=""),
                name="media_file_unhashed_idx",
            ),
            models.Index(fields=["library", "id"], name="media_file_library_idx"),
            # the orders that clients list songs in; entries are passed over by the last columns, without a look at rows
            models.Index(
                fields=["order_title", "id", "library", "missing"],
                condition=Q(purge_id__isnull=True),
                name="media_file_title_idx",
            ),
            models.Index(
                fields=["order_artist", "order_album", "disc_number", "track_number", "id", "library", "missing"],
                condition=Q(purge_id__isnull=True),
                name="media_file_artist_idx",
            ),
            models.Index(
                fields=["order_album", "album_ref", "disc_number", "track_number", "id", "library", "missing"],
                condition=Q(purge_id__isnull=True),
                name="media_file_album_idx",
            ),
            # all other orders and totals: a narrow copy of the table, which new songs are always added to the end of
            models.Index(
                fields=["id", "library", "missing", *NUMBERS],
                condition=Q(purge_id__isnull=True),
                name="media_file_facts_idx",
            ),
            models.Index(fields=["library", "id"], condition=LISTED_AS_MISSING, name="media_file_missing_idx"),
            # no scan pays for these, which have entries of missing files only; `library` lets them answer by themselves
            models.Index(
                fields=["missing_since", "library"], condition=LISTED_AS_MISSING, name="media_file_gone_when_idx"
            ),
            models.Index(fields=["suffix", "library"], condition=LISTED_AS_MISSING, name="media_file_gone_suffix_idx"),
            models.Index(
                fields=["album_ref", "library"], condition=LISTED_AS_MISSING, name="media_file_gone_album_idx"
            ),
            models.Index(
                fields=["left_album", "album_ref"], condition=Q(left_album__isnull=False), name="media_file_left_idx"
            ),
            models.Index(
                fields=["purge_id", "library", "id"],
                condition=Q(purge_id__isnull=False),
                name="media_file_purged_idx",
            ),
        ]

    def __str__(self) -> str:
        return self.path
