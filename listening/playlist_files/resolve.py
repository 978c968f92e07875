"""Find the tracks that the lines of a playlist file mean."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from libraries.models import Folder, Library, MediaFile
from libraries.scanner import path_key
from navidrome_lib.db.bulk import chunks
from navidrome_lib.viewer import Viewer


class Place(NamedTuple):
    """A file of a library: the folder and the name, as the file system has them."""

    library_id: int
    folder: bytes
    name: bytes


def resolve_lines(
    lines: Sequence[bytes], libraries: Sequence[Library], *, base: tuple[Library, bytes] | None = None
) -> list[str]:
    """The ids of the tracks that some lines mean, in their order; lines that mean none are left out.

    A path is absolute, or relative to the folder of the file (`base`: its library, and the folder in it), or relative
    to the root of one of the libraries; the first that leads to a track of these libraries counts.
    """
    candidates = [list(places(line, libraries, base)) for line in lines]
    found = tracks_at({place for places_ in candidates for place in places_})
    ids = (next((found[place] for place in places_ if place in found), None) for places_ in candidates)
    return [pk for pk in ids if pk is not None]


def resolve_for(viewer: Viewer, lines: Sequence[bytes]) -> list[str]:
    """The ids of the tracks that lines from a person mean, in the libraries that they can access."""
    return resolve_lines(lines, list(Library.objects.visible_to(viewer).order_by("pk")))


def places(line: bytes, libraries: Iterable[Library], base: tuple[Library, bytes] | None) -> Iterator[Place]:
    """Where the file of a line may be, the likeliest place first."""
    for spelling in spellings(line):
        if spelling.startswith(b"/"):
            for library in libraries:
                root = os.fsencode(library.path).rstrip(b"/") + b"/"
                if spelling.startswith(root):
                    yield from place(library, spelling[len(root) :])
            continue
        if base is not None:
            yield from place(base[0], base[1] + b"/" + spelling)
        for library in libraries:
            yield from place(library, spelling)


def place(library: Library, path: bytes) -> Iterator[Place]:
    """The place of a path relative to the root, unless it leads out of the library."""
    parts: list[bytes] = []
    for part in path.split(b"/"):
        if part == b"..":
            if not parts:
                return
            parts.pop()
        elif part not in (b"", b"."):
            parts.append(part)
    if parts:
        yield Place(library.pk, b"/".join(parts[:-1]), parts[-1])


def spellings(line: bytes) -> list[bytes]:
    """The bytes that a name may have on the disk: as written, composed, decomposed, or of a one-byte encoding."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("cp1252", "replace")
    forms = (unicodedata.normalize(form, text).encode("utf-8", "replace") for form in ("NFC", "NFD"))
    return list(dict.fromkeys((line, text.encode("utf-8", "replace"), *forms)))


def tracks_at(wanted: Iterable[Place]) -> Mapping[Place, str]:
    """The tracks at some places that no purge hides; where a file is missing, the row that it had."""
    by_key: dict[tuple[int, str], list[Place]] = {}
    for each in wanted:
        by_key.setdefault((each.library_id, path_key(each.folder)), []).append(each)
    folders: dict[str, tuple[int, str]] = {}
    for piece in chunks(sorted({key for _, key in by_key})):
        rows = Folder.objects.filter(path_key__in=piece, library__in={library for library, _ in by_key})
        folders.update((pk, (library, key)) for pk, library, key in rows.values_list("pk", "library_id", "path_key"))
    places_of = {pk: {each.name: each for each in by_key.get(place, ())} for pk, place in folders.items()}
    found: dict[Place, str] = {}
    for piece in chunks(sorted(pk for pk, names in places_of.items() if names)):
        names = sorted({name for pk in piece for name in places_of[pk]})
        for some in chunks(names):
            tracks = MediaFile.objects.in_catalog().filter(folder__in=piece, name_bytes__in=some)
            # a present track comes last, and so counts
            for pk, folder, name in tracks.order_by("-missing", "pk").values_list("pk", "folder_id", "name_bytes"):
                if (there := places_of[folder].get(bytes(name))) is not None:
                    found[there] = pk
    return found
