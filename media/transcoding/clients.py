"""What a player says that it can play, in the words of `getTranscodeDecision`, and what follows for a song."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from libraries.models import MediaFile
from media.transcoding.decisions import can_transcode
from media.transcoding.ffmpeg import MISSING, Recipe
from media.transcoding.fitting import BIT_DEPTH, BIT_RATE, CHANNELS, KBIT, SAMPLE_RATE, fitted
from media.transcoding.formats import TARGETS
from navidrome_lib.errors import InvalidInput

# of one list in what a player says; no player has more
_MOST: Final = 200
# names by which players know the same container, and the same codec
_CONTAINERS: Final[tuple[frozenset[str], ...]] = (
    frozenset({"mp4", "m4a", "m4b", "m4r", "f4a", "alac", "mov"}),
    frozenset({"ogg", "oga", "opus", "spx"}),
    frozenset({"aac", "adts"}),
    frozenset({"wav", "wave"}),
    frozenset({"aif", "aiff", "aifc"}),
    frozenset({"wma", "asf"}),
    frozenset({"mka", "webm", "weba", "matroska"}),
)
_CODECS: Final[tuple[frozenset[str], ...]] = (
    frozenset({"pcm", "wav", "lpcm", "pcm_s16le", "pcm_s24le"}),
    frozenset({"aac", "mp4a"}),
    frozenset({"wma", "wmav2"}),
)


@dataclass(frozen=True)
class Verdict:
    """What is to become of a song: played as it is, or by a recipe, or neither; with the reasons against the first."""

    is_direct: bool
    recipe: Recipe | None
    reasons: tuple[str, ...]
    error: str = ""


@dataclass(frozen=True)
class ClientInfo:
    """What a player can play. Bit rates in bit/s, 0 is any."""

    max_bit_rate: int
    max_transcoding_bit_rate: int
    direct: tuple[Mapping[str, Any], ...]
    transcoding: tuple[Mapping[str, Any], ...]
    codecs: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, body: object) -> ClientInfo:
        """Read the body of a request; `InvalidInput` when it is no description of a player."""
        if not isinstance(body, Mapping):
            raise InvalidInput("The body must be an object that describes the player.")
        return cls(
            max_bit_rate=_number(body.get("maxAudioBitrate")),
            max_transcoding_bit_rate=_number(body.get("maxTranscodingAudioBitrate")),
            direct=_objects(body.get("directPlayProfiles")),
            transcoding=_objects(body.get("transcodingProfiles")),
            codecs=_objects(body.get("codecProfiles")),
        )

    def judge(self, track: MediaFile) -> Verdict:
        """What is to become of a song for this player."""
        reasons = self._against_direct(track)
        if not reasons:
            return Verdict(is_direct=True, recipe=None, reasons=())
        if not can_transcode():
            return Verdict(is_direct=False, recipe=None, reasons=reasons, error=MISSING)
        recipe = self._recipe(track)
        error = "" if recipe is not None else "The player takes no format that this server makes."
        return Verdict(is_direct=False, recipe=recipe, reasons=reasons, error=error)

    def _against_direct(self, track: MediaFile) -> tuple[str, ...]:
        """Why the file cannot be played as it is: a reason for each profile, none when one fits."""
        if self.max_bit_rate and track.bit_rate * KBIT > self.max_bit_rate:
            return (f"bitrate {track.bit_rate * KBIT} above the player's limit of {self.max_bit_rate}",)
        if not self.direct:
            return ("the player plays no file directly",)
        reasons = []
        for profile in self.direct:
            reason = _against_profile(profile, track) or self._against_codec(track)
            if not reason:
                return ()
            reasons.append(reason)
        return tuple(dict.fromkeys(reasons))

    def _against_codec(self, track: MediaFile) -> str:
        """The first limitation of the codec that the file breaks."""
        values = {
            CHANNELS: track.channels,
            BIT_RATE: track.bit_rate * KBIT,
            SAMPLE_RATE: track.sample_rate,
            BIT_DEPTH: track.bit_depth,
        }
        broken = self._broken(codec_of(track), values)
        return f"{broken} {values[broken]} not supported" if broken else ""

    def _broken(self, codec: str, values: Mapping[str, int]) -> str:
        """The name of the first limitation of a codec that one of some values breaks."""
        for profile in self.codecs:
            if not _is_named(codec, [str(profile.get("name", ""))], _CODECS):
                continue
            for limitation in _objects(profile.get("limitations")):
                name = str(limitation.get("name", ""))
                value = values.get(name, 0)
                if limitation.get("required", True) and value and not _holds(value, limitation):
                    return name
        return ""

    def _recipe(self, track: MediaFile) -> Recipe | None:
        """What is made for the first profile that this server can meet."""
        recipes = (self._made_for(profile, track) for profile in self.transcoding)
        return next((recipe for recipe in recipes if recipe is not None), None)

    def _made_for(self, profile: Mapping[str, Any], track: MediaFile) -> Recipe | None:
        """What is made for one profile; None for a format that is not made, and for what the player does not take."""
        target = TARGETS.get(str(profile.get("audioCodec", "")).lower())
        container = str(profile.get("container", "")).lower()
        if target is None or not _speaks_http(profile) or container not in ("", "*", *target.containers):
            return None
        codec = target.codec
        return fitted(
            track,
            target,
            lambda name, value: not self._broken(codec, {name: value}),
            limit=(self.max_transcoding_bit_rate or self.max_bit_rate) // KBIT,
            most_channels=_number(profile.get("maxAudioChannels")),
        )


def container_of(track: MediaFile) -> str:
    """The container of a file by the name that players use: its suffix."""
    return track.suffix.lower()


def codec_of(track: MediaFile) -> str:
    """The codec of a file; that of its suffix where it is not known."""
    return track.codec or track.suffix.lower()


def _against_profile(profile: Mapping[str, Any], track: MediaFile) -> str:
    containers, codecs = _texts(profile.get("containers")), _texts(profile.get("audioCodecs"))
    name = f"profile [{','.join(containers)}/{','.join(codecs)}]"
    if containers and not _is_named(container_of(track), containers, _CONTAINERS):
        return f"container '{container_of(track)}' not supported by {name}"
    if codecs and not _is_named(codec_of(track), codecs, _CODECS):
        return f"audio codec '{codec_of(track)}' not supported by {name}"
    most = _number(profile.get("maxAudioChannels"))
    if most and track.channels > most:
        return f"{track.channels} audio channels not supported by {name}"
    return "" if _speaks_http(profile) else f"protocol not supported by {name}"


def _speaks_http(profile: Mapping[str, Any]) -> bool:
    protocols = _texts(profile.get("protocols")) or _texts([profile.get("protocol", "")])
    return not any(protocols) or bool({"http", "*"} & set(protocols))


def _is_named(value: str, names: Iterable[str], aliases: Iterable[frozenset[str]]) -> bool:
    same = next((group for group in aliases if value in group), frozenset({value}))
    return any(name == "*" or name.lower() in same for name in names)


def _holds(value: int, limitation: Mapping[str, Any]) -> bool:
    wanted = [_number(one) for one in _texts(limitation.get("values"))]
    if not wanted:
        return True
    comparison = str(limitation.get("comparison", ""))
    if comparison == "LessThanEqual":
        return value <= wanted[0]
    if comparison == "GreaterThanEqual":
        return value >= wanted[0]
    return value not in wanted if comparison == "NotEquals" else value in wanted


def _number(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 13:
        return int(value)
    return max(0, int(value)) if isinstance(value, (int, float)) and abs(value) < 1e12 else 0


def _texts(value: object) -> list[str]:
    return [str(one).lower()[:40] for one in value[:_MOST]] if isinstance(value, list) else []


def _objects(value: object) -> tuple[Mapping[str, Any], ...]:
    found: Sequence[object] = value if isinstance(value, list) else ()
    return tuple(one for one in found[:_MOST] if isinstance(one, Mapping))
