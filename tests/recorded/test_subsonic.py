"""Answers of Navidrome's Subsonic API, recorded over the small library, compared with ours key by key.

What is meant to differ is named below with its reason. Ids are opaque: both sides name objects by what they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from libraries.models import MediaFile
from tests.conftest import Configure, MakeUser
from tests.recorded.subsonic_more import ENVELOPE, MORE, MORE_DIFFERENCES, ask, bind
from tests.recorded.test_added import State, make_added, moment_of
from tests.subsonic.conftest import credentials
from tests.subsonic.schema import check_answer
from users.models import User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("subsonic.json").read_text(encoding="utf-8"))
Difference = tuple[str, str, Any, Any]
REQUESTS: dict[str, Any] = json.loads(Path(__file__).with_name("subsonic_requests.json").read_text(encoding="utf-8"))
COVER = re.compile(r"([a-z]{2})-([0-9A-Za-z]{22})(:\d+)?(_[0-9a-f]+)?")
# keys that are not compared
IGNORED = {
    "size": "the sound of the files is our own", "duration": "the same", "bitRate": "the same",
    "samplingRate": "our generator has other rates", "bitDepth": "codecs without samples have none here",
    "channelCount": "our generator writes ASF in stereo only", "created": "the time of the scan",
    "lastModified": "the same", "starred": "kept to the millisecond", "message": "our own words",
}  # fmt: skip
# what is meant to differ, with the reason: the method and the key, either of which may be any
DIFFERENCES: dict[tuple[str, str], str] = {
    ("", "coverArt"): "known to be absent there; ours are looked for when they are asked for",
    ("", "artistImageUrl"): "pictures have no public address",
    ("getAlbumInfo", "smallImageUrl"): "the same",
    ("getAlbumInfo", "mediumImageUrl"): "the same",
    ("getAlbumInfo", "largeImageUrl"): "the same",
    ("getAlbumInfo2", "smallImageUrl"): "the same",
    ("getAlbumInfo2", "mediumImageUrl"): "the same",
    ("getAlbumInfo2", "largeImageUrl"): "the same",
    ("", "userRating"): "left out where there is none: 0 breaks strict clients",
    ("", "releaseDate"): "the plain date of MP4 and WMA is no date of a release",
    ("", "genre"): "genres stay in the order of the file",
    ("", "genres[]"): "the same",
    ("getMusicDirectory", "albumCount"): "sent even where it is 0",
    ("getTopSongs", "song"): "songs that are not played yet come behind those that are",
    ("search3", "artist[]"): "all that the person can see; there the page is cut before what is hidden is left out",
    ("getArtistInfo", "similarArtist"): "known without any foreign service",
    ("getArtistInfo2", "similarArtist"): "the same",
    ("getTopSongs", "song[]"): "the same",
    ("getArtists", "index[]"): "what begins with no letter is below #",
    ("getIndexes", "index[]"): "the same",
}


def expanded(value: Any, objects: list[Any]) -> Any:
    """An answer as it was recorded: an object that comes in several answers is kept once."""
    if isinstance(value, list):
        return [expanded(each, objects) for each in value]
    if isinstance(value, dict):
        known = objects[value["$"]] if "$" in value else None
        return expanded(known, objects) if known else {k: expanded(v, objects) for k, v in value.items()}
    return value


class Ours:
    """Our answers, with names for ids."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.names = {pk: label for label, pk in state.ids.items()}

    def ask(self, who: str, method: str, query: Sequence[Sequence[str]]) -> Any:
        asked = [(key, self.state.ids.get(value, value)) for key, value in query]
        told = urlencode([*credentials(self.state.users[who]).items(), *asked])
        response = Client().get(f"/rest/{method}", QUERY_STRING=told)
        assert check_answer(f"/rest/{method}", response)
        answer = response.json()["subsonic-response"]
        return self.named({key: value for key, value in answer.items() if key not in ENVELOPE})

    def replay(self, asked: Mapping[str, Any]) -> Any:
        """The answer to a request of a client, signed in as an admin."""
        told = [(key, self.state.ids.get(value, value)) for key, value in asked["query"]]
        signed = {**credentials(self.state.users["admin"]), **dict(told)}
        query = urlencode([*told, *((key, value) for key, value in signed.items() if key not in dict(told))])
        if asked["http"] == "POST":
            form = "application/x-www-form-urlencoded"
            response = Client().post(asked["path"], query, content_type=form)
        else:
            response = Client().get(asked["path"], QUERY_STRING=query)
        assert check_answer(asked["path"], response)
        return response.json()["subsonic-response"]

    def named(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.named(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.named(each) for each in value]
        if isinstance(value, str):
            cover = COVER.fullmatch(value)
            if cover and cover[2] in self.names:
                return f"{cover[1]}-{self.names[cover[2]]}{cover[3] or ''}"
            return self.names.get(value, value)
        return value


@pytest.fixture
def ours(admin: User, make_user: MakeUser, configure: Configure, tmp_path: Path) -> Ours:
    configure(enable_sharing=True)
    return Ours(make_added(admin, make_user, tmp_path))


# whole answers that are meant to differ: the method, and a part of the query
OTHER_ANSWERS = {
    ("getGenres", "musicFolderId=1"): "counted in that library; there the parameter is ignored",
    ("getGenres", "musicFolderId=2"): "the same",
    ("getGenres", "musicFolderId=99"): "there is no such library",
    ("getMusicDirectory", "id=1"): "a music folder is a directory, too",
    ("getSongsByGenre", ""): "a parameter that is missing is named",
    ("getAlbum", ""): "the same",
    ("getArtist", ""): "the same",
    ("getSong", ""): "the same",
    ("getMusicDirectory", ""): "the same",
    ("getAlbumList2", "size=0"): "none; there all",
    ("search3", "musicFolderId=1"): "albums are counted in that library",
    ("search3", "musicFolderId=2"): "the same",
}

# lists of chance, and those that are in another order: the method, or the type of the list
UNORDERED = {"getRandomSongs", "getSimilarSongs", "getSimilarSongs2", "search2", "search3", "getSongsByGenre", "random",
             "newest"}  # fmt: skip
CHANCE = {"getRandomSongs", "getSimilarSongs", "getSimilarSongs2", "random"}
# what lists are in order of, by their type; equal ones may come in any order
ORDERS = {
    "alphabeticalByName": "sortName", "alphabeticalByArtist": "artist", "frequent": "playCount", "recent": "played",
    "highest": "userRating", "byYear": "year", "byGenre": "sortName",
}  # fmt: skip
# keys whose lists are in any order
SETS = {"contributors", "roles"}
# objects that are compared as a whole
WHOLE = {"releaseDate", "originalReleaseDate", "replayGain"}


class Comparison:
    """One recorded answer, and ours."""

    def __init__(self, asked: Mapping[str, Any], *, is_xml: bool = False) -> None:
        # what is sent even where it is empty; in XML Navidrome leaves out more of that
        self.empty: tuple[Any, ...] = ([], "", "0", "false", [{}]) if is_xml else ([],)
        self.method: str = asked["method"]
        self.query = dict(asked["query"])
        self.kind = self.query.get("type", "")

    def differences(self, theirs: Any, mine: Any, key: str = "", label: str = "") -> Iterator[Difference]:
        """Where two values differ: the key, the object that has it, and both values."""
        if key not in WHOLE and isinstance(theirs, dict) and isinstance(mine, dict):
            label = str(mine.get("id", label))
            for name in sorted({*theirs, *mine} - set(IGNORED)):
                if name not in theirs and mine[name] in self.empty:
                    continue
                yield from self.differences(theirs.get(name), mine.get(name), name, label)
        elif isinstance(theirs, list) and isinstance(mine, list):
            yield from self.differing_lists(theirs, mine, key, label)
        elif comparable(theirs) != comparable(mine):
            yield key, label, theirs, mine

    def differing_lists(self, theirs: list[Any], mine: list[Any], key: str, label: str) -> Iterator[Difference]:
        """Lists that were cut say how many there were, and mostly which."""
        cut = theirs[-1] if theirs and isinstance(theirs[-1], dict) and "cut" in theirs[-1] else None
        shown = theirs[:-1] if cut else theirs
        ids = cut["ids"] if cut else [id_of(each) for each in shown]
        total = cut["cut"] if cut else len(shown)
        ours = [id_of(each) for each in mine]
        known = dict(zip(ours, mine, strict=True))
        if total != len(mine) or (ids and not self.is_same(ids, ours, known, key)):
            yield f"{key}[]", label, ids or total, ours
        for each in shown:
            if id_of(each) in known:
                yield from self.differences(each, known[id_of(each)], key, label)

    def is_same(self, theirs: list[Any], mine: list[Any], known: Mapping[Any, Any], key: str) -> bool:
        """Whether two lists have the same objects, as far as their order decides which, in the same order."""
        if key in SETS:
            return sorted(theirs) == sorted(mine)
        if self.method in CHANCE or self.kind in CHANCE:
            return True
        if self.method in UNORDERED or self.kind in UNORDERED:
            return len(mine) >= self.limit(key) or sorted(theirs) == sorted(mine)
        by = "songCount" if key == "genre" else ORDERS.get(self.kind) if key == "album" else None
        if by is None:
            return theirs == mine
        # where a page ends, one of several equal ones is on it
        both = set(theirs) & set(mine)
        if set(theirs) != set(mine) and len(mine) < self.limit(key):
            return False
        orders = [[known[each].get(by) for each in side if each in both] for side in (theirs, mine)]
        return orders[0] == orders[1]

    def limit(self, key: str) -> int:
        """How many objects the answer may have of this kind."""
        told = self.query.get("size") or self.query.get("count") or self.query.get(f"{key}Count")
        return int(told or (20 if self.method.startswith("search") else 10))


def comparable(value: Any) -> Any:
    """The same moment or number, however it is written."""
    if isinstance(value, str) and MOMENT.fullmatch(value):
        return moment_of(value)
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return float(value)
    if isinstance(value, dict):
        return {key: comparable(each) for key, each in value.items()}
    return value


NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,9})?")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


def id_of(each: Any) -> Any:
    """What an object of a list is."""
    if not isinstance(each, dict):
        return each
    if "artist" in each and "role" in each:
        artist = each["artist"][0] if isinstance(each["artist"], list) else each["artist"]
        return f"{each['role']} {each.get('subRole', '')} {artist['id']}"
    if "entry" in each and "position" in each:  # a bookmark
        entry = each["entry"][0] if isinstance(each["entry"], list) else each["entry"]
        return f"bookmark of {entry['id']}"
    return str(each.get("id") or each.get("name") or each.get("value") or each.get("disc") or each.get("username"))


def all_differences(ours: Ours) -> Iterator[tuple[Any, ...]]:
    for asked in RECORDED["answers"]:
        mine = ours.ask(asked["who"], asked["method"], asked["query"])
        theirs = expanded(asked["answer"], RECORDED["objects"])
        for found in Comparison(asked).differences(theirs, mine):
            yield asked["method"], *found, asked["who"], asked["query"]


def more_differences(ours: Ours) -> Iterator[tuple[Any, ...]]:
    """As `all_differences`, of the other recorded calls in their order: reads, the same as XML, then writes."""
    for kind in ("reads", "xml", "writes"):
        if kind == "writes":
            # as long as those that were recorded: half of one is a play
            MediaFile.objects.update(duration=3.0)
        for asked in MORE[kind]:
            theirs = expanded(asked["answer"], MORE["objects"])
            mine = ask(asked, ours.state.ids, is_xml=kind == "xml")
            bind(theirs, mine, ours.state.ids)
            ours.names.update({pk: label for label, pk in ours.state.ids.items()})
            for found in Comparison(asked, is_xml=kind == "xml").differences(theirs, ours.named(mine)):
                yield asked["method"], *found, asked["who"], asked["query"]


def reasons_for(
    found: Sequence[tuple[Any, ...]], meant: Mapping[tuple[str, str], str], others: Mapping[tuple[str, str], str]
) -> set[tuple[str, str]]:
    """The entries of the tables that the differences are meant by; each of these is meant by one."""
    reasons: dict[int, tuple[str, str]] = {}
    for place, (method, key, *_, query) in enumerate(found):
        told = tuple(map("=".join, query)) or ("",)
        entries = [(name, kind) for name in (method, "") for kind in (key, "")]
        known = [each for each in entries if each in meant]
        known += [(method, part) for part in told if (method, part) in others]
        if known:
            reasons[place] = known[0]
    assert [each for place, each in enumerate(found) if place not in reasons] == []
    return set(reasons.values())


# how the shapes of recorded answers call what Python's values are; a number may be whole
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "int": (int, float), "float": (int, float), "bool": (bool,), "object": (dict,), "list": (list,),
}  # fmt: skip


def other_types(shape: Any, value: Any, place: str) -> Iterator[str]:
    """Where a value has another type than it had in a recorded answer; keys that may be absent are compared above."""
    if isinstance(shape, dict) and isinstance(value, dict):
        for key in shape.keys() & value.keys():
            yield from other_types(shape[key], value[key], f"{place}/{key}")
    elif isinstance(shape, list) and isinstance(value, list):
        for each in value if shape else ():
            yield from other_types(shape[0], each, place)
    elif not isinstance(shape, str) or not isinstance(value, TYPES[shape]):
        yield f"{place}: {shape} {value!r}"


def refused_requests(ours: Ours) -> Iterator[tuple[Any, ...]]:
    """Each request of a real client that is not answered as it was, with values of the same types."""
    for asked in REQUESTS["requests"]:
        answer = ours.replay(asked)
        shape = REQUESTS["shapes"][asked["shape"]]
        if answer.get("error", {"code": 0})["code"] != asked["error"] or not set(shape) <= set(answer):
            yield asked["client"], asked["path"], asked["query"], answer.get("error")
        for each in other_types(shape, answer, ""):
            yield asked["client"], asked["path"], asked["query"], each


def test_answers_are_as_recorded(ours: Ours) -> None:
    assert reasons_for(list(all_differences(ours)), DIFFERENCES, OTHER_ANSWERS) == {*DIFFERENCES, *OTHER_ANSWERS}
    assert len(RECORDED["answers"]) > 250
    # what airsonic-refix, Feishin, Navidrome's web client and libraries of several languages send
    assert list(refused_requests(ours)) == []
    assert len(REQUESTS["requests"]) > 100
    more = reasons_for(list(more_differences(ours)), DIFFERENCES | MORE_DIFFERENCES, OTHER_ANSWERS)
    assert more >= set(MORE_DIFFERENCES)
