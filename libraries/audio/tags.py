"""Reading the facts and tags of one file. The only importer of mutagen.

Runs in the reader process (see reader): nothing here guards against a file that makes a parser hang or swallow memory.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, Final

from mutagen.aac import AAC
from mutagen.apev2 import APEv2
from mutagen.asf import ASF
from mutagen.id3 import TCON
from mutagen.monkeysaudio import MonkeysAudio
from mutagen.mp3 import MPEGInfo
from mutagen.mp4 import MP4, MP4NoTrackError
from mutagen.musepack import Musepack
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis
from mutagen.wavpack import WavPack

from libraries.audio import containers, formats, id3, model, pictures, tagmaps
from libraries.audio.id3map import Id3Mapper
from libraries.audio.keys import TagBuilder
from libraries.audio.model import AudioError, RawAudio
from libraries.audio.problems import explain, open_regular

_MAX_INT: Final = 2**31 - 1
_TAIL: Final = 160
_MAPPER: Final = Id3Mapper(TCON.GENRES)
# Any: the library's own annotations do not cover what it returns.
_OGG: Final[dict[str, Any]] = {"vorbis": OggVorbis, "opus": OggOpus, "oggflac": OggFLAC, "speex": OggSpeex}
_APE_FAMILY: Final[dict[str, Any]] = {"ape": MonkeysAudio, "wavpack": WavPack, "musepack": Musepack}
_PARSERS: Final[dict[str, Any]] = _OGG | _APE_FAMILY | {"mp4": MP4, "asf": ASF, "aac": AAC}
_APE_TAG: Final[Any] = APEv2
_CODECS: Final = {"oggflac": "flac", "ape": "ape"}


class Opened:
    """One open file on its way through a reader: its bytes, its facts, and what was found so far."""

    __slots__ = ("audio_at", "facts", "file", "head", "kind", "size", "tags")

    def __init__(self, file: BinaryIO, facts: os.stat_result, path: bytes) -> None:
        self.file = file
        self.facts = facts
        self.size = facts.st_size
        self.tags = TagBuilder()
        self.audio_at = 0
        self.head = file.read(formats.SNIFF_BYTES)
        self.kind = self._find_kind(path)

    def _find_kind(self, path: bytes) -> str:
        """The kind by content, else by suffix; skips the ID3v2 tags before the content."""
        head = self.head
        while size := id3.tag_size(head):
            self.audio_at += size
            head = id3.file_bytes(self.file, self.audio_at, formats.SNIFF_BYTES)
        announced = formats.kind_of_suffix(path)
        found = formats.sniff(head)
        if found is not None:
            return found
        if announced is None or formats.is_foreign(self.head):
            raise AudioError(model.UNSUPPORTED, "This file holds no audio of a kind that the server knows.")
        return announced


def read_file(path: bytes) -> RawAudio:
    """The facts and normalised tags of the file; raises AudioError with a classified problem, and nothing else."""
    try:
        file, facts = open_regular(path)
        with file:
            opened = Opened(file, facts, path)
            return _READERS[opened.kind](opened)
    except AudioError:
        raise
    except MP4NoTrackError as exc:
        raise AudioError(model.UNSUPPORTED, "This file holds no sound.") from exc
    except Exception as exc:  # parsers of damaged files raise anything
        problem = explain(exc)
        raise AudioError(problem.kind, problem.message) from exc


def read_raw(path: bytes) -> dict[str, list[str]]:
    """The file's own tag names with their values as text, pictures as "<picture N bytes>"; raises AudioError."""
    try:
        file, facts = open_regular(path)
        with file:
            opened = Opened(file, facts, path)
            return tagmaps.describe(_native_tags(opened))
    except AudioError:
        raise
    except Exception as exc:  # parsers of damaged files raise anything
        problem = explain(exc)
        raise AudioError(problem.kind, problem.message) from exc


def read_picture(path: bytes) -> tuple[bytes, str] | None:
    """The embedded front cover (or the first picture) and its MIME type; None without one; raises AudioError."""
    try:
        file, facts = open_regular(path)
        with file:
            opened = Opened(file, facts, path)
            return pictures.choose(_pictures(opened))
    except AudioError:
        raise
    except Exception as exc:  # parsers of damaged files raise anything
        problem = explain(exc)
        raise AudioError(problem.kind, problem.message) from exc


def _make(
    opened: Opened, codec: str, *, duration: float, bits: float = 0, rate: int = 0, depth: int = 0, channels: int = 0,
    audio_size: int = 0,
) -> RawAudio:  # fmt: skip
    """The result with every number bounded; without a stated bit rate it is the average."""
    if not math.isfinite(duration) or not 0 <= duration < _MAX_INT:
        duration = 0.0
    if not bits and duration > 0:
        bits = (audio_size or opened.size - opened.audio_at) * 8 / duration
    return RawAudio(
        opened.kind, codec, duration, _bounded(bits / 1000), _bounded(rate), _bounded(depth), _bounded(channels),
        opened.tags.finish(), opened.tags.has_picture, opened.tags.has_lyrics, opened.size, opened.facts.st_mtime_ns,
    )  # fmt: skip


def _bounded(number: float) -> int:
    return round(number) if math.isfinite(number) and 0 <= number <= _MAX_INT else 0


def _rewound(opened: Opened, at: int = 0) -> BinaryIO:
    opened.file.seek(at)
    return opened.file


def _read_mp3(opened: Opened) -> RawAudio:
    _add_id3_and_tail(opened)
    info = MPEGInfo(opened.file, opened.audio_at)
    _add_header_gain(opened, info)
    codec = "mp3" if info.layer == 3 else f"mp{info.layer}"
    return _make(opened, codec, duration=info.length, bits=info.bitrate, rate=info.sample_rate, channels=info.channels)


def _add_header_gain(opened: Opened, info: Any) -> None:
    """The gain that an encoder left in the first frame stands in for an absent tag."""
    for scope in ("track", "album"):
        gain = getattr(info, f"{scope}_gain", None)
        if gain is not None and f"replaygain_{scope}_gain" not in opened.tags.tags:
            opened.tags.add(f"replaygain_{scope}_gain", (f"{gain:.2f} dB",))


def _add_id3_and_tail(opened: Opened) -> None:
    """The tags of MPEG streams: ID3v2 in front, then APEv2 and ID3v1 at the end, each filling what is absent."""
    if opened.audio_at:
        _MAPPER.read(opened.file, 0, opened.tags)
    opened.file.seek(max(0, opened.size - _TAIL))
    tail = opened.file.read(_TAIL)
    if b"APETAGEX" in tail:
        extra = TagBuilder()
        tagmaps.add_ape(extra, _APE_TAG(_rewound(opened)))
        opened.tags.fill(extra)
    _MAPPER.read_v1(tail, opened.tags)


def _read_aac(opened: Opened) -> RawAudio:
    _add_id3_and_tail(opened)
    info = _PARSERS["aac"](_rewound(opened)).info
    return _make(opened, "aac", duration=info.length, bits=info.bitrate, rate=info.sample_rate, channels=info.channels)


def _read_container(opened: Opened, found: containers.Container) -> RawAudio:
    if found.id3_at >= 0:
        _MAPPER.read(opened.file, found.id3_at, opened.tags)
    extra = TagBuilder()
    containers.add_text(extra, found.text)
    extra.has_picture = extra.has_picture or found.has_picture
    opened.tags.fill(extra)
    return _make(
        opened, found.codec, duration=found.duration, rate=found.sample_rate, depth=found.bit_depth,
        channels=found.channels, audio_size=found.audio_size,
    )  # fmt: skip


def _read_flac(opened: Opened) -> RawAudio:
    found = containers.walk_flac(opened.file, opened.audio_at, opened.size)
    containers.add_text(opened.tags, found.text)
    found.text = []
    # Some programs put an ID3 tag in front of a FLAC stream: it fills what the native tags do not say.
    if opened.audio_at:
        extra = TagBuilder()
        _MAPPER.read(opened.file, 0, extra)
        opened.tags.fill(extra)
    return _read_container(opened, found)


def _read_wave(opened: Opened) -> RawAudio:
    return _read_container(opened, containers.walk_wave(opened.file, opened.size))


def _read_aiff(opened: Opened) -> RawAudio:
    return _read_container(opened, containers.walk_aiff(opened.file, opened.size))


def _read_dsf(opened: Opened) -> RawAudio:
    return _read_container(opened, containers.walk_dsf(opened.file, opened.size))


def _read_ogg(opened: Opened) -> RawAudio:
    parsed = _PARSERS[opened.kind](_rewound(opened))
    info = parsed.info
    containers.add_text(opened.tags, parsed.tags or [])
    return _make(
        opened, _CODECS.get(opened.kind, opened.kind), duration=info.length, bits=getattr(info, "bitrate", 0),
        rate=getattr(info, "sample_rate", 48000), depth=getattr(info, "bits_per_sample", 0), channels=info.channels,
    )  # fmt: skip


def _read_mp4(opened: Opened) -> RawAudio:
    parsed = _PARSERS["mp4"](_rewound(opened))
    info = parsed.info
    tagmaps.add_mp4(opened.tags, parsed.tags or {})
    codec = tagmaps.mp4_codec(info.codec)
    return _make(
        opened, codec, duration=info.length, bits=info.bitrate, rate=info.sample_rate, channels=info.channels,
        depth=info.bits_per_sample if codec in {"alac", "flac", "pcm"} else 0,
    )  # fmt: skip


def _read_asf(opened: Opened) -> RawAudio:
    parsed = _PARSERS["asf"](_rewound(opened))
    info = parsed.info
    tagmaps.add_asf(opened.tags, parsed.tags)
    return _make(
        opened, tagmaps.asf_codec(info.codec_type or info.codec_name), duration=info.length, bits=info.bitrate,
        rate=info.sample_rate, channels=info.channels,
    )  # fmt: skip


def _read_ape_family(opened: Opened) -> RawAudio:
    parsed = _PARSERS[opened.kind](_rewound(opened))
    info = parsed.info
    tagmaps.add_ape(opened.tags, parsed.tags or {})
    if not parsed.tags:
        _add_id3_and_tail(opened)
    return _make(
        opened, opened.kind, duration=info.length, bits=getattr(info, "bitrate", 0), rate=info.sample_rate,
        depth=getattr(info, "bits_per_sample", 0), channels=info.channels,
    )  # fmt: skip


_READERS: Final[dict[str, Callable[[Opened], RawAudio]]] = {
    "mp3": _read_mp3,
    "aac": _read_aac,
    "flac": _read_flac,
    "wav": _read_wave,
    "aiff": _read_aiff,
    "dsf": _read_dsf,
    "mp4": _read_mp4,
    "asf": _read_asf,
    **dict.fromkeys(_OGG, _read_ogg),
    **dict.fromkeys(_APE_FAMILY, _read_ape_family),
}

_WALKERS: Final[dict[str, Callable[[Opened], containers.Container]]] = {
    "flac": lambda opened: containers.walk_flac(opened.file, opened.audio_at, opened.size),
    "wav": lambda opened: containers.walk_wave(opened.file, opened.size),
    "aiff": lambda opened: containers.walk_aiff(opened.file, opened.size),
    "dsf": lambda opened: containers.walk_dsf(opened.file, opened.size),
}


def _parse(opened: Opened) -> Any:
    """The tags of the formats that mutagen parses, or nothing."""
    return _PARSERS[opened.kind](_rewound(opened)).tags if opened.kind in _PARSERS else None


def _id3_starts(opened: Opened, found: containers.Container | None) -> list[int]:
    starts = [0] if opened.audio_at else []
    return starts + ([found.id3_at] if found is not None and found.id3_at >= 0 else [])


def _native_tags(opened: Opened) -> Iterable[tuple[str, Any]]:
    found = _WALKERS[opened.kind](opened) if opened.kind in _WALKERS else None
    for start in _id3_starts(opened, found):
        yield from tagmaps.id3_native(opened.file, start)
    if found is not None:
        yield from found.text
        for image, _, _ in _container_pictures(opened, found):
            yield "PICTURE", image
    elif opened.kind in {"mp3", "aac"}:
        tail = id3.file_bytes(opened.file, max(0, opened.size - _TAIL), _TAIL)
        if b"APETAGEX" in tail:
            yield from tagmaps.native_items(_APE_TAG(_rewound(opened)))
        yield from ((f"ID3v1:{key}", text) for key, text in (id3.parse_v1(tail) or {}).items())
    else:
        yield from tagmaps.native_items(_parse(opened))


def _pictures(opened: Opened) -> Iterable[pictures.Picture]:
    found = _WALKERS[opened.kind](opened) if opened.kind in _WALKERS else None
    for start in _id3_starts(opened, found):
        yield from pictures.from_id3(opened.file, start)
    if found is not None:
        yield from _container_pictures(opened, found)
    else:
        yield from pictures.from_tags(opened.kind, _parse(opened))


def _container_pictures(opened: Opened, found: containers.Container) -> Iterable[pictures.Picture]:
    if opened.kind == "flac":
        yield from pictures.from_flac(opened.file, opened.audio_at)
    for name, value in found.text:
        if name.lower() == "metadata_block_picture":
            yield from pictures.from_base64(value)
