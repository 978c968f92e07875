"""Recorded answers of covers, lyrics, streams, downloads and conversions, compared with ours over the same tags.

Of bodies that are music or pictures the kind is compared, as the sound of the files is our own; of all others, all.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client
from imageio_ffmpeg import get_ffmpeg_exe
from pytest_django.fixtures import Settings

from libraries.gathering import gather
from libraries.models import Library, MediaFile
from listening.models import Playlist, PlaylistTrack
from media.covers.service import looks
from synth import make_png
from tests.conftest import Configure, MakeUser
from tests.recorded.library import make_library
from tests.recorded.test_catalog import PLACES, ids_by_label
from tests.support.catalog import SEEN
from tests.support.scans import scan
from users import app_passwords
from users.models import LibraryAccess, User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

RECORDED: list[dict[str, Any]] = json.loads(Path(__file__).with_name("media.json").read_text(encoding="utf-8"))
LYRICS = "[00:00.00]Start of song\n[00:01.00]Middle of song\n[00:01.50]End of song\n"
# what lies beside the music
FILES = {
    "main/Echo Park/EP One/02 Echo 2.lrc": f"[ti:Echo 2]\n[ar:Echo Park]\n[offset:100]\n{LYRICS}",
    'main/Iris/Single/01 Iris\'s "Single" & More.lrc': LYRICS,
}
PICTURES = (
    "main/Aurora Quartet/Night & Day/cover.png", "main/Aurora Quartet/artist.png",
    "main/Bell & Bow/First Light (1999)/cover.png", "main/Bell & Bow/artist.png",
    "main/Various Artists/Summer Mix/folder.png", "main/Echo Park/EP One/cover.png", "other/Mike/Solo/cover.png",
)  # fmt: skip
# what is meant to differ: the requests (a pattern of their names), the facts, and why
DIFFERENCES: tuple[tuple[str, set[str], str], ...] = (
    ("getCoverArt-ann-foreign", {"drawn", "error", "kept", "type"}, "what is not hers is as what does not exist"),
    ("getCoverArt-radio.*", {"drawn", "error", "kept", "type"}, "an empty id is a missing one"),
    ("getLyrics-plain|getLyricsBySongId-(enhanced-)?opening", {"body"}, "empty lines stay: they part the verses"),
    ("download-(album|artist|playlist).*", {"ranges"}, "an archive says that it has no ranges"),
    (".*-range-(bad|beyond)|stream-if-modified-since", {"range", "ranges"}, "a refusal says what could be asked for"),
    (".*-range-two", {"status", "type"}, "several ranges at once are answered with the whole"),
    ("download-(suite|transcoded)", {"name"}, "a colon stands in no name of a file on some systems"),
    (
        "stream-flac-(mp3-64|to-(nonsense|opus))|download-transcoded|getTranscodeStream-head",
        {"ranges"},
        "a converted song has ranges once it is in the cache, and is there sooner or later",
    ),
    ("stream-flac-to-aac", {"type"}, "ADTS can be sent while it is made, MP4 cannot"),
    ("getTranscodeDecision-get|getTranscodeStream-bad-token", {"error", "type"}, "the error is in the envelope, too"),
)


class Server:
    """Our server with the recorded library, asked by what things are called."""

    def __init__(self, users: Mapping[str, User]) -> None:
        self.users = users
        self.ids = ids_by_label() | {f"playlist {row.name}": row.pk for row in Playlist.objects.all()}

    def ask(self, asked: Mapping[str, Any], query: list[tuple[str, str]]) -> Any:
        user = self.users[asked["who"]]
        known = {"u": user.username, "p": app_passwords.app_password(user), "v": "1.16.1", "c": "test", "f": "json"}
        values = {**known, **dict(query)}
        url, headers = f"/rest/{asked['method']}", asked.get("headers", {})
        if asked["verb"] == "POST" and "body" in asked:
            return Client().post(
                url, json.dumps(asked["body"]), content_type="application/json", headers=headers, query_params=values
            )
        return getattr(Client(), asked["verb"].lower())(url, values, headers=headers)

    def answer(self, asked: Mapping[str, Any]) -> Any:
        """What we answer to a recorded request."""
        return self.ask(asked, [(key, self.value(asked, value)) for key, value in asked["query"]])

    def value(self, asked: Mapping[str, Any], value: Any) -> str:
        """A value of a query, with our ids, digests and tokens."""
        if value == "<jwt>":
            decision = next(each for each in RECORDED if each["name"] == "getTranscodeDecision-echo1")
            found = json.loads(content(self.answer(decision)))["subsonic-response"]["transcodeDecision"]
            return str(found["transcodeParams"])
        if isinstance(value, str):
            return value
        prefix, label, number, digest = value
        plain = f"{prefix}{'-' if prefix else ''}{self.ids[label]}{number}"
        if not digest:
            return plain
        if digest == "wrong":
            return f"{plain}_0"
        shown = self.ask({"who": "admin", "method": "getCoverArt", "verb": "GET"}, [("id", plain)])
        return f"{plain}_{shown['ETag'][1:].partition('-')[0]}"


def content(response: Any) -> bytes:
    if isinstance(response, HttpResponse):
        return response.content
    assert isinstance(response, StreamingHttpResponse)
    return b"".join(map(bytes, response))


def facts_of(asked: Mapping[str, Any], response: Any) -> dict[str, Any]:
    """What is compared of an answer."""
    body, kind = content(response), response.headers.get("Content-Type", "").partition(";")[0]
    facts: dict[str, Any] = {"status": response.status_code}
    if kind == "application/json" and b"subsonic-response" in body:
        found = json.loads(body)["subsonic-response"]
        if "error" in found:
            return {**facts, "error": found["error"]["code"]}
        envelope = ("status", "version", "type", "serverVersion", "openSubsonic")
        return {**facts, "body": {key: value for key, value in found.items() if key not in envelope}}
    if asked["method"] == "getCoverArt":
        facts["drawn"] = response.headers.get("ETag", "").startswith('"drawn')
        facts["kept"] = "immutable" in response.headers.get("Cache-Control", "")
        facts["type"] = "image" if kind.startswith("image/") else kind
        return facts
    facts["type"] = kind
    for key, header in (("ranges", "Accept-Ranges"), ("range", "Content-Range")):
        if header in response.headers:
            facts[key] = response.headers[header].partition("/")[0]
    facts |= {"name": name} if (name := name_in(response.headers.get("Content-Disposition", ""))) else {}
    return facts


def name_in(disposition: str) -> str:
    """The name of a download: the exact one, else the plain one."""
    exact = re.search(r"filename\*=UTF-8''(\S+)", disposition)
    plain = re.search(r'filename="(.*?)"', disposition)
    return unquote(exact[1]) if exact else plain[1] if plain else ""


def comparable(value: Any, key: str = "") -> Any:
    """A fact without what depends on the sound of the files, or is a secret: large numbers, bit rates, tokens."""
    if isinstance(value, dict):
        return {name: comparable(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [comparable(each) for each in value]
    if key in ("audioBitrate", "audioSamplerate", "transcodeParams"):
        return type(value).__name__
    if key == "range" and value is not None:
        return re.sub(r"\d{4,}", "N", value)
    return value


@pytest.fixture
def server(admin: User, make_user: MakeUser, tmp_path: Path, configure: Configure, settings: Settings) -> Server:
    settings.CACHE_FOLDER = tmp_path / "cache"
    configure(media=dataclasses.replace(settings.CONF.media, ffmpeg_path=get_ffmpeg_exe()))
    looks.forget()
    make_library(tmp_path)
    for place, text in FILES.items():
        (tmp_path / place).write_text(text, encoding="utf-8")
    for number, place in enumerate(PICTURES):
        (tmp_path / place).write_bytes(make_png(240, (10 * number, 200, 30)))
    for number, (name, place) in enumerate(PLACES.items(), 1):
        scan(Library.objects.create(pk=number, name=name, path=str(tmp_path / place)))
    gather(list(Library.objects.values_list("pk", flat=True)))
    ann = make_user("ann")
    LibraryAccess.objects.create(user=ann, library=Library.objects.get(name="Other"))
    for name in ("Private of admin", "Public & shared"):
        playlist = Playlist.objects.create(owner=admin, name=name, updated_at=SEEN)
        for position, track in enumerate(MediaFile.objects.order_by("path")[:4], 1):
            PlaylistTrack.objects.create(playlist=playlist, position=position, media_file=track)
    return Server({"admin": admin, "ann": ann})


def test_answers_are_as_recorded(server: Server) -> None:
    differing = {}
    for asked in RECORDED:
        mine = facts_of(asked, server.answer(asked))
        for key in sorted({*mine, *asked["answer"]}):
            pair = tuple(comparable({key: side.get(key)})[key] for side in (asked["answer"], mine))
            if pair[0] != pair[1]:
                differing[asked["name"], key] = pair
    unexpected = {place: pair for place, pair in differing.items() if reason_of(*place) is None}
    assert unexpected == {}, "\n".join(map(str, unexpected.items()))
    assert {reason_of(*place) for place in differing} == {reason for _, _, reason in DIFFERENCES}
    assert len(RECORDED) > 130


def reason_of(name: str, fact: str) -> str | None:
    """Why a fact is meant to differ; None where it is not."""
    return next((why for names, facts, why in DIFFERENCES if fact in facts and re.fullmatch(names, name)), None)
