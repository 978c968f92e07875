"""What was recorded of Navidrome's Subsonic API besides: a member's lists, calls that change something, and XML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from django.test import Client

from tests.conftest import PASSWORD
from tests.subsonic.schema import check_answer

MORE: dict[str, Any] = json.loads(Path(__file__).with_name("subsonic_more.json").read_text(encoding="utf-8"))
ENVELOPE = {"version", "type", "serverVersion", "openSubsonic"}


# what is meant to differ besides, with the reason: the method and the key, either of which may be any
MORE_DIFFERENCES: dict[tuple[str, str], str] = {
    ("", "public"): "sent even where it is false",
    ("", "changed"): "the time of the test",
    ("", "expires"): "kept to the millisecond",
    ("", "validUntil"): "rules are carried out when their list is opened: no answer gets old",
    ("", "readonly"): "an admin may change the lists of others",
    ("getPlaylists", "playlist[]"): "`username` chooses a person's; there it is ignored",
    ("", "songCount"): "what the person can access; a file of rules is carried out at once",
    (
        "getPlaylist",
        "entry[]",
    ): "of several with one year any comes first; songs are left out that a person cannot access",
    ("getShares", "description"): "empty where none was given; there the name of the first thing",
    ("createShare", "description"): "the same",
    ("getShares", "entry[]"): "an artist is shared by songs; those that the owner can access",
    ("", "url"): "another server, and another address of each share",
    ("", "position"): "sent even where it is 0",
    ("getNowPlaying", "entry[]"): "songs that the person cannot access are not told",
    ("getNowPlaying", "positionMs"): "the player has gone on meanwhile, here and there",
    ("getLyrics", "lyrics[]"): "an empty line stays",
    ("getUser", ""): "an admin may ask for anybody; roles say what a person may do here; there are no addresses",
    ("getUsers", ""): "the same, and an admin sees all; there only the own account",
    ("getScanStatus", ""): "no worker is there: scans wait, and one of a test is quick",
    ("startScan", ""): "the same",
    ("setRating", ""): "a rating is a number from 0 to 5",
    ("getSong", "averageRating"): "6 and -1 are no ratings",
    ("createBookmark", ""): "a parameter that is missing is named",
    ("updateInternetRadioStation", ""): "what does not exist is an error; there it comes to be",
    ("getInternetRadioStations", "internetRadioStation[]"): "the same",
    ("getInternetRadioStations", "homePageUrl"): "what an update leaves out stays; there it is emptied",
    ("getBookmarks", "bookmark[]"): "the latest first",
    ("getBookmarks", "comment"): "left out where there is none",
    ("getPlaylist", "played"): "the time of the test",
    ("updateShare", "code"): "what is not the caller's does not exist for them",
    ("deleteShare", "code"): "the same",
    ("getStarred2", "song[]"): "what was starred by one call may come in any order",
}


def ask(asked: Mapping[str, Any], ids: Mapping[str, str], *, is_xml: bool) -> Any:
    """The answer to a recorded call, which its person signs in to by the login password, without the envelope."""
    told = [(key, ids.get(value, value)) for key, value in asked["query"]]
    form = "xml" if is_xml else "json"
    signed = {"u": asked["who"], "p": PASSWORD, "v": "1.16.1", "c": "golden", "f": form}
    response = Client().get(f"/rest/{asked['method']}", QUERY_STRING=urlencode([*signed.items(), *told]))
    assert check_answer(f"/rest/{asked['method']}", response)
    answer = tree(ElementTree.fromstring(response.content)) if is_xml else response.json()["subsonic-response"]
    return {key: value for key, value in answer.items() if key not in ENVELOPE}


def bind(theirs: Any, mine: Any, ids: dict[str, str]) -> None:
    """Note the ids of what was made: `new playlist w084` is the one that stands there in our answer."""
    if isinstance(theirs, dict) and isinstance(mine, dict):
        if str(theirs.get("id", "")).startswith("new ") and "id" in mine:
            ids.setdefault(theirs["id"], mine["id"])
        for key in theirs.keys() & mine.keys():
            bind(theirs[key], mine[key], ids)
    elif isinstance(theirs, list) and isinstance(mine, list):
        for pair in zip(theirs, mine, strict=False):
            bind(*pair, ids)


def tree(node: ElementTree.Element) -> Any:
    """An element of XML as JSON would have it, with every value a text and every element in a list."""
    text = (node.text or "").strip()
    if text and not node.attrib:
        return text
    found: dict[str, Any] = {**node.attrib, **({"value": text} if text else {})}
    for child in node:
        found.setdefault(child.tag.rpartition("}")[2], []).append(tree(child))
    return found
