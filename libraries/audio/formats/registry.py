"""Reading the facts and tags of one file.

Runs in the reader process (see reader): nothing here guards against a file that makes a parser hang or swallow memory.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from libraries.audio.file import Source
from libraries.audio.formats import wave as containers
from libraries.audio.formats.asf import read_asf
from libraries.audio.formats.mp3 import Mpeg, read_mpeg
from libraries.audio.formats.mp4 import read_mp4
from libraries.audio.formats.ogg import read_ogg
from libraries.audio.formats.open_file import Opened, Sound, look
from libraries.audio.tags import describe as tagmaps
from libraries.audio.tags.ape import read_ape, read_ape_tag
from libraries.audio.tags.builder import TagBuilder
from libraries.audio.tags.genres import GENRES
from libraries.audio.tags.id3_frames import Id3Mapper
from libraries.audio.types import RawAudio

_MAPPER: Final = Id3Mapper(GENRES)
_APE_FAMILY: Final = ("ape", "wavpack", "musepack")

_Parse = Callable[[Source, str], tuple[Any, Sound] | None]
# how to parse a stream by its kind, and how to add what that finds beside the facts of the sound
PARSERS: Final[dict[str, tuple[_Parse, Callable[[TagBuilder, Any], None]]]] = {
    "mp4": (lambda source, _: read_mp4(source), tagmaps.add_mp4),
    "asf": (lambda source, _: read_asf(source), tagmaps.add_asf),
    **dict.fromkeys(("vorbis", "opus", "oggflac"), (read_ogg, containers.add_text)),
    **dict.fromkeys(_APE_FAMILY, (read_ape, tagmaps.add_ape)),
}


def read_file(path: bytes) -> RawAudio:
    """The facts and normalised tags of the file; raises AudioError with a classified problem, and nothing else."""
    return look(path, lambda opened: opened.result(_READERS[opened.kind](opened)))


def _library() -> ModuleType:
    """The tag library, loaded when the first file needs it (see foreign)."""
    return import_module("libraries.audio.formats.mutagen_fallback")


def _read_own(opened: Opened) -> Sound:
    """By our own parser, or, where that has no answer, by the library."""
    parse, add = PARSERS[opened.kind]
    found = None if opened.audio_at else parse(opened.source, opened.kind)
    if found is None:
        return _read_foreign(opened)
    values, sound = found
    add(opened.tags, values)
    return sound


def _read_foreign(opened: Opened) -> Sound:
    sound: Sound = _library().read_sound(opened)
    return sound


def _read_mp3(opened: Opened) -> Sound:
    _add_id3_and_tail(opened)
    info: Mpeg = read_mpeg(opened.source, opened.audio_at) or _library().read_mpeg(opened)
    _add_header_gain(opened.tags, info)
    codec = "mp3" if info.layer == 3 else f"mp{info.layer}"
    return Sound(codec, info.length, info.bitrate, info.sample_rate, channels=info.channels)


def _add_header_gain(tags: TagBuilder, info: Mpeg) -> None:
    """The gain that an encoder left in the first frame stands in for an absent tag."""
    for key, gain in (("replaygain_track_gain", info.track_gain), ("replaygain_album_gain", info.album_gain)):
        if gain is not None and key not in tags.tags:
            tags.add(key, (f"{gain:.2f} dB",))


def _add_id3_and_tail(opened: Opened) -> None:
    """The tags of MPEG streams: ID3v2 in front, then APEv2 and ID3v1 at the end, each filling what is absent."""
    if opened.audio_at:
        _MAPPER.read(opened.source, 0, opened.tags)
    tail = opened.tail()
    if b"APETAGEX" in tail:
        extra = TagBuilder()
        tagmaps.add_ape(extra, read_ape_tag(opened.source) or _library().ape_tag(opened))
        opened.tags.fill(extra)
    _MAPPER.read_v1(tail, opened.tags)


def _read_aac(opened: Opened) -> Sound:
    _add_id3_and_tail(opened)
    return _read_foreign(opened)


def _read_container(opened: Opened, found: containers.Container) -> Sound:
    if found.id3_at >= 0:
        _MAPPER.read(opened.source, found.id3_at, opened.tags)
    extra = TagBuilder()
    containers.add_text(extra, found.text)
    extra.has_picture = extra.has_picture or found.has_picture
    opened.tags.fill(extra)
    return Sound(found.codec, found.duration, 0, found.sample_rate, found.bit_depth, found.channels, found.audio_size)


def _read_walked(opened: Opened) -> Sound:
    return _read_container(opened, containers.WALKERS[opened.kind](opened.source, opened.audio_at))


def _read_flac(opened: Opened) -> Sound:
    found = containers.walk_flac(opened.source, opened.audio_at)
    containers.add_text(opened.tags, found.text)
    found.text = []
    # Some programs put an ID3 tag in front of a FLAC stream: it fills what the native tags do not say.
    if opened.audio_at:
        extra = TagBuilder()
        _MAPPER.read(opened.source, 0, extra)
        opened.tags.fill(extra)
    return _read_container(opened, found)


def _read_ape_family(opened: Opened) -> Sound:
    sound = _read_own(opened)
    if not opened.tags.tags:
        _add_id3_and_tail(opened)
    return sound


_READERS: Final[dict[str, Callable[[Opened], Sound]]] = {
    **dict.fromkeys(containers.WALKERS, _read_walked),
    "mp3": _read_mp3,
    "aac": _read_aac,
    "flac": _read_flac,
    "speex": _read_foreign,
    **dict.fromkeys(PARSERS, _read_own),
    **dict.fromkeys(_APE_FAMILY, _read_ape_family),
}
