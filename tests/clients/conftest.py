"""A running server with music and people, for client libraries that other people wrote."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from libraries.gathering import gather
from libraries.models import Album, Library, LibraryArtist, MediaFile
from libraries.search.index import index_everything
from synth import Tone, Track, track_bytes
from tests.conftest import PASSWORD, Configure
from tests.media.conftest import MakeSong, make_song
from tests.support.not_run import say_not_run
from users.models import User

__all__ = ["make_song"]

ADVICE = "client programs are not installed: tests/clients/install FOLDER, then set ND_CLIENTS to that folder"


@dataclass(frozen=True)
class Shop:
    """Where the server is, what is on it, and its admin."""

    url: str
    user: User
    songs: list[MediaFile]
    library: Library
    password: str = PASSWORD

    @property
    def host(self) -> str:
        return f"http://{urlsplit(self.url).hostname}"

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 80

    @property
    def album(self) -> str:
        return str(self.songs[0].album_ref_id)

    @property
    def artist(self) -> str:
        return str(self.songs[0].artists.all()[0].pk)


@pytest.fixture
def shop(
    transactional_db: None, live_server: LiveServer, admin: User, library: Library, make_song: MakeSong,
    configure: Configure, settings: Settings,
) -> Shop:  # fmt: skip
    media = dataclasses.replace(settings.CONF.media, ffmpeg_path=get_ffmpeg_exe())
    configure(enable_sharing=True, media=media)
    content = track_bytes(Track("Song", tone=Tone(seconds=1.0)), "flac")
    facts = {"duration": 1.0, "bit_rate": 700, "sample_rate": 44100, "channels": 2, "codec": "flac", "year": 2020}
    songs = [make_song(library, f"Ada/First/0{number} Song.flac", content, **facts) for number in (1, 2)]
    Path(library.path, "Ada/First/01 Song.txt").write_text("Words", encoding="utf-8")
    LibraryArtist.objects.update_or_create(
        library=library, artist=songs[0].artists.all()[0], defaults={"song_count": 2, "album_count": 1}
    )
    gather([library.pk])
    Album.objects.update(song_count=2, duration=2.0)
    index_everything()
    return Shop(live_server.url, admin, songs, library)


class Calls:
    """A client whose calls are noted, to see at the end that none was forgotten."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.made: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.made.add(name)
        return getattr(self.client, name)

    def refused(self, name: str, *arguments: Any, words: str = "", **options: Any) -> None:
        """A call that the client reports as an error of the server, with its sentence."""
        with pytest.raises(Exception) as error:  # noqa: PT011 - each library has its own
            getattr(self, name)(*arguments, **options)
        assert words.lower() in f"{error.value} {error.value.args}".lower(), repr(error.value)


def offered(kind: type, without: Callable[[str], bool] = lambda name: False) -> set[str]:
    """The names of all methods that a client has for people."""
    names = (name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name)))
    return {name for name in names if not without(name)}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it when the programs beside the test environment did not run."""
    if any("test_outside_programs" in report.nodeid for report in terminalreporter.stats.get("skipped", ())):
        say_not_run(terminalreporter, "CLIENT PROGRAMS", ADVICE)
