"""Genres, tags and folders as objects of the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery, Sum

from libraries.catalog_api.common import gathered
from libraries.catalog_api.extension import Asked, Sort, WireObject
from libraries.models import AlbumTag, Folder, MediaFile, Tag
from libraries.tag_names import GENRE
from libraries.visible import LibraryFacts, library_facts
from navidrome_lib.db.bulk import chunks
from navidrome_lib.db.prepared import PreparedIn
from navidrome_lib.viewer import Viewer


def tags_in(libraries: Mapping[int, LibraryFacts]) -> QuerySet[Any]:
    """The tags of songs in some libraries."""
    gathered(libraries)
    used = AlbumTag.objects.filter(tag=OuterRef("pk"), library__in=libraries)
    return Tag.objects.filter(Exists(used))


def genres_in(libraries: Mapping[int, LibraryFacts]) -> QuerySet[Any]:
    """The genres of songs in some libraries."""
    return tags_in(libraries).filter(name=GENRE)


def by_count(aggregate: Count | Sum) -> Sort:
    """An order by how many albums or songs have a tag, in the libraries that the viewer sees."""

    def count(rows: QuerySet[Any], asked: Asked) -> QuerySet[Any]:
        of_tag = AlbumTag.objects.filter(tag=OuterRef("pk"), library__in=library_facts(asked.viewer)).order_by()
        counted: QuerySet[Any] = rows.annotate(
            number=Subquery(of_tag.values("tag").annotate(number=aggregate).values("number"))
        )
        return counted

    return Sort("number", prepare=count)


def tag_objects(ids: Sequence[str], libraries: Mapping[int, LibraryFacts]) -> list[WireObject]:
    """Tags in this order, and how many albums and songs have them."""
    rows: dict[str, tuple[str, str]] = {}
    counts: dict[str, tuple[int, int]] = {}
    for piece in chunks(ids):
        named = Tag.objects.filter(pk__in=piece).values_list("pk", "name", "value")
        rows.update((pk, (name, value)) for pk, name, value in named)
        used = AlbumTag.objects.filter(tag__in=piece, library__in=libraries).order_by().values_list("tag")
        counts.update((pk, (albums, songs)) for pk, albums, songs in used.annotate(Count("pk"), Sum("song_count")))
    found = []
    for pk in ids:
        if pk in rows and pk in counts:
            name, value = rows[pk]
            albums, songs = counts[pk]
            found.append({"id": pk, "tagName": name, "tagValue": value, "albumCount": albums, "songCount": songs})
    return found


def genre_counts(viewer: Viewer) -> list[tuple[str, int, int]]:
    """The genres that a viewer sees, each with its songs and albums, the most frequent first."""
    libraries = library_facts(viewer)
    gathered(libraries)
    # albums whose songs are all missing have tags, too
    there = AlbumTag.objects.filter(tag__name=GENRE, library__in=libraries, album__song_count__gt=0)
    counted = there.order_by().values_list("tag__value").annotate(songs=Sum("song_count"), albums=Count("pk"))
    return sorted(counted, key=lambda each: (-each[1], each[0]))


_genres: Final = PreparedIn[tuple[str, str]](
    lambda ids: Tag.objects.filter(pk__in=ids, name=GENRE).order_by().values_list("pk", "value")
)


def genre_objects(ids: Sequence[str]) -> list[WireObject]:
    """Genres in this order."""
    names = dict(_genres.rows(ids))
    return [{"id": pk, "name": names[pk]} for pk in ids if pk in names]


def folder_objects(ids: Sequence[str], viewer: Viewer, libraries: Mapping[int, LibraryFacts]) -> list[WireObject]:
    """Folders in this order, each with the songs directly inside that are there."""
    rows: dict[str, tuple[Any, ...]] = {}
    counts: dict[str, int] = {}
    for piece in chunks(ids):
        found = (
            Folder.objects.in_catalog()
            .filter(pk__in=piece)
            .values_list("pk", "library", "path", "missing", "created_at")
        )
        rows.update((row[0], row) for row in found if row[1] in libraries)
        songs = MediaFile.objects.in_catalog().present().filter(folder__in=piece).order_by()
        counts.update(songs.values_list("folder").annotate(Count("pk")))
    return [_folder(rows[pk], counts.get(pk, 0), libraries) for pk in ids if pk in rows]


def _folder(row: tuple[Any, ...], songs: int, libraries: Mapping[int, LibraryFacts]) -> WireObject:
    pk, library, path, missing, created_at = row
    facts = libraries[library]
    parent, _, name = path.rpartition("/")
    return {
        "id": pk, "libraryId": library, "libraryPath": facts.path, "libraryName": facts.name, "path": path,
        "name": name or facts.name, "parentPath": parent, "songCount": songs, "missing": missing,
        "createdAt": created_at,
    }  # fmt: skip
