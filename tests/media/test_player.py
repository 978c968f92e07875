"""A player and a real server: it seeks, loses the connection and resumes; many play while few threads answer."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from libraries.models import Library, MediaFile
from navidrome_lib.runner.services import WEB_WORKER
from synth import Tone, Track, track_bytes
from tests.media.conftest import MakeSong, endless
from tests.support.nginx import documented, nginx
from tests.support.processes import database_url
from tests.support.waiting import eventually
from tests.support.web import Web, read_all, web_server
from users import api_keys
from users.models import User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

LISTENERS = 60
SIZE = 6 * 1024 * 1024


@contextmanager
def serving(folder: Path, **environ: str) -> Iterator[Web]:
    options = ("--threads=2", "--graceful-timeout=2")
    known = {"ND_DATAFOLDER": str(folder / "data"), "DATABASE_URL": database_url(), **environ}
    with web_server(folder, "navidrome_lib.wsgi:application", WEB_WORKER, *options, environ=known) as found:
        yield found


@pytest.fixture
def music() -> bytes:
    """A file that plays for a second or so, and then some: large enough for no buffer."""
    return track_bytes(Track(title="Song"), "mp3").ljust(SIZE, b"\x55")


@pytest.fixture
def song(library: Library, make_song: MakeSong, music: bytes) -> MediaFile:
    return make_song(library, "Ada/First/10% – Song.mp3", music)


@pytest.fixture
def address(member: User, song: MediaFile) -> str:
    """What a player is given."""
    key = api_keys.create_key(member, name="player", scope="read")[1]
    return f"/rest/stream?id={song.pk}&apiKey={key}&v=1.16.1&c=test"


def ask(address: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {address} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


def read_answer(client: socket.socket, most: int | None = None) -> tuple[dict[str, str], bytes]:
    """The head and the body of one answer, or of the body as much as `most`."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += client.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    found = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    found["status"] = lines[0].split()[1]
    while len(body) < min(int(found["content-length"]), most or SIZE):
        body += client.recv(1024 * 1024)
    return found, body


def read_all_of(client: socket.socket, size: int) -> bytes:
    """As many bytes."""
    found = b""
    while len(found) < size:
        found += client.recv(256 * 1024)
    return found


def test_a_player_seeks_loses_the_connection_and_resumes(
    tmp_path: Path, song: MediaFile, address: str, music: bytes
) -> None:
    with serving(tmp_path) as web:
        with web.connect(ask(address), room=64 * 1024) as client:
            head, heard = read_answer(client, SIZE // 3)
        assert (head["status"], head["content-type"]) == ("200", "audio/mpeg")
        assert len(heard) < SIZE, "the connection was lost in the middle"
        resume = (f"Range: bytes={len(heard)}-", f"If-Range: {head['etag']}")
        with web.connect(ask(address, *resume)) as client:
            more, rest = read_answer(client)
            assert more["status"] == "206"
            assert heard + rest == music
            client.sendall(ask(address, "Range: bytes=1000000-1000099"))
            sought, part = read_answer(client)
        assert (sought["status"], part) == ("206", music[1_000_000:1_000_100])
        # the file is another one meanwhile: it is not glued together
        Path(song.library.path, song.path).write_bytes(bytes(SIZE))
        with web.connect(ask(address, *resume)) as client:
            again, whole = read_answer(client)
        assert (again["status"], whole) == ("200", bytes(SIZE))


def test_many_listeners_hold_no_thread(tmp_path: Path, address: str, music: bytes) -> None:
    with serving(tmp_path) as web, contextlib.ExitStack() as stack:
        players = [stack.enter_context(web.connect(ask(address), room=64 * 1024)) for _ in range(LISTENERS)]
        for player in players:
            head, beginning = read_answer(player, 100_000)
            assert (head["status"], beginning) == ("200", music[: len(beginning)])
        assert all(b" 200 OK" in web.ask("/api/keepalive/") for _ in range(5))
        assert read_all_of(players[-1], SIZE - len(beginning)) == music[len(beginning) :]


def test_a_file_that_is_cut_off_never_looks_whole(tmp_path: Path, song: MediaFile, address: str) -> None:
    with serving(tmp_path) as web, web.connect(ask(address, "Connection: close"), room=64 * 1024) as client:
        head, beginning = read_answer(client, 1000)
        Path(song.library.path, song.path).write_bytes(b"")
        rest = b""
        with contextlib.suppress(ConnectionResetError):
            rest = read_all(client)
        assert len(beginning) + len(rest) < int(head["content-length"])


def test_nginx_sends_the_file(tmp_path: Path, library: Library, address: str, music: bytes) -> None:
    """As docs/operating.md says."""
    with serving(tmp_path, ND_SENDFILESBY="x-accel-redirect") as web:
        location = documented("/protected/").replace("/srv/music", library.path)
        location = location.replace("/protected/1/", f"/protected/{library.pk}/")
        location += f"location /rest/ {{ proxy_pass http://127.0.0.1:{web.port}; }}"
        with nginx(tmp_path / "nginx", location) as port, socket.create_connection(("127.0.0.1", port), 30) as client:
            client.sendall(ask(address, "Range: bytes=1000000-"))
            head, part = read_answer(client)
            assert (head["status"], part) == ("206", music[1_000_000:])
            assert "x-accel-redirect" not in head
            client.sendall(ask(f"/protected/{library.pk}/Ada/First/10%25%20%E2%80%93%20Song.mp3"))
            assert read_answer(client)[0]["status"] == "404"


def test_a_listener_plays_an_album_and_leaves_nothing_behind(
    tmp_path: Path, library: Library, member: User, make_song: MakeSong
) -> None:
    """By ffmpeg itself: as it is, then converted, from the middle; then one goes in the middle of a song."""
    program = get_ffmpeg_exe()
    key = api_keys.create_key(member, name="player", scope="read")[1]
    tone = Tone(seconds=20.0)
    songs = [
        make_song(library, f"Ada/{form}.{form}", track_bytes(Track(title=form, tone=tone), form), duration=20.0)
        for form in ("flac", "mp3")
    ]
    with serving(tmp_path, ND_FFMPEGPATH=program) as web:
        for song, query, seconds in (
            (songs[0], "", 20.0), (songs[1], "", 20.0), (songs[0], "&format=mp3", 20.0),
            (songs[0], "&format=opus&timeOffset=12", 8.0), (songs[1], "&format=aac&maxBitRate=64", 20.0),
        ):  # fmt: skip
            url = f"http://127.0.0.1:{web.port}/rest/stream?id={song.pk}&apiKey={key}&v=1.16.1&c=test{query}"
            command = [program, "-hide_banner", "-nostdin", "-i", url, "-f", "null", "-"]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
            heard = said.rpartition("time=")[2].split()[0]
            assert float(heard.rpartition(":")[2]) == pytest.approx(seconds, abs=0.3), said
        hours = f"/rest/stream?id={endless(make_song, library).pk}&apiKey={key}&v=1.16.1&c=test&format=mp3"
        with web.connect(ask(hours), room=64 * 1024) as client:
            assert b"Transfer-Encoding: chunked" in client.recv(4096)
            assert converting(web.worker()) == 1
        assert eventually(lambda: converting(web.worker()) == 0, seconds=10), "nobody listens any more"


def converting(parent: int) -> int:
    """The number of ffmpeg that a process runs."""
    rows = subprocess.check_output(["ps", "-eo", "ppid=,stat=,args="], text=True).splitlines()
    fields = [row.split(None, 2) for row in rows]
    return sum(int(row[0]) == parent and row[1][0] != "Z" and "ffmpeg" in row[2] for row in fields if len(row) > 2)
