"""`/rest/download` with `format` and `bitrate`: by a real ffmpeg."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path
from typing import Any

import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from pytest_django.fixtures import Settings

from libraries.models import Library, MediaFile
from media.limits import MediaLimits
from media.transcoding.jobs import TranscodeFailed
from media.transcoding.slots import take_slot
from synth import Tone, Track, track_bytes
from tests.conftest import Configure
from tests.media.conftest import Get, MakeSong, body_of, unpacked
from tests.support.limits import change_limits
from users.models import User

pytestmark = pytest.mark.alike

SECONDS = 2.0


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, configure: Configure, settings: Settings) -> None:
    settings.CACHE_FOLDER = tmp_path / "cache"
    change_limits(settings, MediaLimits, slot_seconds=0.1)
    configure(media=dataclasses.replace(settings.CONF.media, ffmpeg_path=get_ffmpeg_exe(), max_transcodes=1))


def song(make_song: MakeSong, library: Library, number: int, form: str, **fields: Any) -> MediaFile:
    content = track_bytes(Track(title="Song", tone=Tone(seconds=SECONDS)), form)
    known = {"duration": SECONDS, "codec": form, "bit_rate": 900, "sample_rate": 44100}
    facts = {**known, "title": f"Song {number}", "track_number": number, **fields}
    return make_song(library, f"Ada/First/{number}.{form}", content, **facts)


@pytest.fixture
def album(library: Library, make_song: MakeSong) -> str:
    """Two lossless songs, and one that is small enough as it is."""
    first = song(make_song, library, 1, "flac")
    song(make_song, library, 2, "mp3", bit_rate=48)
    song(make_song, library, 3, "wav", codec="pcm")
    return str(first.album_ref_id)


def is_mp3_of(data: bytes, kbit: int) -> bool:
    """Whether it is MPEG audio of about that bit rate."""
    return data.startswith(b"ID3") and abs(len(data) * 8 / SECONDS / 1000 - kbit) < kbit / 4


def test_an_album_in_another_format(get: Get, member: User, library: Library, album: str) -> None:
    answer = get("download", member, id=album, format="mp3", bitrate=64)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert "Content-Length" not in answer.headers
    assert answer["Content-Disposition"] == 'attachment; filename="First.zip"'
    found = unpacked(body_of(answer))
    assert list(found) == ["01 - Song 1.mp3", "02 - Song 2.mp3", "03 - Song 3.mp3"]
    assert [is_mp3_of(found[name], 64) for name in ("01 - Song 1.mp3", "03 - Song 3.mp3")] == [True, True]
    assert found["02 - Song 2.mp3"] == Path(library.path, "Ada/First/2.mp3").read_bytes()
    # what is in the cache by now is the same
    assert unpacked(body_of(get("download", member, id=album, format="mp3", bitrate=64))) == found
    head = get("download", member, id=album, format="mp3", bitrate=64, method="head")
    assert (head.status_code, "Content-Length" in head.headers, body_of(head)) == (200, False, b"")


def test_without_wishes_it_is_as_it_lies_on_the_disk(get: Get, member: User, library: Library, album: str) -> None:
    for wishes in ({}, {"format": "raw", "bitrate": 64}):
        answer = get("download", member, id=album, **wishes)
        data = body_of(answer)
        assert answer["Content-Length"] == str(len(data))
        assert unpacked(data)["01 - Song 1.flac"] == Path(library.path, "Ada/First/1.flac").read_bytes()


def test_one_song(get: Get, member: User, library: Library, make_song: MakeSong) -> None:
    lossless = song(make_song, library, 1, "flac")
    answer = get("download", member, id=lossless.pk, format="mp3", bitrate=64)
    assert is_mp3_of(body_of(answer), 64)
    assert (answer["Content-Type"], answer["Content-Disposition"]) == (
        "audio/mpeg",
        'attachment; filename="Song 1.mp3"',
    )


def test_it_waits_for_others_that_are_being_converted(get: Get, member: User, album: str, settings: Settings) -> None:
    folder = settings.CACHE_FOLDER / "transcode-slots"
    slot = take_slot(folder, "another", most=1, most_each=1, seconds=0)
    timer = threading.Timer(1.0, slot.release)
    timer.start()
    assert len(unpacked(body_of(get("download", member, id=album, format="mp3", bitrate=64)))) == 3
    timer.join()


def test_a_song_that_cannot_be_converted_cuts_the_archive(
    get: Get, member: User, library: Library, make_song: MakeSong, album: str
) -> None:
    make_song(
        library, "Ada/First/4.flac", b"fLaC" + bytes(4000), title="Broken", duration=2.0, codec="flac", track_number=4
    )
    with pytest.raises(TranscodeFailed):
        body_of(get("download", member, id=album, format="mp3", bitrate=64))
