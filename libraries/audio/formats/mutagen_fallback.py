"""What the tag library makes of a file. The only importer of mutagen.

It reads the formats that are rare, and the unusual cases of the common ones. Most libraries need it for few of their
files or for none, so it is loaded when the first of them comes: a reader process is up in half the time without it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from mutagen.aac import AAC
from mutagen.apev2 import APEv2
from mutagen.asf import ASF, BOOL, BYTEARRAY, GUID
from mutagen.monkeysaudio import MonkeysAudio
from mutagen.mp3 import MPEGInfo
from mutagen.mp4 import MP4, MP4NoTrackError
from mutagen.musepack import Musepack
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis
from mutagen.wavpack import WavPack

from libraries.audio import types as model
from libraries.audio.formats import wave as containers
from libraries.audio.formats.mp3 import Mpeg
from libraries.audio.formats.open_file import Opened, Sound
from libraries.audio.tags import describe as tagmaps
from libraries.audio.types import AudioError

# Any: the library's own annotations do not cover what it returns.
_OGG: Final[dict[str, Any]] = {"vorbis": OggVorbis, "opus": OggOpus, "oggflac": OggFLAC, "speex": OggSpeex}
_APE_FAMILY: Final[dict[str, Any]] = {"ape": MonkeysAudio, "wavpack": WavPack, "musepack": Musepack}
_PARSERS: Final[dict[str, Any]] = _OGG | _APE_FAMILY | {"mp4": MP4, "asf": ASF, "aac": AAC}
_APE_TAG: Final[Any] = APEv2
_ASF_BINARY: Final = frozenset({BYTEARRAY, GUID})
_CODECS: Final = {"oggflac": "flac"}


def read_sound(opened: Opened) -> Sound:
    """The facts of the sound; the tags of the format go into `opened.tags`."""
    return _READERS[opened.kind](opened)


def read_mpeg(opened: Opened) -> Mpeg:
    """The facts of an MPEG stream, wherever in the file it begins."""
    info = MPEGInfo(opened.source.stream(), opened.audio_at)
    return Mpeg(
        info.layer, info.length, info.bitrate, info.sample_rate, info.channels, info.track_gain, info.album_gain
    )


def ape_tag(opened: Opened) -> Any:
    """The APEv2 tag at the end of a file of another format, as the library hands it out."""
    return _APE_TAG(opened.source.stream())


def native_tags(opened: Opened) -> Any:
    """The tags of a format that the library parses as it hands them out, or nothing."""
    return _parse(opened).tags if opened.kind in _PARSERS else None


def _parse(opened: Opened) -> Any:
    return _PARSERS[opened.kind](opened.source.stream())


def _read_aac(opened: Opened) -> Sound:
    info = _parse(opened).info
    return Sound("aac", info.length, info.bitrate, info.sample_rate, channels=info.channels)


def _read_ogg(opened: Opened) -> Sound:
    parsed = _parse(opened)
    info = parsed.info
    containers.add_text(opened.tags, parsed.tags or [])
    codec = _CODECS.get(opened.kind, opened.kind)
    bits, rate = getattr(info, "bitrate", 0), getattr(info, "sample_rate", 48000)
    return Sound(codec, info.length, bits, rate, getattr(info, "bits_per_sample", 0), info.channels)


def _read_mp4(opened: Opened) -> Sound:
    try:
        parsed = _parse(opened)
    except MP4NoTrackError as exc:
        raise AudioError(model.UNSUPPORTED, "This file holds no sound.") from exc
    info = parsed.info
    tagmaps.add_mp4(opened.tags, parsed.tags or {})
    return tagmaps.mp4_sound(
        info.codec, info.length, info.bitrate, info.sample_rate, info.bits_per_sample, info.channels
    )


def _read_asf(opened: Opened) -> Sound:
    parsed = _parse(opened)
    info = parsed.info
    tagmaps.add_asf(opened.tags, [(name, _asf_text(value)) for name, value in parsed.tags])
    codec = tagmaps.asf_codec(info.codec_type or info.codec_name)
    return Sound(codec, info.length, info.bitrate, info.sample_rate, channels=info.channels)


def _asf_text(value: Any) -> str | None:
    if value.TYPE in _ASF_BINARY:
        return None
    return str(int(value.value)) if value.TYPE == BOOL else str(value)


def _read_ape_family(opened: Opened) -> Sound:
    parsed = _parse(opened)
    info = parsed.info
    tagmaps.add_ape(opened.tags, parsed.tags or {})
    bits, depth = getattr(info, "bitrate", 0), getattr(info, "bits_per_sample", 0)
    return Sound(opened.kind, info.length, bits, info.sample_rate, depth, info.channels)


_READERS: Final[dict[str, Callable[[Opened], Sound]]] = {
    "aac": _read_aac,
    "mp4": _read_mp4,
    "asf": _read_asf,
    **dict.fromkeys(_OGG, _read_ogg),
    **dict.fromkeys(_APE_FAMILY, _read_ape_family),
}
