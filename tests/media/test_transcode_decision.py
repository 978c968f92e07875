"""`getTranscodeDecision` and `getTranscodeStream`: what players say that they can play, and what they get."""

from __future__ import annotations

import dataclasses
import io
import json
import wave
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from imageio_ffmpeg import get_ffmpeg_exe
from pytest_django.fixtures import Settings

from libraries.models import Library, MediaFile
from media.transcoding.clients import ClientInfo
from navidrome_lib.errors import InvalidInput
from synth import Tone, Track, track_bytes
from tests.conftest import Configure
from tests.media.conftest import Get, MakeSong, body_of, error_of
from tests.support.catalog import make_track
from users import app_passwords
from users.models import User

pytestmark = pytest.mark.alike

# as the stock web client describes itself, shortened to one format
MP3_PLAYER: dict[str, Any] = {
    "name": "player",
    "platform": "test",
    "maxAudioBitrate": 320_000,
    "maxTranscodingAudioBitrate": 128_000,
    "directPlayProfiles": [
        {"containers": ["mp3"], "audioCodecs": ["mp3"], "protocols": ["http"], "maxAudioChannels": 2}
    ],
    "transcodingProfiles": [{"container": "mp3", "audioCodec": "mp3", "protocol": "http", "maxAudioChannels": 2}],
    "codecProfiles": [],
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, configure: Configure, settings: Settings) -> None:
    settings.CACHE_FOLDER = tmp_path / "cache"
    configure(media=dataclasses.replace(settings.CONF.media, ffmpeg_path=get_ffmpeg_exe()))


@pytest.fixture
def song(library: Library, make_song: MakeSong) -> MediaFile:
    content = track_bytes(Track(title="Song", tone=Tone(seconds=2.0)), "flac")
    facts = {"bit_rate": 107, "sample_rate": 44100, "bit_depth": 16, "channels": 2, "codec": "flac"}
    return make_song(library, "Ada/First/1.flac", content, **facts)


def decide(user: User, song: MediaFile | str, body: object = MP3_PLAYER, **query: str) -> dict[str, Any]:
    """The answer of `getTranscodeDecision`."""
    known = {"u": user.username, "p": app_passwords.app_password(user), "v": "1.16.1", "c": "test", "f": "json"}
    pk = song if isinstance(song, str) else song.pk
    parameters = "&".join(
        f"{key}={value}" for key, value in {**known, "mediaId": pk, "mediaType": "song", **query}.items()
    )
    data = body if isinstance(body, str) else json.dumps(body)
    response = Client().post(f"/rest/getTranscodeDecision?{parameters}", data, content_type="application/json")
    assert response.status_code == 200
    found: dict[str, Any] = response.json()["subsonic-response"]
    return found


def test_a_song_that_the_player_does_not_play(member: User, song: MediaFile) -> None:
    decision = decide(member, song)["transcodeDecision"]
    assert decision.pop("transcodeParams")
    assert decision == {
        "canDirectPlay": False,
        "canTranscode": True,
        "transcodeReason": ["container 'flac' not supported by profile [mp3/mp3]"],
        "sourceStream": {
            "protocol": "http", "container": "flac", "codec": "flac", "audioChannels": 2, "audioBitrate": 107_000,
            "audioSamplerate": 44_100, "audioBitdepth": 16,
        },
        "transcodeStream": {
            "protocol": "http", "container": "mp3", "codec": "mp3", "audioChannels": 2, "audioBitrate": 128_000,
            "audioSamplerate": 44_100,
        },
    }  # fmt: skip


def test_a_song_that_it_plays(member: User, library: Library, make_song: MakeSong, get: Get) -> None:
    song = make_song(library, "a.mp3", b"music" * 100, codec="mp3", bit_rate=64, sample_rate=44100, channels=2)
    decision = decide(member, song)["transcodeDecision"]
    assert (decision["canDirectPlay"], decision["canTranscode"]) == (True, False)
    assert "transcodeStream" not in decision
    query = {"mediaId": song.pk, "mediaType": "song", "transcodeParams": decision["transcodeParams"]}
    part = get("getTranscodeStream", member, headers={"Range": "bytes=5-9"}, **query)
    assert (part.status_code, body_of(part)) == (206, b"music")


def test_the_song_comes_as_it_was_decided(member: User, song: MediaFile, get: Get) -> None:
    decision = decide(member, song)["transcodeDecision"]
    query = {"mediaId": song.pk, "mediaType": "song", "transcodeParams": decision["transcodeParams"]}
    whole = get("getTranscodeStream", member, **query)
    assert (whole.status_code, whole["Content-Type"], whole["Accept-Ranges"]) == (200, "audio/mpeg", "none")
    data = body_of(whole)
    assert len(data) == pytest.approx(2.0 * 128_000 / 8, rel=0.1)
    later = body_of(get("getTranscodeStream", member, offset=1, **query))
    assert len(later) == pytest.approx(len(data) / 2, rel=0.1)


def test_refusals_of_the_stream_have_statuses(
    member: User, admin: User, song: MediaFile, other_library: Library, make_song: MakeSong, get: Get
) -> None:
    params = decide(member, song)["transcodeDecision"]["transcodeParams"]
    other = make_song(other_library, "a.mp3", b"music")
    query = {"mediaId": song.pk, "mediaType": "song", "transcodeParams": params}
    for change, status in (
        ({"mediaId": ""}, 400), ({"transcodeParams": ""}, 400), ({"mediaType": ""}, 400), ({"mediaId": "nope"}, 404),
        ({"mediaId": other.pk}, 404), ({"transcodeParams": "x"}, 410), ({"transcodeParams": params + "x"}, 410),
    ):  # fmt: skip
        assert get("getTranscodeStream", member, **{**query, **change}).status_code == status, change
    # of another song, also for one who may hear both
    assert get("getTranscodeStream", admin, **{**query, "mediaId": other.pk}).status_code == 410


def test_refusals_of_the_decision(member: User, song: MediaFile, other_library: Library, get: Get) -> None:
    foreign = make_track(other_library, "b.mp3", missing=False)
    assert decide(member, "nope")["error"] == decide(member, foreign)["error"]
    assert decide(member, "nope")["error"]["code"] == 70
    assert decide(member, song, mediaType="podcast")["error"]["code"] == 0
    for body in ("", "{", "[]", '"x"', "null", "9" * 5000):
        assert decide(member, song, body)["error"]["code"] == 0, body[:20]
    by_get = get("getTranscodeDecision", member, mediaId=song.pk, mediaType="song")
    assert (by_get.status_code, error_of(by_get)["code"], by_get["Allow"]) == (405, 0, "POST")


def test_a_body_of_another_type(member: User, song: MediaFile) -> None:
    """Not every player says what it sends: JSON is read whatever its name, and a form is refused by a sentence."""
    known = {"u": member.username, "p": app_passwords.app_password(member), "v": "1.16.1", "c": "test", "f": "json"}
    address = f"/rest/getTranscodeDecision?{urlencode({**known, 'mediaId': song.pk, 'mediaType': 'song'})}"
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/octet-stream"):
        answer = Client().post(address, json.dumps(MP3_PLAYER), content_type=content_type).json()["subsonic-response"]
        assert answer["status"] == "ok", content_type
    error = Client().post(address, {"name": "player"}).json()["subsonic-response"]["error"]
    assert error == {"code": 0, "message": "The body must be JSON that describes the player."}


def test_without_ffmpeg_it_says_so(member: User, song: MediaFile, configure: Configure, settings: Settings) -> None:
    configure(media=dataclasses.replace(settings.CONF.media, ffmpeg_path="/nowhere"))
    decision = decide(member, song)["transcodeDecision"]
    assert (decision["canDirectPlay"], decision["canTranscode"]) == (False, False)
    assert "no ffmpeg" in decision["errorReason"]
    assert "transcodeParams" not in decision


def plays(*containers: str, **more: Any) -> dict[str, Any]:
    """A player that plays files of these containers."""
    return {"directPlayProfiles": [{"containers": list(containers), **more}]}


AT_MOST_48_KHZ = {"name": "audioSamplerate", "comparison": "LessThanEqual", "values": ["48000"], "required": True}
FLAC_LIMITS = [{"type": "AudioCodec", "name": "flac", "limitations": [AT_MOST_48_KHZ]}]


@pytest.mark.parametrize(
    ("change", "facts", "expected"),
    [
        ({}, {}, "container 'flac'"),
        (plays("flac", audioCodecs=["*"], protocols=["http"]), {}, ""),
        (plays("flac", protocols=["hls"]), {}, "protocol"),
        (plays("flac", maxAudioChannels=2), {"channels": 6}, "6 audio channels"),
        ({"directPlayProfiles": []}, {}, "plays no file"),
        ({"maxAudioBitrate": 96_000}, {"suffix": "mp3", "codec": "mp3", "bit_rate": 128}, "bitrate 128000"),
        (plays("mp4", audioCodecs=["aac"]), {"suffix": "m4a", "codec": "aac"}, ""),
        (plays("m4a", audioCodecs=["aac"]), {"suffix": "m4a", "codec": "alac"}, "audio codec 'alac'"),
        (plays("ogg", audioCodecs=["opus"]), {"suffix": "opus", "codec": "opus"}, ""),
        ({**plays("flac"), "codecProfiles": FLAC_LIMITS}, {"sample_rate": 96_000}, "audioSamplerate 96000"),
        ({**plays("flac"), "codecProfiles": FLAC_LIMITS}, {"sample_rate": 44_100}, ""),
    ],
)
def test_reasons(library: Library, change: dict[str, Any], facts: dict[str, Any], expected: str) -> None:
    known = {"suffix": "flac", "codec": "flac", "bit_rate": 200, "channels": 2, "sample_rate": 44_100}
    track = make_track(library, "a", missing=False, **{**known, **facts})
    verdict = ClientInfo.of({**MP3_PLAYER, **change}).judge(track)
    assert verdict.is_direct == (not expected)
    assert expected in " ".join(verdict.reasons)


def limits(codec: str, **most: int) -> dict[str, Any]:
    """A player that takes no more than that of a codec."""
    each = [
        {"name": name, "comparison": "LessThanEqual", "values": [str(value)], "required": True}
        for name, value in most.items()
    ]
    return {"codecProfiles": [{"type": "AudioCodec", "name": codec, "limitations": each}]}


def makes(*formats: tuple[str, str]) -> dict[str, Any]:
    """A player that wants songs to be converted to these containers and codecs, the first one it can have."""
    return {
        "maxAudioBitrate": 0,
        "maxTranscodingAudioBitrate": 0,
        "transcodingProfiles": [
            {"container": container, "audioCodec": codec, "protocol": "http"} for container, codec in formats
        ],
    }


STUDIO = {"suffix": "wav", "codec": "pcm", "bit_rate": 4608, "channels": 2, "sample_rate": 96_000, "bit_depth": 24}
BOTH = makes(("flac", "flac"), ("mp3", "mp3"))


@pytest.mark.parametrize(
    ("change", "facts", "expected"),
    [
        (BOTH, {}, ("flac", 0, 0, 0, 0)),
        # what keeps all samples has no bit rate to choose: the next format
        ({**BOTH, "maxTranscodingAudioBitrate": 256_000}, {}, ("mp3", 256, 0, 48_000, 0)),
        ({**BOTH, "maxAudioBitrate": 256_000}, {}, ("mp3", 256, 0, 48_000, 0)),
        ({**BOTH, "maxTranscodingAudioBitrate": 5_000_000}, {}, ("flac", 0, 0, 0, 0)),
        # a lossy file grows when it is made lossless
        (
            {**BOTH, "maxTranscodingAudioBitrate": 256_000},
            {"suffix": "ogg", "codec": "vorbis", "bit_rate": 128, "sample_rate": 44_100, "bit_depth": 0},
            ("mp3", 128, 0, 0, 0),
        ),
        # the limits of a codec hold for what is made, too
        ({**BOTH, **limits("flac", audioSamplerate=48_000)}, {}, ("flac", 0, 0, 48_000, 0)),
        ({**BOTH, **limits("flac", audioBitdepth=16)}, {}, ("flac", 0, 0, 0, 16)),
        ({**BOTH, **limits("flac", audioBitdepth=8)}, {}, ("mp3", 192, 0, 48_000, 0)),
        ({**BOTH, **limits("flac", audioBitrate=1_000_000)}, {}, ("mp3", 192, 0, 48_000, 0)),
        ({**BOTH, **limits("flac", audioChannels=2)}, {"channels": 6}, ("flac", 0, 2, 0, 0)),
        ({**makes(("mp3", "mp3")), **limits("mp3", audioBitrate=100_000)}, {}, ("mp3", 96, 0, 48_000, 0)),
        ({**makes(("mp3", "mp3")), **limits("mp3", audioSamplerate=44_100)}, {}, ("mp3", 192, 0, 44_100, 0)),
        ({**makes(("mp3", "mp3")), **limits("mp3", audioSamplerate=1)}, {}, None),
        # of each codec, this server makes one container
        (makes(("mp4", "aac"), ("webm", "opus"), ("aac", "aac")), {}, ("aac", 192, 0, 0, 0)),
        (makes(("mp4", "aac")), {}, None),
        (makes(("ogg", "opus")), {}, ("opus", 128, 0, 48_000, 0)),
        (makes(("", "opus")), {}, ("opus", 128, 0, 48_000, 0)),
    ],
)
def test_what_is_made(
    library: Library, change: dict[str, Any], facts: dict[str, Any], expected: tuple[Any, ...] | None
) -> None:
    track = make_track(library, "a", missing=False, **{**STUDIO, **facts})
    verdict = ClientInfo.of({**MP3_PLAYER, **change}).judge(track)
    made = verdict.recipe
    found = made and (made.target.name, made.bit_rate, made.channels, made.sample_rate, made.bit_depth)
    assert found == expected
    assert bool(verdict.error) == (expected is None)


def test_a_depth_that_the_player_takes(member: User, library: Library, make_song: MakeSong, get: Get) -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setparams((2, 3, 44_100, 0, "NONE", ""))
        made.writeframes(bytes(range(6)) * 44_100)
    song = make_song(library, "a.wav", file.getvalue(), **{**STUDIO, "sample_rate": 44_100})
    decision = decide(member, song, {**MP3_PLAYER, **BOTH, **limits("flac", audioBitdepth=16)})["transcodeDecision"]
    assert (decision["sourceStream"]["audioBitdepth"], decision["transcodeStream"]["audioBitdepth"]) == (24, 16)
    assert "audioBitrate" not in decision["transcodeStream"], "it follows from the music"
    query = {"mediaId": song.pk, "mediaType": "song", "transcodeParams": decision["transcodeParams"]}
    data = body_of(get("getTranscodeStream", member, **query))
    # the bits of a sample, less one, are in the header of the file
    header = int.from_bytes(data[18:26], "big")
    assert (data[:4], (header >> 36) & 31) == (b"fLaC", 15)


def test_nonsense_about_a_player_harms_nobody(library: Library) -> None:
    track = make_track(library, "a.flac", missing=False, suffix="flac")
    values: tuple[Any, ...] = (
        None,
        [],
        "x",
        3,
        {"a": []},
        [None, 3, {"containers": 3}],
        [[]] * 1000,
        float("inf"),
        -5,
        True,
    )
    for nonsense in values:
        for key in MP3_PLAYER:
            ClientInfo.of({**MP3_PLAYER, key: nonsense}).judge(track)
    with pytest.raises(InvalidInput):
        ClientInfo.of([])
