"""A song that can be played, and calls of `/rest` for it."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client

from libraries.models import Album, Library, MediaFile
from synth import Tone, Track, track_bytes
from tests.support.catalog import make_track
from users import app_passwords
from users.models import User

SONG = bytes(range(256)) * 400
LARGE_WAV = 0x7FFFFF00
PATH = "Ada/First/01 – Étude.mp3"

Get = Callable[..., Any]
MakeSong = Callable[..., MediaFile]


@pytest.fixture
def make_song() -> MakeSong:
    """A track with its file: `make_song(library, path, content, **fields)`."""

    def make(library: Library, path: str, content: bytes, **fields: Any) -> MediaFile:
        file = Path(library.path, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        facts = file.stat()
        known = {"size": facts.st_size, "mtime_ns": facts.st_mtime_ns, "suffix": file.suffix[1:], "missing": False}
        track = make_track(library, path, **{**known, **fields})
        Album.objects.filter(pk=track.album_ref_id).update(song_count=F("song_count") + 1)
        return track

    return make


@pytest.fixture
def song(library: Library, make_song: MakeSong) -> MediaFile:
    """A song of the member's library."""
    return make_song(library, PATH, SONG, title="Étude “1/2”", duration=2.5)


@pytest.fixture
def get() -> Get:
    """`get("stream", user, id=…, headers={…}, method="head")` as a client of `/rest` asks."""

    def ask(name: str, user: User, *, headers: dict[str, str] | None = None, method: str = "get", **query: Any) -> Any:
        known = {"u": user.username, "p": app_passwords.app_password(user), "v": "1.16.1", "c": "test", "f": "json"}
        return getattr(Client(), method)(f"/rest/{name}", {**known, **query}, headers=headers or {})

    return ask


def body_of(response: HttpResponseBase) -> bytes:
    """The whole body, drawn or not; Django's client closes it behind its last byte."""
    if isinstance(response, HttpResponse):
        return response.content
    assert isinstance(response, StreamingHttpResponse)
    return b"".join(map(bytes, response))


def unpacked(data: bytes) -> dict[str, bytes]:
    """The files of an archive that is whole."""
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.testzip() is None
        return {name: found.read(name) for name in found.namelist()}


def error_of(response: HttpResponseBase) -> dict[str, Any]:
    """The error of a refusal."""
    assert isinstance(response, HttpResponse)
    found: dict[str, Any] = response.json()["subsonic-response"]["error"]  # type: ignore[attr-defined]
    return found


def endless(make_song: MakeSong, library: Library) -> MediaFile:
    """A song that takes ffmpeg longer than a test: hours of silence, a WAV that is mostly a hole in its file."""
    whole = bytearray(track_bytes(Track(title="x", tone=Tone(seconds=1.0)), "wav"))
    at = whole.index(b"data")
    whole[at + 4 : at + 8] = whole[4:8] = LARGE_WAV.to_bytes(4, "little")
    song = make_song(library, "endless.wav", bytes(whole), duration=12_000.0, codec="pcm", bit_rate=1411)
    os.truncate(Path(library.path, "endless.wav"), LARGE_WAV)
    return song
