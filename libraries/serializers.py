"""The wire form of libraries, scans and problems; every key is declared by name, so that a search finds its line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from libraries.choices import ChangeKind, ExplainStatus, LibraryStatus
from libraries.labels import CHANGE_KIND_LABELS
from libraries.models import Library, Scan, ScanChange, ScanProblem
from libraries.models.watch_status import watcher_of
from libraries.progress import progress_of
from libraries.schedule import next_scan_time
from libraries.services import scans
from libraries.services.library_rules import PreparedLibrary, prepare_library
from libraries.storage.explain import Explanation
from navidrome_lib.api.fields import Flag, LibraryId, LibraryIdInput, StringId, Text, Timestamp, WholeNumber
from navidrome_lib.api.output import OutputSerializer
from navidrome_lib.api.wire import instant, parse_library_id
from navidrome_lib.errors import InvalidInput


def refuse_unknown(data: Any, known: Collection[str], sentence: str) -> None:
    """Refuse unknown keys: a client that sends one believes that it has an effect."""
    unknown = sorted(set(data) - set(known)) if isinstance(data, Mapping) else []
    if unknown:
        raise serializers.ValidationError({key[:60]: [sentence] for key in unknown})


class ScanOptionsSerializer(OutputSerializer[Library]):
    """`scanOptions`; an unknown key is an error."""

    recursive = Flag(required=False)
    followSymlinks = Flag(source="follow_symlinks", required=False)
    excludePatterns = serializers.ListField(
        source="exclude_patterns", child=Text(allow_blank=True, trim_whitespace=False), required=False
    )
    textEncoding = Text(
        source="text_encoding",
        required=False,
        help_text="How text in tags is read that does not tell its encoding: `auto`, `off` or the name of an encoding.",
    )

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        refuse_unknown(data, self.fields, "This scan option does not exist.")
        return dict(super().to_internal_value(data))


class HeldThresholdSerializer(OutputSerializer[Library]):
    """`heldThreshold`: a scan asks before it marks more than `percent` of a library and more than `files` missing."""

    percent = WholeNumber(source="held_percent", required=False)
    files = WholeNumber(source="held_count", required=False)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        refuse_unknown(data, self.fields, "This threshold does not exist.")
        return dict(super().to_internal_value(data))


class LibrarySerializer(OutputSerializer[Library]):
    """A library: the documented keys, and Navidrome's names for the same facts."""

    id = LibraryId(source="pk")
    name = serializers.CharField()
    path = serializers.CharField()
    remotePath = serializers.SerializerMethodField()
    scanOptions = ScanOptionsSerializer(source="*")
    defaultNewUsers = serializers.BooleanField(source="default_new_users")
    missingRetentionDays = serializers.IntegerField(
        source="missing_retention_days",
        allow_null=True,
        help_text="Missing files are purged after this many days; null: never.",
    )
    schedule = serializers.CharField()
    nextScanTime = serializers.SerializerMethodField()
    watch = serializers.BooleanField()
    watcher = serializers.SerializerMethodField()
    watcherReason = serializers.SerializerMethodField()
    heldThreshold = HeldThresholdSerializer(source="*")
    anchorFile = serializers.CharField(
        source="anchor_file", help_text="A path below the root; while it is absent, the library is offline."
    )
    status = serializers.SerializerMethodField()
    statusReason = serializers.SerializerMethodField()
    offlineSince = Timestamp(source="offline_since", allow_null=True)
    scanActive = serializers.BooleanField(source="scan_active")
    fullScanInProgress = serializers.BooleanField(source="full_scan_in_progress")
    lastScanTime = Timestamp(source="last_scan_at", allow_null=True)
    lastScanAt = Timestamp(source="last_scan_at", allow_null=True)
    lastScanStartedAt = Timestamp(source="last_scan_started_at", allow_null=True)
    songCount = serializers.IntegerField(source="total_songs")
    duration = serializers.FloatField(source="total_duration")
    size = serializers.IntegerField(source="total_size")
    totalSongs = serializers.IntegerField(source="total_songs")
    totalAlbums = serializers.IntegerField(source="total_albums")
    totalArtists = serializers.IntegerField(source="total_artists")
    totalFolders = serializers.IntegerField(source="total_folders")
    totalFiles = serializers.IntegerField(source="total_songs")
    totalMissingFiles = serializers.IntegerField(source="total_missing_files")
    totalSize = serializers.IntegerField(source="total_size")
    totalDuration = serializers.FloatField(source="total_duration")
    unreadFiles = serializers.DictField(
        source="unread_files",
        child=serializers.IntegerField(),
        help_text="How many files are of a kind of audio that is not read, by suffix.",
    )
    createdAt = Timestamp(source="created_at")
    updatedAt = Timestamp(source="updated_at")

    def get_remotePath(self, library: Library) -> str:
        return ""  # Navidrome's key for a path on another server, which this one does not have

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_nextScanTime(self, library: Library) -> str | None:
        due = next_scan_time(library)
        return None if due is None else instant(due)

    def get_watcher(self, library: Library) -> str:
        return watcher_of(library)[0]

    def get_watcherReason(self, library: Library) -> str:
        return watcher_of(library)[1]

    def get_status(self, library: Library) -> str:
        return library_status(library)[0]

    def get_statusReason(self, library: Library) -> str:
        return library_status(library)[1]


class NumericIdLibrarySerializer(LibrarySerializer):
    """A library inside a user, where the id is a number."""

    id = serializers.IntegerField(source="pk")  # type: ignore[assignment]


def library_status(library: Library) -> tuple[LibraryStatus, str]:
    """(status, the reason as a sentence) of a library from `with_scan_state`."""
    if library.offline_since:
        return LibraryStatus.OFFLINE, library.status_reason
    if library.has_held_scan:
        return LibraryStatus.ATTENTION, "A scan needs your approval: it would mark many files as missing."
    if library.has_problems:
        return LibraryStatus.ATTENTION, "Some files could not be read; see the problems of the last scan."
    return LibraryStatus.ONLINE, ""


def field_errors(error: InvalidInput) -> dict[str, list[str]]:
    """The sentences of a refusal by the keys of the body."""
    names = {key: f"scanOptions.{key}" for key in ("excludePatterns", "textEncoding")}
    return {names.get(field, field): [sentence] for field, sentence in error.errors.items()}


@contextmanager
def refusing_fields() -> Iterator[None]:
    """Answer a refusal at the moment of saving like one of the body's check before it."""
    try:
        yield
    except InvalidInput as error:
        raise serializers.ValidationError(field_errors(error)) from error


class LibraryRemovalSerializer(serializers.Serializer[Any]):
    """What went with a library, or would go."""

    id = LibraryId()
    dryRun = serializers.BooleanField(help_text="True: nothing was removed.")
    songs = serializers.IntegerField(help_text="Songs of the library.")
    attached = serializers.DictField(
        child=serializers.IntegerField(), help_text="What people added to them, by kind: plays, entries of playlists …"
    )


class LibraryInputSerializer(serializers.Serializer[Library]):
    """The body of POST, PUT and PATCH; valid, it is `prepared` for the service.

    Keys that the server owns are ignored, as is every key it does not know.
    """

    prepared: PreparedLibrary

    name = Text(allow_blank=True)
    # a folder's name may begin or end with a space
    path = Text(allow_blank=True, trim_whitespace=False)
    scanOptions = ScanOptionsSerializer(required=False)
    defaultNewUsers = Flag(source="default_new_users", required=False)
    missingRetentionDays = serializers.IntegerField(source="missing_retention_days", allow_null=True, required=False)
    schedule = Text(allow_blank=True, required=False)
    watch = Flag(required=False)
    heldThreshold = HeldThresholdSerializer(required=False)
    anchorFile = Text(source="anchor_file", allow_blank=True, required=False, trim_whitespace=False)
    allowOverlap = Flag(source="allow_overlap", required=False)

    default_error_messages = {"invalid": "The body must be a JSON object."}

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Check shapes and rules together, so that the answer names everything that is wrong."""
        library: Library | None = self.instance if isinstance(self.instance, Library) else None
        errors: dict[str, Any] = {}
        values: dict[str, Any] = {}
        try:
            values = super().run_validation(data)
        except serializers.ValidationError as error:
            if not isinstance(error.detail, dict) or not isinstance(data, Mapping):
                raise
            errors = dict(error.detail)
            values = self.valid_part(data, errors)
        for nested in ("scanOptions", "heldThreshold"):
            values.update(values.pop(nested, {}))
        overlap = bool(values.pop("allow_overlap", False))
        try:
            self.prepared = prepare_library(values, library=library, allow_overlap=overlap, with_database=bool(errors))
        except InvalidInput as error:
            errors.update(field_errors(error))
        if errors:
            raise serializers.ValidationError(errors)
        return values

    def valid_part(self, data: Mapping[str, Any], errors: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of `data` that have the right shape, when others have not."""
        checks: dict[str, Callable[[Any], Any]] = {name: field.run_validation for name, field in self.fields.items()}
        good = {key: data[key] for key in data if key in checks and key not in errors}
        return {(self.fields[key].source or key): checks[key](value) for key, value in good.items()}


class ScanSerializer(OutputSerializer[Scan]):
    """One run of the scanner."""

    id = StringId(source="pk")
    library = LibraryId(source="library_id")
    libraryId = LibraryId(source="library_id")
    libraryName = serializers.CharField(source="library.name")
    type = serializers.CharField()
    full = serializers.BooleanField()
    targets = serializers.ListField(child=serializers.CharField())
    trigger = serializers.CharField()
    requestedBy = serializers.CharField(source="requested_by")
    approves = StringId(source="approves_id", allow_null=True)
    state = serializers.CharField()
    phase = serializers.CharField()
    error = serializers.CharField()
    currentFolder = serializers.CharField(source="current_folder")
    filesTotal = serializers.IntegerField(source="files_total", allow_null=True)
    folderCount = serializers.IntegerField(source="folder_count")
    seen = serializers.IntegerField()
    added = serializers.IntegerField()
    updated = serializers.IntegerField()
    moved = serializers.IntegerField()
    restored = serializers.IntegerField()
    missing = serializers.IntegerField()
    skipped = serializers.IntegerField()
    failed = serializers.IntegerField()
    requested = Timestamp(source="requested_at")
    started = Timestamp(source="started_at", allow_null=True)
    finished = Timestamp(source="finished_at", allow_null=True)
    heartbeat = Timestamp(source="heartbeat_at", allow_null=True)
    elapsed = serializers.SerializerMethodField()
    rate = serializers.SerializerMethodField()
    eta = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()

    def to_representation(self, instance: Scan) -> dict[str, Any]:
        self._now = progress_of(instance, timezone.now())
        return super().to_representation(instance)

    def get_elapsed(self, scan: Scan) -> float:
        return round(scans.elapsed(scan).total_seconds(), 3)

    def get_rate(self, scan: Scan) -> float:
        return self._now.rate

    def get_eta(self, scan: Scan) -> float | None:
        return self._now.eta

    def get_progress(self, scan: Scan) -> float | None:
        return self._now.progress


class ScanChangeSerializer(OutputSerializer[ScanChange]):
    """How many files of one folder a scan changed in one way; only moved ones came from a folder."""

    id = StringId(source="pk")
    kind = serializers.ChoiceField(choices=tuple(CHANGE_KIND_LABELS.items()))
    libraryId = LibraryId(source="library_number")
    folder = serializers.CharField(help_text="Relative to the library's root; empty: the root itself.")
    fromLibraryId = serializers.SerializerMethodField()
    fromFolder = serializers.SerializerMethodField()
    count = serializers.IntegerField()

    @extend_schema_field(LibraryId(allow_null=True))
    def get_fromLibraryId(self, change: ScanChange) -> str | int | None:
        number = change.from_library_number
        return LibraryId().to_representation(number) if change.kind == ChangeKind.MOVED and number else None

    def get_fromFolder(self, change: ScanChange) -> str | None:
        return change.from_folder if change.kind == ChangeKind.MOVED else None


class ExplanationSerializer(OutputSerializer[Explanation]):
    """Why something is or is not in a library."""

    path = serializers.CharField()
    status = serializers.ChoiceField(choices=tuple(ExplainStatus))
    reason = serializers.CharField()
    folder = serializers.BooleanField()
    songId = serializers.CharField(source="song_id")
    pattern = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.CharField()


class ScanRequestSerializer(serializers.Serializer[Scan]):
    """The body of `POST /api/scan`."""

    libraryId = LibraryIdInput()
    full = Flag(required=False, default=False)
    paths = serializers.ListField(child=Text(allow_blank=True, trim_whitespace=False), required=False)
    acceptEmpty = Flag(
        source="accept_empty", required=False, default=False, help_text="The library's folder was emptied on purpose."
    )
    acceptDevice = Flag(
        source="accept_device",
        required=False,
        default=False,
        help_text="The library, or a part of it, was moved to another disk.",
    )

    def validate_libraryId(self, value: object) -> int:
        number = parse_library_id(value)
        if number is None:
            raise serializers.ValidationError("Must be the id of a library.")
        return number


class ProblemSerializer(OutputSerializer[ScanProblem]):
    """A file or folder that could not be read."""

    id = StringId(source="pk")
    libraryId = LibraryId(source="library_id")
    path = serializers.CharField()
    kind = serializers.CharField()
    message = serializers.CharField()
    firstSeen = Timestamp(source="first_seen_at")
    lastSeen = Timestamp(source="last_seen_at")
    resolved = Timestamp(source="resolved_at", allow_null=True)
