"""What the catalog's lists say of pictures: their digest for the id of a cover, and what draws something at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import Count, Max
from rest_framework import serializers

from libraries.catalog_api.extension import Addition, Resource, WireObject, extend
from libraries.visible import library_facts
from media.choices import CoverKind
from media.models import Cover
from media.picture_keys import covers, said_of
from navidrome_lib.viewer import Viewer

Keys = Mapping[str, serializers.Field[Any, Any, Any, Any]]


def keys_of_covers() -> Keys:
    """The keys of a picture, once it has been looked for; `imageAbsent` where there was none.

    A new field for each resource: it belongs to the serializer that has it.
    """
    return {
        "imageHash": serializers.CharField(
            required=False, help_text="The digest of the picture, for the id of the cover."
        ),
        "thumbHash": serializers.CharField(required=False, help_text="A ThumbHash in Base64, to be drawn at once."),
        "dominantColor": serializers.CharField(required=False, help_text="Such as `#0a64c8`."),
        "imageWidth": serializers.IntegerField(required=False, help_text="Pixels of the original."),
        "imageHeight": serializers.IntegerField(required=False, help_text="Pixels of the original."),
        "imageAbsent": serializers.BooleanField(required=False, help_text="There where no picture was found."),
    }


class AlbumCovers(Addition):
    """Of albums."""

    keys: ClassVar[Keys] = keys_of_covers()

    def add_keys(self, objects: Mapping[str, Sequence[WireObject]], viewer: Viewer) -> None:
        for row in covers(objects, CoverKind.ALBUM):
            for each in objects[row[1]]:
                each.update(said_of(row))


class SongCovers(Addition):
    """Of songs: the picture in the file, where it is known, else that of the album."""

    keys: ClassVar[Keys] = keys_of_covers()

    def add_keys(self, objects: Mapping[str, Sequence[WireObject]], viewer: Viewer) -> None:
        # what is embedded in a file is not known by the album
        plain = [song for each in objects.values() for song in each if not song.get("hasCoverArt")]
        albums = {song["albumId"] for song in plain if song.get("albumId")}
        known = covers([*objects, *albums], CoverKind.TRACK, CoverKind.ALBUM)
        shared = {row[1]: said_of(row) for row in known if row[0] == CoverKind.ALBUM}
        for song in plain:
            song.update(shared.get(song.get("albumId"), {}))
        for row in known:
            if row[0] == CoverKind.TRACK:
                for song in objects[row[1]]:
                    song.update(said_of(row))


class ArtistCovers(Addition):
    """Of artists: the one that it was given, else that of the first library that the viewer can access."""

    keys: ClassVar[Keys] = {
        **keys_of_covers(),
        "uploadedImage": serializers.CharField(required=False, help_text="A name of the picture that it was given."),
    }

    def state(self, viewer: Viewer) -> object:
        """When what is known of a picture last changed, and of how many it is known."""
        known = Cover.objects.filter(kind=str(CoverKind.ARTIST)).aggregate(Count("pk"), Max("updated_at"))
        return sorted(known.items())

    def add_keys(self, objects: Mapping[str, Sequence[WireObject]], viewer: Viewer) -> None:
        known = covers(objects, CoverKind.ARTIST)
        if not known:
            return
        # a picture that the artist was given goes before those of all libraries
        order = {"": -1, **{str(pk): place for place, pk in enumerate(sorted(library_facts(viewer)))}}
        rows = [row for row in known if row[2] in order]
        # the best one comes last, and stays
        for row in sorted(rows, key=lambda row: (bool(row[3]), -order[row[2]])):
            for each in objects[row[1]]:
                each.pop("imageAbsent", None)
                each.update(said_of(row))


def extend_lists() -> None:
    """Add to the lists of the catalog."""
    extend(Resource.SONG, SongCovers())
    extend(Resource.ALBUM, AlbumCovers())
    extend(Resource.ARTIST, ArtistCovers())
