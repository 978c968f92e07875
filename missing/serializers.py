"""The wire form of missing files and purges; every key is declared by name, so that a search finds its line."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from libraries.models import MediaFile
from missing.models import Purge
from missing.purge_preview import PurgePreview
from missing.purges import PurgeResult, UndoResult
from missing.relink import Candidate
from navidrome_lib.api.fields import LibraryId, StringId, Text, Timestamp
from navidrome_lib.api.output import OutputSerializer


class MissingFileSerializer(OutputSerializer[dict[str, Any]]):
    """A row of `MissingFileQuerySet.as_rows`."""

    id = StringId()
    path = serializers.CharField(help_text="Relative to the root of the library.")
    title = serializers.CharField()
    album = serializers.CharField()
    artist = serializers.CharField()
    albumArtist = serializers.CharField(source="album_artist")
    missingFileCount = serializers.IntegerField(
        source="missing_file_count", help_text="Missing files of the same album in the same library."
    )
    lastSeen = Timestamp(source="last_seen", help_text="End of the last scan that saw the file.")
    missingSince = Timestamp(source="missing_since")
    updatedAt = Timestamp(source="missing_since", help_text="The same as `missingSince`: since then it is as it is.")
    libraryId = LibraryId(source="library_id")
    libraryName = serializers.CharField(source="library_name")
    size = serializers.IntegerField(help_text="Bytes.")
    suffix = serializers.CharField()
    duration = serializers.FloatField(help_text="Seconds.")


class PurgeResultSerializer(serializers.Serializer[PurgeResult]):
    """The answer to `DELETE /api/missing`."""

    removed = serializers.SerializerMethodField(help_text="Files that were removed from the catalog.")
    ids = serializers.ListField(child=serializers.CharField())
    purgeId = serializers.CharField(
        source="purge.pk", default="", help_text="For the undo; empty: nothing was removed."
    )

    def get_removed(self, result: PurgeResult) -> int:
        return len(result.ids)


class EmptiedSerializer(serializers.Serializer[Any]):
    """An album, artist or folder that would be left without any track."""

    id = StringId(source="pk")
    name = serializers.CharField(source="__str__")


class PreviewSerializer(serializers.Serializer[PurgePreview]):
    """The answer to `DELETE /api/missing?dryRun=true`."""

    dryRun = serializers.SerializerMethodField()
    removed = serializers.SerializerMethodField(help_text="0: nothing was removed.")
    wouldRemove = serializers.SerializerMethodField()
    ids = serializers.ListField(child=serializers.CharField())
    purgeId = serializers.SerializerMethodField()
    size = serializers.IntegerField()
    duration = serializers.FloatField()
    albums = EmptiedSerializer(many=True)
    artists = EmptiedSerializer(many=True)
    folders = EmptiedSerializer(many=True)
    attached = serializers.DictField(child=serializers.IntegerField(), help_text="What else is attached to the files.")

    def get_dryRun(self, preview: PurgePreview) -> bool:
        return True

    def get_removed(self, preview: PurgePreview) -> int:
        return 0

    def get_wouldRemove(self, preview: PurgePreview) -> int:
        return len(preview.ids)

    def get_purgeId(self, preview: PurgePreview) -> str:
        return ""


class PurgeSerializer(OutputSerializer[Purge]):
    """One removal of missing files."""

    id = StringId(source="pk")
    createdAt = Timestamp(source="created_at")
    createdBy = serializers.CharField(source="created_by")
    reason = serializers.ChoiceField(choices=["request", "retention"])
    fileCount = serializers.IntegerField(source="file_count", help_text="Files that were removed.")
    size = serializers.IntegerField()
    expiresAt = Timestamp(source="expires_at", help_text="Until then, at least, it can be undone.")
    undoneAt = Timestamp(source="undone_at", allow_null=True)
    restoredCount = serializers.IntegerField(source="restored_count")
    restorable = serializers.IntegerField(help_text="Files that an undo would restore.")


class OccupiedSerializer(serializers.Serializer[Any]):
    """A restored file at whose place there is another file now: see `POST /api/missing/{id}/relink`."""

    id = serializers.CharField()
    path = serializers.CharField()
    songId = serializers.CharField(source="song_id")


class UndoResultSerializer(serializers.Serializer[UndoResult]):
    """The answer to `POST /api/missing/purge/{id}/undo`."""

    restored = serializers.SerializerMethodField()
    ids = serializers.ListField(child=serializers.CharField())
    occupied = OccupiedSerializer(many=True)
    notRestored = serializers.SerializerMethodField(
        help_text="Always empty: an undo restores every file that is still in the purge. Kept for older clients."
    )

    def get_restored(self, result: UndoResult) -> int:
        return len(result.ids)

    def get_notRestored(self, result: UndoResult) -> list[str]:
        return []


class CandidateSerializer(serializers.Serializer[Candidate]):
    """A song that a missing file may have become."""

    songId = StringId(source="song.pk")
    rank = serializers.IntegerField(help_text="Higher is more likely.")
    reasons = serializers.ListField(child=serializers.CharField(), help_text="What both files share.")
    path = serializers.CharField(source="song.path")
    title = serializers.CharField(source="song.title")
    album = serializers.CharField(source="song.album")
    artist = serializers.CharField(source="song.artist")
    libraryId = LibraryId(source="song.library_id")
    libraryName = serializers.CharField(source="song.library.name")
    size = serializers.IntegerField(source="song.size")
    suffix = serializers.CharField(source="song.suffix")
    duration = serializers.FloatField(source="song.duration")
    createdAt = Timestamp(source="song.created_at")


class RelinkSerializer(serializers.Serializer[Any]):
    """The body of `POST /api/missing/{id}/relink`."""

    songId = Text()

    default_error_messages = {"invalid": "The body must be a JSON object."}


class RelinkedSerializer(serializers.Serializer[MediaFile]):
    """The song that the missing file is now."""

    id = StringId(source="pk")
    path = serializers.CharField()
    title = serializers.CharField()
    album = serializers.CharField()
    artist = serializers.CharField()
    libraryId = LibraryId(source="library_id")
    libraryName = serializers.CharField(source="library.name")
    createdAt = Timestamp(source="created_at")
