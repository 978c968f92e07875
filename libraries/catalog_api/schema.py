"""How the objects look, for the OpenAPI document; they are written by the modules beside this one."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from libraries.catalog_api.extension import Resource, additions

_PARTICIPANT = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string"},
        "missing": {"type": "boolean"},
        "subRole": {"type": "string"},
    },
    "required": ["id", "name", "missing"],
}
_GENRE = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "name": {"type": "string"}},
    "required": ["id", "name"],
}


@extend_schema_field({"type": "object", "additionalProperties": {"type": "array", "items": _PARTICIPANT}})
class Participants(serializers.JSONField):
    """Artists by role."""


@extend_schema_field({"type": "array", "items": _GENRE})
class Genres(serializers.JSONField):
    """Genres."""


@extend_schema_field({"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}})
class Tags(serializers.JSONField):
    """Values by tag."""


class ObjectSerializer(serializers.Serializer[Any]):
    """An object with what apps add to it."""

    resource: ClassVar[Resource | None] = None

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # copies: a field belongs to one serializer
        added = {key: deepcopy(field) for each in additions(self.resource) for key, field in each.keys.items()}
        return {**super().get_fields(), **added}


def text(help_text: str = "") -> serializers.CharField:
    """A text that is left out where it is empty."""
    return serializers.CharField(required=False, help_text=help_text or None)


def number(help_text: str = "") -> serializers.IntegerField:
    """A number that is left out where it is 0."""
    return serializers.IntegerField(required=False, help_text=help_text or None)


def gain(help_text: str) -> serializers.FloatField:
    """A number, or null where a file says none."""
    return serializers.FloatField(allow_null=True, help_text=help_text)


class SongSerializer(ObjectSerializer):
    """A song."""

    resource = Resource.SONG

    id = serializers.CharField()
    libraryId = serializers.IntegerField()
    libraryPath = serializers.CharField()
    libraryName = serializers.CharField()
    folderId = serializers.CharField()
    path = serializers.CharField(help_text="Relative to the library's root.")
    title = serializers.CharField()
    album = serializers.CharField()
    artistId = serializers.CharField(help_text="The first artist.")
    artist = serializers.CharField()
    albumArtistId = serializers.CharField()
    albumArtist = serializers.CharField()
    albumId = serializers.CharField()
    hasCoverArt = serializers.BooleanField(help_text="Whether a picture is embedded in the file.")
    trackNumber = serializers.IntegerField(help_text="0: none.")
    discNumber = serializers.IntegerField(help_text="0: none.")
    year = serializers.IntegerField(help_text="0: none.")
    date = text("As the tag has it: a year, or a year and more.")
    originalYear = serializers.IntegerField(help_text="0: none.")
    originalDate = text()
    releaseYear = serializers.IntegerField(help_text="0: none.")
    releaseDate = text()
    size = serializers.IntegerField(help_text="Bytes.")
    suffix = serializers.CharField()
    duration = serializers.FloatField(help_text="Seconds.")
    bitRate = serializers.IntegerField(help_text="kbit/s.")
    sampleRate = serializers.IntegerField(help_text="Hz.")
    bitDepth = number()
    channels = serializers.IntegerField()
    codec = serializers.CharField()
    genre = serializers.CharField(help_text="The first genre.")
    genres = Genres(required=False)
    sortTitle = text()
    sortAlbumName = text()
    sortArtistName = text()
    sortAlbumArtistName = text()
    orderTitle = serializers.CharField(help_text="What lists by title are in order of.")
    orderAlbumName = serializers.CharField()
    orderArtistName = serializers.CharField()
    orderAlbumArtistName = serializers.CharField()
    compilation = serializers.BooleanField()
    comment = text()
    lyrics = serializers.CharField(
        help_text="JSON in a text, always `[]`: `/rest/getLyricsBySongId` reads the lyrics of a song."
    )
    bpm = number()
    discSubtitle = text()
    explicitStatus = serializers.CharField(help_text="`e`, `c`, or nothing.")
    catalogNum = text()
    mbzRecordingID = text()
    mbzReleaseTrackId = text()
    mbzAlbumId = text()
    mbzReleaseGroupId = text()
    mbzAlbumType = text()
    rgAlbumGain = gain("dB.")
    rgAlbumPeak = gain("1 is full scale.")
    rgTrackGain = gain("dB.")
    rgTrackPeak = gain("1 is full scale.")
    tags = Tags(required=False)
    participants = Participants()
    missing = serializers.BooleanField(help_text="Whether its file is missing.")
    birthTime = serializers.DateTimeField()
    createdAt = serializers.DateTimeField(help_text="When a scan first saw it.")
    updatedAt = serializers.DateTimeField(help_text="When its file was last changed.")


_STATS = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {name: {"type": "integer"} for name in ("songCount", "albumCount", "size")},
    },
}


@extend_schema_field(_STATS)
class Stats(serializers.JSONField):
    """Numbers by role."""


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class Discs(serializers.JSONField):
    """Titles by the numbers of discs."""


@extend_schema_field({"type": "array", "items": _GENRE, "nullable": True})
class GenresOrNull(serializers.JSONField):
    """Genres, or null."""


@extend_schema_field({"nullable": True})
class Nothing(serializers.JSONField):
    """Always null."""


class AlbumSerializer(ObjectSerializer):
    """An album. What is counted is of its songs that are there."""

    resource = Resource.ALBUM

    id = serializers.CharField()
    libraryId = serializers.IntegerField()
    libraryPath = serializers.CharField()
    libraryName = serializers.CharField()
    name = serializers.CharField()
    albumArtistId = serializers.CharField()
    albumArtist = serializers.CharField()
    maxYear = serializers.IntegerField(help_text="0: none.")
    minYear = serializers.IntegerField(help_text="0: none.")
    date = text("Where all songs agree.")
    maxOriginalYear = serializers.IntegerField(help_text="0: none.")
    minOriginalYear = serializers.IntegerField(help_text="0: none.")
    originalDate = text("Where all songs agree.")
    releaseDate = text("Where all songs agree.")
    compilation = serializers.BooleanField()
    songCount = serializers.IntegerField()
    duration = serializers.FloatField(help_text="Seconds.")
    size = serializers.IntegerField(help_text="Bytes.")
    discs = Discs(help_text="The titles of the discs by their numbers.")
    sortAlbumName = text()
    sortAlbumArtistName = text()
    orderAlbumName = serializers.CharField(help_text="What lists by name are in order of.")
    orderAlbumArtistName = serializers.CharField()
    catalogNum = text()
    mbzAlbumId = text()
    mbzAlbumType = text()
    mbzReleaseGroupId = text()
    explicitStatus = serializers.CharField(help_text="`e`: a song is explicit; `c`: one is clean; or nothing.")
    rgAlbumGain = gain("dB.")
    rgAlbumPeak = gain("1 is full scale.")
    externalInfoUpdatedAt = Nothing(help_text="Always null: nothing is fetched from elsewhere.")
    genre = serializers.CharField(help_text="The most frequent one.")
    genres = GenresOrNull(help_text="The most frequent one first.")
    tags = Tags(required=False)
    participants = Participants()
    missing = serializers.BooleanField(help_text="Whether the files of all its songs are missing.")
    importedAt = serializers.DateTimeField(help_text="When its row was last changed.")
    createdAt = serializers.DateTimeField(help_text="When a scan first saw it.")
    updatedAt = serializers.DateTimeField(help_text="When one of its files was last changed.")


class ArtistSerializer(ObjectSerializer):
    """An artist. What is counted is of songs that are there, in the libraries that the account can access."""

    resource = Resource.ARTIST

    id = serializers.CharField()
    name = serializers.CharField()
    sortArtistName = text()
    orderArtistName = serializers.CharField(help_text="What lists by name are in order of.")
    mbzArtistId = text()
    stats = Stats(help_text="By role; `maincredit` is that of an artist or album artist.")
    size = serializers.IntegerField(help_text="Bytes.")
    albumCount = serializers.IntegerField()
    songCount = serializers.IntegerField()
    missing = serializers.BooleanField(help_text="Whether the files of all songs are missing.")
    createdAt = serializers.DateTimeField()
    updatedAt = serializers.DateTimeField()


class GenreSerializer(serializers.Serializer[Any]):
    """A genre."""

    id = serializers.CharField()
    name = serializers.CharField()


class TagSerializer(serializers.Serializer[Any]):
    """A value of a tag."""

    id = serializers.CharField()
    tagName = serializers.CharField()
    tagValue = serializers.CharField()
    albumCount = serializers.IntegerField()
    songCount = serializers.IntegerField()


class FolderSerializer(serializers.Serializer[Any]):
    """A folder with songs directly inside."""

    id = serializers.CharField()
    libraryId = serializers.IntegerField()
    libraryPath = serializers.CharField()
    libraryName = serializers.CharField()
    path = serializers.CharField(help_text="Relative to the library's root; empty for the root itself.")
    name = serializers.CharField()
    parentPath = serializers.CharField()
    songCount = serializers.IntegerField(help_text="Directly inside, and there.")
    missing = serializers.BooleanField()
    createdAt = serializers.DateTimeField()
