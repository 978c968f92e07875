"""Answers of Navidrome's native API, recorded over a small library, compared with ours key by key over the same tags.

What is meant to differ is named below with its reason; everything else must be as it was recorded. Ids are opaque: both
sides name objects by what they are. Keys that are of a person, and those of pictures, are other tests'.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from rest_framework.test import APIClient

from libraries.gathering import gather
from libraries.models import Album, Artist, Library, MediaFile
from tests.conftest import MakeUser, SignIn
from tests.recorded.library import make_library
from tests.support.scans import scan
from users.models import LibraryAccess, User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

ANSWERS = Path(__file__).with_name("answers.json")
# what Navidrome's web client, Feishin and Navidrome-MCP send, and which keys of which types they were answered with;
# without those that are of a person or a picture, or fetched from elsewhere
REQUESTS = Path(__file__).with_name("requests.json")

# keys that are not compared, by kind; those of all kinds under an empty text
IGNORED = {
    "": {
        "id": "ids are opaque", "size": "the sound of the files is our own", "duration": "the same",
        "libraryPath": "another place", "createdAt": "the time of the scan",
    },
    "song": {
        "bitRate": "the sound of the files is our own", "sampleRate": "our generator has other rates",
        "bitDepth": "codecs without samples have none here", "channels": "our generator writes ASF in stereo only",
        "hasCoverArt": "pictures are another test's", "codec": "told for every format",
        "lyrics": "a scan keeps none: they are read when they are asked for", "birthTime": "the time of the scan",
        "bookmarkPosition": "of a person: another test's",
    },
    "album": {"importedAt": "the time of the scan"},
    "artist": {"updatedAt": "the time of the scan"},
    "tag": {"albumCount": "counted for every tag, there for genres only", "songCount": "the same"},
}  # fmt: skip
# what is meant to differ: the kind, the key, and which objects (a part of their name)
DIFFERENCES = {
    ("song", "releaseDate", ""): "the plain date of MP4 and WMA is no date of a release",
    ("song", "releaseYear", ""): "the same",
    ("album", "releaseDate", ""): "the same",
    ("song", "tags", "Windows Media/"): "genres stay in the order of the file",
    ("song", "genres", "Windows Media/"): "the same",
    ("song", "genre", "Windows Media/"): "the same",
}  # fmt: skip
# by which keys of the wire a list is in order, for each way to sort; lists by what is not here are in any order
ORDERS: dict[str, dict[str, tuple[str, ...]]] = {
    "song": {
        "title": ("orderTitle",), "artist": ("orderArtistName", "orderAlbumName"),
        "album": ("orderAlbumName",), "albumArtist": ("orderAlbumArtistName", "orderAlbumName"), "bpm": ("bpm",),
        "comment": ("comment",), "discNumber": ("discNumber",), "trackNumber": ("trackNumber",), "path": ("path",),
        "year": ("year",), "updatedAt": ("updatedAt",),
    },
    "album": {
        "name": ("orderAlbumName",), "artist": ("orderAlbumArtistName", "orderAlbumName"),
        "albumArtist": ("orderAlbumArtistName", "orderAlbumName"), "songCount": ("songCount",), "date": ("date",),
        "minYear": ("minYear",), "min_year": ("minYear",),
    },
    "artist": {
        "name": ("orderArtistName",), "songCount": ("songCount",), "albumCount": ("albumCount",),
    },
    "genre": {"name": ("name",)},
    "tag": {"tagName": ("tagName",)},
}  # fmt: skip
# lists that are meant to hold other objects: the kind and a part of the query
OTHER_LISTS = {
    ("song", "bpm=120"): "finds these songs; there nothing",
    ("song", "compilation=true"): "the same",
    ("album", "role_maincredit_id=artist Bell & Bow"): "the same",
    ("artist", "name=ca va"): "two words find an artist, as they find a song",
}


def label_of(kind: str, each: Mapping[str, Any]) -> str:
    """What an object is, whatever its id."""
    if kind == "song":
        return f"song {PLACES[each['libraryName']]}/{each['path']}"
    if kind == "album":
        place = PLACES[each["libraryName"]]
        return f"album {place}/{each['albumArtist']}/{each['name']}/{each.get('mbzAlbumId', '')}"
    if kind == "tag":
        return f"tag {each['tagName']}={each['tagValue']}"
    return f"tag genre={each['name']}" if kind == "genre" else f"artist {each['name']}"


def ids_by_label() -> dict[str, str]:
    """The ids of all songs, albums and artists by what they are, read from their rows."""
    found = {f"artist {artist.name}": artist.pk for artist in Artist.objects.all()}
    for row in MediaFile.objects.select_related("library"):
        found[f"song {PLACES[row.library.name]}/{row.path}"] = row.pk
    for album in Album.objects.select_related("library"):
        place = PLACES[album.library.name]
        found[f"album {place}/{album.album_artist}/{album.name}/{album.mbz_album_id}"] = album.pk
    return found


PLACES = {"Music Library": "main", "Other": "other"}
KINDS = ("song", "album", "artist", "genre", "tag")


def labelled(value: Any, names: Mapping[str, str]) -> Any:
    """The same with names for ids."""
    if isinstance(value, dict):
        return {key: labelled(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [labelled(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


class Ours:
    """Our answers over the library, and what each id stands for."""

    def __init__(self, clients: Mapping[str, APIClient]) -> None:
        self.clients = clients
        self.objects: dict[str, dict[str, Any]] = {}
        self.names: dict[str, str] = {}
        for kind in KINDS:
            found = clients["admin"].get(f"/api/{kind}").json()
            self.objects[kind] = {label_of(kind, each): each for each in found}
            self.names.update({each["id"]: label for label, each in self.objects[kind].items()})
        for folder in clients["admin"].get("/api/folder").json():
            self.names[folder["id"]] = f"folder {PLACES[folder['libraryName']]}/{folder['path'] or '.'}"
        self.ids = {label: pk for pk, label in self.names.items()}

    def ask(self, asked: Mapping[str, Any]) -> tuple[int, list[str]]:
        """The total and the names of a list."""
        query = [(key, self.ids.get(value, value)) for key, value in asked["query"]]
        answer = self.clients[asked["who"]].get(f"/api/{asked['kind']}", QUERY_STRING=urlencode(query))
        assert answer.status_code == 200, (query, answer.content)
        return int(answer["X-Total-Count"]), [self.names[each["id"]] for each in answer.json()]


@pytest.fixture
def ours(admin: User, make_user: MakeUser, sign_in: SignIn, tmp_path: Path) -> Ours:
    make_library(tmp_path)
    for number, (name, place) in enumerate(PLACES.items(), 1):
        scan(Library.objects.create(pk=number, name=name, path=str(tmp_path / place)))
    gather(list(Library.objects.values_list("pk", flat=True)))
    ann = make_user("ann")
    LibraryAccess.objects.create(user=ann, library=Library.objects.get(name="Other"))
    return Ours({"admin": sign_in(admin), "ann": sign_in(ann)})


def is_meant(kind: str, key: str, label: str) -> bool:
    return any(each[:2] == (kind, key) and each[2] in label for each in DIFFERENCES)


def without_sizes(stats: Any) -> Any:
    """Numbers by role without bytes; a main credit counted each song twice where an artist had both roles."""
    return {role: (each["songCount"], each["albumCount"]) for role, each in stats.items()}


def differing_keys(ours: Ours, recorded: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Each key of each object that is not as it was recorded."""
    for kind, objects in recorded["objects"].items():
        ignored = {*IGNORED[""], *IGNORED.get(kind, {})}
        for label, theirs in objects.items():
            mine = labelled(ours.objects[kind][label], ours.names)
            for key in sorted({*theirs, *mine} - ignored):
                pair = (theirs.get(key), mine.get(key))
                if key == "stats":
                    pair = (without_sizes(pair[0]), without_sizes(pair[1]))
                if pair[0] != pair[1] or (key in theirs) != (key in mine):
                    yield kind, key, label, *pair


def differing_lists(ours: Ours, recorded: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Each list that has another total, other objects, or another order; equal ones may come in any order."""
    for asked in recorded["lists"]:
        kind, query = asked["kind"], [f"{key}={value}" for key, value in asked["query"]]
        theirs = [recorded["names"][at] for at in asked["found"]]
        total, mine = ours.ask(asked)
        keys = ORDERS[kind].get(dict(map(tuple, asked["query"])).get("_sort", ""), ())
        orders = [[[ours.objects[kind][each].get(key) for key in keys] for each in side] for side in (theirs, mine)]
        is_whole = len(theirs) == asked["total"]
        same = sorted(mine) == sorted(theirs) if is_whole else len(mine) == len(theirs)
        if not same or total != asked["total"] or orders[0] != orders[1]:
            yield kind, tuple(query), asked["total"], total


# how the shapes of recorded answers call what Python's values are; a null says nothing, and a number may be whole
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "int": (int, float), "float": (int, float), "bool": (bool,), "list": (list,), "object": (dict,),
    "null": (object,),
}  # fmt: skip


def refused_requests(ours: Ours) -> Iterator[tuple[Any, ...]]:
    """Each request of a real client that is not answered with objects of the keys and types that it was answered with.

    Which of the optional keys an object has is compared above: here some object of its kind must have each.
    """
    recorded = json.loads(REQUESTS.read_text(encoding="utf-8"))
    for client, kind, label, query, shape in recorded["requests"]:
        address = f"/api/{kind}/{ours.ids[label]}" if label else f"/api/{kind}"
        asked = urlencode([(key, ours.ids.get(value, value)) for key, value in query])
        answer = ours.clients["admin"].get(address, QUERY_STRING=asked)
        if answer.status_code != 200:
            yield client, kind, asked, answer.status_code
            continue
        found = answer.json()
        objects = found if isinstance(found, list) else [found]
        for key, name in recorded["shapes"][shape].items():
            values = [each[key] for each in objects if key in each]
            known = any(key in each for each in ours.objects[kind].values())
            if not known or not all(isinstance(value, (*TYPES[name], type(None))) for value in values):
                yield client, kind, asked, key, name, values[:1]


def test_answers_are_as_recorded(ours: Ours) -> None:
    recorded = json.loads(ANSWERS.read_text(encoding="utf-8"))
    keys = list(differing_keys(ours, recorded))
    assert [each for each in keys if not is_meant(*each[:3])] == []
    assert {key[:2] for key in DIFFERENCES} == {each[:2] for each in keys}
    lists = list(differing_lists(ours, recorded))
    assert [each for each in lists if not any((each[0], part) in OTHER_LISTS for part in each[1])] == []
    assert len(lists) == len(OTHER_LISTS)
    assert sum(map(len, recorded["objects"].values())) > 150
    assert len(recorded["lists"]) > 350
    assert list(refused_requests(ours)) == []
