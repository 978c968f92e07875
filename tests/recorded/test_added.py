"""What people added to the small library: lists and objects as they were recorded, and what is meant to differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from libraries.gathering import gather
from libraries.models import Library
from listening.models import (
    AlbumAnnotation,
    ArtistAnnotation,
    Bookmark,
    Player,
    Playlist,
    PlaylistAnnotation,
    PlaylistTrack,
    PlayQueue,
    PlayQueueTrack,
    Radio,
    Scrobble,
    Share,
    ShareItem,
    TrackAnnotation,
    Transcoding,
)
from listening.rules.evaluate import refresh
from tests.conftest import MakeUser, SignIn
from tests.recorded.library import make_library
from tests.recorded.test_catalog import ORDERS, PLACES, ids_by_label
from tests.support.scans import scan
from users.models import LibraryAccess, User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("added.json").read_text(encoding="utf-8"))
FILES = {
    "main/Playlists/mix.m3u": "#EXTM3U\n#PLAYLIST:Mix from file\n"
    "../Bell & Bow/First Light (1999)/01 - The Opening.mp3\n../Various Artists/Summer Mix/02 Alpha & Beta.mp3\n"
    "../does/not/exist.mp3\n../Echo Park/EP One/01 Echo 1.opus\n",
    "main/Playlists/Ünïcode.m3u8": "../Ça Va/Été à Zürich/01 Été.m4a\n../Ça Va/Été à Zürich/03 夏の歌.m4a\n"
    "../Hotel Ω/Windows Media/01 Room 1.wma\n",
    "main/Playlists/rock.nsp": '{"name": "Rock by rule", "comment": "Everything rock, newest first",'
    ' "all": [{"is": {"genre": "Rock"}}, {"gt": {"year": 1990}}], "sort": "year", "order": "desc", "limit": 20}',
    "other/Playlists/other.m3u": "../Mike/Solo/01 Solo 1.flac\n../Lima/Audiobook/01 Chapter.mp3\n",
}  # fmt: skip
NOTES = {
    "song": (TrackAnnotation, "media_file"),
    "album": (AlbumAnnotation, "album"),
    "artist": (ArtistAnnotation, "artist"),
    "playlist": (PlaylistAnnotation, "playlist"),
}
# keys that are not compared, with the reason
IGNORED = {
    "id": "ids are opaque", "createdAt": "the time of the test", "updatedAt": "the same", "lastSeen": "the same",
    "duration": "the sound of the files is our own", "size": "the same", "evaluatedAt": "the time of the test",
    "path": "another place", "starredAt": "kept to the millisecond", "ratedAt": "the same", "expiresAt": "the same",
}  # fmt: skip
# what is meant to differ: who sees it, the key, and what
DIFFERENCES = {
    ("admin", "songCount", "playlist Rock by rule"): "a file of rules is carried out at once; there when it is opened",
    ("ann", "songCount", "playlist Public & shared"): "only songs that the reader can access count",
    ("ann", "songCount", "playlist Smart: loved"): "the same",
}
# the lists that are meant to hold other rows, or in another order: the resource, and a part of the query
OTHER_LISTS = {
    ("playlist", "smart=true"): "those with rules; there those without",
    ("playlist", "public=true"): "the public ones; there none",
    ("playlist", "_sort=songCount"): "the file of rules has songs",
    ("player", "_sort=name"): "without regard to case",
    ("transcoding", "_sort=command"): "commands are of admins",
    ("playlist/playlist Public & shared/tracks", ""): "only songs that the reader can access",
    ("playlist/playlist Smart: loved/tracks", ""): "the same",
}
# sorts that go by what differs, or by nothing that can be seen
UNSORTED = {"duration", "size", "updatedAt", "createdAt", "lastSeen", "random", "nonsense", "channels", "quality",
            "genre", "path", "libraryName", "mood", "id"}  # fmt: skip


def moment_of(text: str) -> datetime:
    """An instant that was recorded, in UTC, to the microsecond: `2026-11-28 16:39:10.994696133+00:00`, or with Z."""
    return datetime.fromisoformat(
        text.removesuffix("Z").removesuffix("+00:00")[:26].ljust(20, ".").ljust(26, "0") + "+00:00"
    )


class State:
    """The state that was recorded, in our tables."""

    def __init__(self, users: Mapping[str, User]) -> None:
        self.users = users
        self.ids = {f"user {name}": user.pk for name, user in users.items()} | ids_by_label()

    def fill(self, state: Mapping[str, list[dict[str, Any]]]) -> None:
        for row in state["playlists"]:
            self.add_playlist(row)
        for row in state["annotations"]:
            self.add_note(row)
        for row in state["scrobbles"]:
            Scrobble.objects.create(
                user=self.users[row["user"]], media_file_id=self.ids[row["song"]],
                submission_time=datetime.fromtimestamp(row["time"]).astimezone(),
            )  # fmt: skip
        for row in state["bookmarks"]:
            Bookmark.objects.create(
                user=self.users[row["user"]], media_file_id=self.ids[row["song"]], position=row["position"],
                comment=row["comment"],
            )  # fmt: skip
        for row in state["queues"]:
            queue = PlayQueue.objects.create(
                user=self.users[row["user"]], current=row["current_index"], position=row["position_ms"],
                changed_by=row["changed_by"],
            )  # fmt: skip
            for place, song in enumerate(row["songs"]):
                PlayQueueTrack.objects.create(queue=queue, position=place, media_file_id=self.ids[song])
        for row in state["shares"]:
            self.add_share(row)
        for row in state["radios"]:
            self.ids[f"radio {row['name']}"] = Radio.objects.create(**row).pk
        for row in state["players"]:
            player = Player.objects.create(
                user=self.users[row["userName"]], name=row["name"], client=row["client"], user_agent=row["userAgent"],
                ip=row["ip"],
            )  # fmt: skip
            self.ids[f"player {row['userName']} {row['client']}"] = player.pk
        self.ids.update({f"transcoding {row.target_format}": row.pk for row in Transcoding.objects.all()})

    def add_playlist(self, row: Mapping[str, Any]) -> None:
        name = row["name"]
        if row["file"]:
            found = Playlist.objects.get(name=name)
        else:
            found = Playlist.objects.create(
                owner=self.users[row["owner"]], name=name, comment=row["comment"], public=row["public"],
                rules=row["rules"], updated_at=timezone.now(),
            )  # fmt: skip
            for place, song in enumerate(row["tracks"] if row["rules"] is None else (), 1):
                PlaylistTrack.objects.create(playlist=found, position=place, media_file_id=self.ids[song])
        Playlist.objects.filter(pk=found.pk).update(created_at=moment_of(row["created_at"]))
        self.ids[f"playlist {name}"] = found.pk

    def add_note(self, row: Mapping[str, Any]) -> None:
        kind = row["item"].partition(" ")[0]
        notes, field = NOTES[kind]
        told = {key: row[key] for key in ("starred_at", "rated_at", "last")}
        moments = {key: moment and moment_of(moment) for key, moment in told.items()}
        notes._default_manager.create(
            user=self.users[row["user"]], play_count=row["plays"], play_date=moments["last"], rating=row["rating"],
            starred_at=moments["starred_at"], rated_at=moments["rated_at"], **{f"{field}_id": self.ids[row["item"]]},
        )  # fmt: skip

    def add_share(self, row: Mapping[str, Any]) -> None:
        share = Share.objects.create(
            user=self.users[row["username"]], resource_type=row["resourceType"], contents=row["contents"],
            description=row.get("description", ""), downloadable=row["downloadable"], format=row.get("format", ""),
            max_bit_rate=row.get("maxBitRate", 0), expires_at=moment_of(row["expiresAt"]),
        )  # fmt: skip
        for place, label in enumerate(row["resourceIds"].split(",")):
            ShareItem.objects.create(share=share, position=place, **{f"{row['resourceType']}_id": self.ids[label]})
        self.ids[row["id"]] = share.pk


class Ours:
    """Our answers, with names for ids."""

    def __init__(self, clients: Mapping[str, APIClient], ids: Mapping[str, str]) -> None:
        self.clients = clients
        self.ids = ids
        self.names = {pk: label for label, pk in ids.items()}
        self.objects: dict[str, dict[str, dict[str, Any]]] = {}
        for who in clients:
            for kind in ("song", "album", "artist", "playlist", "player", "share", "radio", "transcoding"):
                for each in self.ask(who, kind)[1]:
                    self.objects.setdefault(who, {})[self.label(each)] = each

    def label(self, each: Mapping[str, Any]) -> str:
        return self.names[each["id"]]

    def named(self, value: Any) -> Any:
        """A value with names for the ids in it."""
        if isinstance(value, str) and value:
            return ",".join(self.names.get(part, part) for part in value.split(","))
        return value

    def ask(self, who: str, path: str, query: list[list[str]] | None = None) -> tuple[int, Any]:
        asked = [(key, self.ids.get(value, value)) for key, value in query or []]
        answer = self.clients[who].get(f"/api/{path}", QUERY_STRING=urlencode(asked))
        assert answer.status_code == 200, (path, asked, answer.content)
        return int(answer.get("X-Total-Count", "-1")), answer.json()


def make_added(admin: User, make_user: MakeUser, tmp_path: Path) -> State:
    """The small library with all that people added to it."""
    make_library(tmp_path)
    for place, text in FILES.items():
        path = tmp_path / place
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for number, (name, place) in enumerate(PLACES.items(), 1):
        scan(Library.objects.create(pk=number, name=name, path=str(tmp_path / place)))
    gather(list(Library.objects.values_list("pk", flat=True)))
    users = {"admin": admin, "ann": make_user("ann"), "bob": make_user("bob")}
    LibraryAccess.objects.create(user=users["ann"], library=Library.objects.get(name="Other"))
    for library in Library.objects.all():
        LibraryAccess.objects.create(user=users["bob"], library=library)
    Transcoding.objects.all().delete()
    for label, row in RECORDED["objects"]["admin"].items():
        if label.startswith("transcoding "):
            Transcoding.objects.create(
                name=row["name"], target_format=row["targetFormat"], command=row["command"],
                default_bit_rate=row["defaultBitRate"],
            )  # fmt: skip
    state = State(users)
    state.fill(RECORDED["state"])
    for playlist in Playlist.objects.filter(rules__isnull=False):
        refresh(playlist, again=True)
    return state


@pytest.fixture
def ours(admin: User, make_user: MakeUser, sign_in: SignIn, tmp_path: Path) -> Ours:
    state = make_added(admin, make_user, tmp_path)
    return Ours({name: sign_in(state.users[name]) for name in ("admin", "ann")}, state.ids)


def differing_keys(ours: Ours) -> Iterator[tuple[Any, ...]]:
    """Each key of each object that is not as it was recorded."""
    for who, objects in RECORDED["objects"].items():
        for label, theirs in objects.items():
            mine = ours.objects[who].get(label, {})
            keys = set(theirs) | (
                set(mine) & PERSON if label.split(" ")[0] in ("song", "album", "artist") else set(mine)
            )
            for key in sorted(keys - set(IGNORED)):
                pair = theirs.get(key), ours.named(mine.get(key))
                if pair[0] != pair[1] or (key in theirs) != (key in mine):
                    yield who, key, label, *pair


PERSON = {"starred", "rating", "averageRating", "playCount", "playDate", "bookmarkPosition"}


def differing_lists(ours: Ours) -> Iterator[tuple[Any, ...]]:
    """Each list that has another total, other rows, or another order; equal ones may come in any order."""
    for asked in RECORDED["answers"]:
        who: str = asked["who"]
        kind, *rest = asked["path"]
        if "found" not in asked:
            continue
        path = "/".join([kind, *(ours.ids.get(part, part) for part in rest)])
        total, rows = ours.ask(who, path, asked["query"])
        query = dict(map(tuple, asked["query"]))
        if "tracks" in rest:
            mine = [row["id"] for row in rows]
            values = {row["id"]: row for row in rows}
        elif kind == "scrobble":
            mine = [f"{ours.names[row['mediaFileId']]} {row['submissionTime']}" for row in rows]
            values = {}
        else:
            mine = [ours.label(row) for row in rows]
            values = ours.objects[who]
        theirs = [" ".join(map(str, each)) if isinstance(each, list) else each for each in asked["found"]]
        sort = query.get("_sort", "")
        keys = ORDERS.get("song" if "tracks" in rest else kind, {}).get(sort, (camel(sort),))
        orders = [[[low(values.get(each, {}).get(key)) for key in keys] for each in side] for side in (theirs, mine)]
        ordered = kind == "scrobble" or sort in UNSORTED or not sort or orders[0] == orders[1]
        whole = len(theirs) == asked["total"]
        same = sorted(mine, key=str) == sorted(theirs, key=str) if whole else len(mine) == len(theirs)
        if not same or not ordered or total != asked["total"]:
            yield who, "/".join(asked["path"]), tuple("=".join(each) for each in asked["query"]), asked["total"], total


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def low(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value or 0


def test_answers_are_as_recorded(ours: Ours) -> None:
    keys = list(differing_keys(ours))
    assert [each for each in keys if each[:3] not in DIFFERENCES] == []
    assert {each[:3] for each in keys} == set(DIFFERENCES)
    lists = list(differing_lists(ours))
    meant = [(path, part) for _, path, query, _, _ in lists for part in (*query, "") if (path, part) in OTHER_LISTS]
    assert [each for each in lists if not any((each[1], part) in OTHER_LISTS for part in (*each[2], ""))] == []
    assert set(meant) == set(OTHER_LISTS)
    assert len(RECORDED["answers"]) > 240
    assert sum(map(len, RECORDED["objects"].values())) > 150


@pytest.mark.parametrize("who", ["admin", "ann"])
def test_the_queue_is_as_recorded(ours: Ours, who: str) -> None:
    (theirs,) = (each["object"] for each in RECORDED["answers"] if each["who"] == who and "object" in each)
    mine = ours.ask(who, "queue")[1]
    assert set(mine) == set(theirs)
    assert [ours.names[song["id"]] for song in mine["items"]] == theirs["items"]
    assert [mine[key] for key in ("current", "position", "changedBy")] == [
        theirs[key] for key in ("current", "position", "changedBy")
    ]
