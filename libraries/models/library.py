"""A library: one root folder on the server, how it is scanned, and what it holds."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from libraries.choices import TextEncoding
from libraries.labels import TEXT_ENCODING_LABELS
from libraries.querysets import LibraryQuerySet
from navidrome_lib.db.annotations import Annotation
from navidrome_lib.db.saving import SavesChanges

# characters
MAX_NAME, MAX_SCHEDULE = 255, 120


def name_key(name: str) -> str:
    """The form in which two names are the same: case and surrounding space do not count."""
    return name.strip().casefold()


class Library(SavesChanges):
    """The totals are kept by the scanner and by `libraries.totals`, in the transaction that changes the tracks."""

    name = models.CharField(_("name"), max_length=MAX_NAME)
    name_key = models.CharField(max_length=512, editable=False)
    path = models.TextField(
        _("path"), help_text=_("The path of a folder on the server. Its files are only read, never changed.")
    )
    default_new_users = models.BooleanField(
        _("access for new users"), default=False, help_text=_("New users can access this library.")
    )

    recursive = models.BooleanField(
        _("include subfolders"), default=True, help_text=_("Scan the folders below the library folder, too.")
    )
    follow_symlinks = models.BooleanField(
        _("follow symbolic links"), default=False, help_text=_("Follow links that lead out of the library folder.")
    )
    exclude_patterns = models.JSONField(
        default=list, blank=True, help_text=_("Gitignore patterns, relative to the library folder.")
    )
    text_encoding = models.CharField(
        _("text encoding of tags"),
        max_length=20,
        default=TextEncoding.AUTO.value,
        choices=list(TEXT_ENCODING_LABELS.items()),
        help_text=_(
            "How to read text in tags that does not say its encoding. A change queues a full rescan, which reads the"
            " tags again."
        ),
    )
    missing_retention_days = models.PositiveIntegerField(
        _("keep missing files for (days)"),
        null=True,
        blank=True,
        help_text=_("Purge files that have been missing for this many days. Empty: never."),
    )
    held_percent = models.PositiveSmallIntegerField(
        _("ask for approval above (percent)"),
        default=50,
        help_text=_("Ask before a scan marks more than this share of the library as missing. 100: never ask."),
    )
    held_count = models.PositiveIntegerField(
        _("ask for approval above (files)"),
        default=20,
        help_text=_("Never ask about this many files or fewer."),
    )

    schedule = models.CharField(
        _("schedule"),
        max_length=MAX_SCHEDULE,
        default="",
        blank=True,
        help_text=_("When to scan: 0 3 * * * (in UTC), @daily, @every 6h or never. Empty: the schedule of the server."),
    )
    # a new schedule counts from here, so that changing one does not start a scan at once
    schedule_since = models.DateTimeField(null=True, editable=False)
    watch = models.BooleanField(
        _("watch for changes"), default=False, help_text=_("Scan folders soon after files in them change.")
    )

    last_scan_started_at = models.DateTimeField(null=True, editable=False)
    last_scan_at = models.DateTimeField(
        _("last scan"), null=True, editable=False, help_text=_("End of the last complete scan.")
    )
    offline_since = models.DateTimeField(null=True, editable=False)
    status_reason = models.TextField(default="", editable=False)
    anchor_file = models.TextField(
        _("anchor file"),
        default="",
        blank=True,
        help_text=_("A file in the library folder. While it is absent, the library is offline."),
    )
    # until then another worker computes the fingerprints of this library, or the storage is given a rest
    fingerprints_due_at = models.DateTimeField(null=True, editable=False)
    root_device = models.BigIntegerField(null=True, editable=False)
    root_inode = models.BigIntegerField(null=True, editable=False)
    # of the root's file system; 0: the system gives none
    root_fsid = models.BigIntegerField(null=True, editable=False)

    # set by the first change of a scan and cleared by its end: what is only counted at the end must be counted again
    totals_stale = models.BooleanField(default=False, editable=False)
    # grows with each change of what lists show (see `libraries.catalog_api.kept_orders`)
    revision = models.PositiveBigIntegerField(default=0, editable=False)
    total_songs = models.PositiveIntegerField(default=0, editable=False)
    total_albums = models.PositiveIntegerField(default=0, editable=False)
    total_artists = models.PositiveIntegerField(default=0, editable=False)
    total_folders = models.PositiveIntegerField(default=0, editable=False)
    total_missing_files = models.PositiveIntegerField(default=0, editable=False)
    total_size = models.PositiveBigIntegerField(default=0, editable=False)
    total_duration = models.FloatField(default=0, editable=False)
    # files of kinds that are not read, by suffix: the sum of `UnreadFolder`
    unread_files = models.JSONField(default=dict, blank=True, editable=False)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # set while the rows of a removed library are being cleared away; no query may return such a library
    deleted_at = models.DateTimeField(null=True, editable=False)

    # what changes by itself; see `LibraryQuerySet.with_scan_state`
    scan_active = Annotation[bool]("with_scan_state")
    full_scan_in_progress = Annotation[bool]("with_scan_state")
    has_problems = Annotation[bool]("with_scan_state")
    has_held_scan = Annotation[bool]("with_scan_state")
    last_scheduled_at = Annotation[datetime | None]("with_scan_state")
    watch_state = Annotation[str | None]("with_scan_state")
    watch_reason = Annotation[str | None]("with_scan_state")

    objects = LibraryQuerySet.as_manager()

    class Meta:
        verbose_name = _("library")
        verbose_name_plural = _("libraries")
        constraints = [
            models.UniqueConstraint(
                fields=["name_key"], condition=Q(deleted_at__isnull=True), name="library_name_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, **options: object) -> None:
        """Keep the key in step with the name, also where only the name is saved."""
        self.name_key = name_key(self.name)
        fields = options.get("update_fields")
        if isinstance(fields, (list, tuple, set)) and "name" in fields:
            options["update_fields"] = [*fields, "name_key"]
        super().save(**options)
