"""`/rest/stream` in other formats: by a real ffmpeg, within limits, from the cache the second time."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from imageio_ffmpeg import get_ffmpeg_exe
from pytest_django.fixtures import Settings

from libraries.models import Library, MediaFile
from media.limits import MediaLimits
from media.transcoding.decisions import decide
from media.transcoding.formats import TARGETS
from media.transcoding.preferences import Preference, register_preferences, withdraw_preferences
from media.transcoding.responses import transcoding_cache
from navidrome_lib.viewer import Viewer
from synth import Tone, Track, track_bytes
from tests.conftest import Configure
from tests.media.conftest import Get, MakeSong, body_of, endless, error_of
from tests.support.catalog import make_track
from tests.support.limits import change_limits
from tests.support.waiting import eventually
from users.models import User

pytestmark = pytest.mark.alike

SECONDS = 3.0
FFMPEG = get_ffmpeg_exe()
ALL = 3


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, configure: Configure, settings: Settings) -> None:
    """A cache and slots of its own for each test, and ffmpeg."""
    settings.CACHE_FOLDER = tmp_path / "cache"
    change_limits(settings, MediaLimits, slot_seconds=0.2)
    configure(media=dataclasses.replace(settings.CONF.media, ffmpeg_path=FFMPEG, max_transcodes=ALL))


@pytest.fixture
def song(library: Library, make_song: MakeSong) -> MediaFile:
    """A lossless song."""
    return made(make_song, library, "flac")


def made(make_song: MakeSong, library: Library, form: str, seconds: float = SECONDS, **fields: Any) -> MediaFile:
    content = track_bytes(Track(title="Song", tone=Tone(seconds=seconds)), form)
    known = {"duration": seconds, "codec": form, "bit_rate": 900, "sample_rate": 44100}
    return make_song(library, f"Ada/First/{form}-{seconds}.{form}", content, **{**known, **fields})


def probe(data: bytes, folder: Path) -> tuple[object, ...]:
    """The codec of a song and its length in seconds, as ffmpeg hears it to its end."""
    file = folder / "made"
    file.write_bytes(data)
    command = [FFMPEG, "-hide_banner", "-nostdin", "-i", str(file), "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    codec = said.partition("Audio: ")[2].partition(",")[0].split()[0]
    hours, minutes, rest = said.rpartition("time=")[2].split()[0].split(":")
    return codec, int(hours) * 3600 + int(minutes) * 60 + float(rest)


@pytest.mark.parametrize(("form", "codec"), [("mp3", "mp3"), ("opus", "opus"), ("aac", "aac"), ("flac", "flac")])
def test_the_whole_song_in_each_format(
    get: Get, member: User, library: Library, make_song: MakeSong, tmp_path: Path, form: str, codec: str
) -> None:
    song = made(make_song, library, "flac" if form != "flac" else "wav")
    response = get("stream", member, id=song.pk, format=form)
    assert (response.status_code, response["Content-Type"]) == (200, TARGETS[form].content_type)
    assert (response["Accept-Ranges"], "Content-Length" in response.headers) == ("none", False)
    assert response["X-Content-Duration"] == "3"
    found = probe(body_of(response), tmp_path)
    assert found == (codec, pytest.approx(SECONDS, abs=0.15))


@pytest.mark.parametrize("form", ["mp3", "m4a", "opus", "vorbis", "wav", "aiff"])
def test_every_format_is_read(
    get: Get, member: User, library: Library, make_song: MakeSong, tmp_path: Path, form: str
) -> None:
    suffix = {"vorbis": "ogg"}.get(form, form)
    content = track_bytes(Track(title="Song", tone=Tone(seconds=SECONDS)), form if form != "vorbis" else "ogg")
    song = make_song(library, f"a.{suffix}", content, duration=SECONDS, bit_rate=900)
    target = "mp3" if form != "mp3" else "opus"
    found = probe(body_of(get("stream", member, id=song.pk, format=target)), tmp_path)
    assert found == (target, pytest.approx(SECONDS, abs=0.2))


def test_the_second_time_it_comes_from_the_cache_with_ranges(get: Get, member: User, song: MediaFile) -> None:
    first = body_of(get("stream", member, id=song.pk, format="mp3", maxBitRate=64))
    assert eventually(lambda: list(transcoding_cache().folder.glob("*/*[0-9a-f]")), seconds=10)
    again = get("stream", member, id=song.pk, format="mp3", maxBitRate=64)
    assert (again["Accept-Ranges"], again["Content-Length"], body_of(again)) == ("bytes", str(len(first)), first)
    part = get("stream", member, id=song.pk, format="mp3", maxBitRate=64, headers={"Range": "bytes=100-199"})
    assert (part.status_code, body_of(part)) == (206, first[100:200])
    head = get("stream", member, id=song.pk, format="mp3", maxBitRate=64, method="head")
    assert head["Content-Length"] == str(len(first))
    known = {"If-None-Match": again["ETag"]}
    assert get("stream", member, id=song.pk, format="mp3", maxBitRate=64, headers=known).status_code == 304
    # another bit rate is another file
    assert len(body_of(get("stream", member, id=song.pk, format="mp3", maxBitRate=128))) > 1.5 * len(first)


def test_an_offset_begins_later(get: Get, member: User, song: MediaFile, tmp_path: Path) -> None:
    data = body_of(get("stream", member, id=song.pk, format="mp3", timeOffset="1.5"))
    assert probe(data, tmp_path)[1] == pytest.approx(SECONDS - 1.5, abs=0.15)
    whole = get("stream", member, id=song.pk, timeOffset=1)
    assert whole["Content-Type"] == "audio/flac", "without converting there is no offset"


def test_an_announced_length_is_kept_to(get: Get, member: User, song: MediaFile, tmp_path: Path) -> None:
    for form in ("mp3", "opus", "aac"):
        response = get("stream", member, id=song.pk, format=form, estimateContentLength="true")
        data = body_of(response)
        assert len(data) == int(response["Content-Length"])
        assert probe(data.rstrip(b"\0"), tmp_path)[1] == pytest.approx(SECONDS, abs=0.15)


def test_loudness_is_evened_out_on_wish(
    get: Get, member: User, library: Library, make_song: MakeSong, tmp_path: Path
) -> None:
    song = made(make_song, library, "flac", rg_track_gain=-12.0, rg_track_peak=0.9)
    loud, quiet = (
        volume(body_of(get("stream", member, id=song.pk, format="flac", replayGain=kind)), tmp_path)
        for kind in ("", "track")
    )
    assert loud - quiet == pytest.approx(12.0, abs=0.3)


def volume(data: bytes, folder: Path) -> float:
    """The mean volume of a song in dB."""
    file = folder / "heard"
    file.write_bytes(data)
    command = [FFMPEG, "-hide_banner", "-nostdin", "-i", str(file), "-af", "volumedetect", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return float(said.partition("mean_volume: ")[2].split()[0])


class TestLimits:
    """How many songs are converted, and for how long."""

    def listen(self, get: Get, user: User, song: MediaFile, offset: float) -> StreamingHttpResponse:
        response = get("stream", user, id=song.pk, format="mp3", maxBitRate=320, timeOffset=offset)
        assert isinstance(response, StreamingHttpResponse)
        return response

    @pytest.fixture
    def long_song(self, library: Library, make_song: MakeSong) -> MediaFile:
        """A song that takes ffmpeg longer than the test."""
        return endless(make_song, library)

    def test_of_one_person_and_of_all(self, get: Get, member: User, admin: User, long_song: MediaFile) -> None:
        listeners = [self.listen(get, member, long_song, offset) for offset in (1, 2)]
        refused = get("stream", member, id=long_song.pk, format="mp3", maxBitRate=320, timeOffset=3)
        assert (refused.status_code, refused["Retry-After"]) == (429, "5")
        assert "as one person may" in error_of(refused)["message"]
        listeners.append(self.listen(get, admin, long_song, 4))
        refused = get("stream", admin, id=long_song.pk, format="mp3", maxBitRate=320, timeOffset=5)
        assert (refused.status_code, "as one person" in error_of(refused)["message"]) == (429, False)
        # who listens to the same listens along, and who plays a file as it is needs no slot
        listeners.append(self.listen(get, member, long_song, 4))
        assert get("stream", member, id=long_song.pk).status_code == 200
        for listener in listeners:
            listener.take_source().close()  # type: ignore[attr-defined]
        self.listen(get, member, long_song, 6).take_source().close()  # type: ignore[attr-defined]

    def test_nobody_listens_any_more(self, get: Get, member: User, long_song: MediaFile) -> None:
        first, second = (self.listen(get, member, long_song, 1) for _ in range(2))
        source = first.take_source()  # type: ignore[attr-defined]
        second.take_source().close()  # type: ignore[attr-defined]
        assert children() == 1, "one listens still"
        source.close()
        assert eventually(lambda: children() == 0, seconds=10)
        assert eventually(lambda: not list(transcoding_cache().folder.glob("*/*")), seconds=10), (
            "half a song is no song"
        )


def children() -> int:
    """The number of processes of ffmpeg that this one has."""
    found = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:
            continue
        name, _, rest = text.partition("(")[2].rpartition(")")
        del name
        found += rest.split()[1] == str(os.getpid()) and "ffmpeg" in text and rest.split()[0] != "Z"
    return found


class TestDecisions:
    """What is played as it is, and what is converted to what."""

    @pytest.mark.parametrize(
        ("suffix", "bit_rate", "asked", "limit", "expected"),
        [
            ("flac", 900, "", 0, None),
            ("flac", 900, "raw", 64, None),
            ("flac", 900, "flac", 0, None),
            ("flac", 900, "", 1000, None),
            ("mp3", 128, "", 192, None),
            ("mp3", 128, "mp3", 128, None),
            ("opus", 64, "ogg", 0, None),
            ("flac", 900, "", 64, ("opus", 64)),
            ("flac", 900, "mp3", 0, ("mp3", 192)),
            ("flac", 900, "mp3", 999, ("mp3", 320)),
            ("flac", 900, "wav", 0, ("opus", 128)),
            ("opus", 70, "mp3", 0, ("mp3", 70)),
            ("mp3", 320, "mp3", 96, ("mp3", 96)),
            ("wav", 1411, "flac", 0, ("flac", 0)),
        ],
    )
    def test_by_format_and_bit_rate(
        self, library: Library, suffix: str, bit_rate: int, asked: str, limit: int, expected: tuple[str, int] | None
    ) -> None:
        track = make_track(library, f"a.{suffix}", missing=False, suffix=suffix, bit_rate=bit_rate, codec=suffix)
        recipe = decide(track, format_name=asked, max_bit_rate=limit, offset=0)
        assert (recipe and (recipe.target.name, recipe.bit_rate)) == expected

    def test_without_ffmpeg_all_is_played_as_it_is(
        self, get: Get, member: User, song: MediaFile, configure: Configure, settings: Settings
    ) -> None:
        for change in ({"ffmpeg_path": "/nowhere/ffmpeg"}, {"max_transcodes": 0}):
            configure(media=dataclasses.replace(settings.CONF.media, **change))
            response = get("stream", member, id=song.pk, format="mp3", maxBitRate=64)
            assert (response.status_code, response["Content-Type"]) == (200, "audio/flac")
            body_of(response)


class TestPreferences:
    """What a person has set for a player, which another app knows."""

    @pytest.fixture
    def phone(self) -> Iterator[None]:
        """A phone that gets MP3 of at most 96 kbit/s."""

        def finder(viewer: Viewer, client: str, user_agent: str) -> Preference | None:
            return Preference("mp3", 96) if (client, user_agent) == ("phone", "app/1") else None

        register_preferences(finder)
        yield
        withdraw_preferences(finder)

    @pytest.mark.parametrize(
        ("query", "content_type"),
        [
            ({}, "audio/mpeg"),
            ({"format": "opus"}, "audio/ogg"),
            ({"format": "raw"}, "audio/flac"),
            ({"c": "desktop"}, "audio/flac"),
        ],
    )
    def test_they_count_where_the_player_says_nothing(
        self, get: Get, member: User, song: MediaFile, phone: None, query: dict[str, str], content_type: str
    ) -> None:
        asked = {"c": "phone", **query}
        response = get("stream", member, id=song.pk, headers={"User-Agent": "app/1"}, **asked)
        assert response["Content-Type"] == content_type
        body_of(response)

    def test_the_limit_counts_in_any_case(self, get: Get, member: User, song: MediaFile, phone: None) -> None:
        agent = {"User-Agent": "app/1"}
        sizes = [
            len(body_of(get("stream", member, id=song.pk, headers=agent, c="phone", maxBitRate=rate)))
            for rate in (320, 64)
        ]
        assert sizes[0] == pytest.approx(SECONDS * 96_000 / 8, rel=0.1)
        assert sizes[1] == pytest.approx(SECONDS * 64_000 / 8, rel=0.1)


class TestHostileFiles:
    """What is no audio gets nothing out of ffmpeg."""

    def test_a_playlist_that_is_called_a_song_reads_no_other_file(
        self, get: Get, member: User, library: Library, make_song: MakeSong, tmp_path: Path
    ) -> None:
        secret = tmp_path / "secret.wav"
        secret.write_bytes(track_bytes(Track(title="x", tone=Tone(seconds=1)), "wav"))
        lines = (
            f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n",
            f"ffconcat version 1.0\nfile '{secret}'\n",
        )
        for number, text in enumerate(lines):
            song = make_song(library, f"{number}.mp3", text.encode(), bit_rate=900)
            response = get("stream", member, id=song.pk, format="opus")
            with pytest.raises(OSError, match="could not be converted"):
                body_of(response)

    def test_a_song_that_is_damaged_from_the_beginning_is_cut(
        self, get: Get, member: User, library: Library, make_song: MakeSong
    ) -> None:
        song = make_song(library, "broken.flac", b"fLaC" + bytes(500), bit_rate=900)
        with pytest.raises(OSError, match="could not be converted"):
            body_of(get("stream", member, id=song.pk, format="mp3"))
        assert not list(transcoding_cache().folder.glob("*/*")), "nothing of it is kept"
