"""The formats that mutagen reads, and the unusual files of the others. The only importer of mutagen.

Of each format mutagen tells the facts of the audio. ID3 and APEv2 tags are read by our own tolerant readers around
every stream; mutagen refuses a whole file for one damaged item.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from mutagen.aac import AAC
from mutagen.ac3 import AC3Info
from mutagen.asf import ASF, BOOL, BYTEARRAY, GUID
from mutagen.dsf import DSFFile
from mutagen.monkeysaudio import MonkeysAudioInfo
from mutagen.mp3 import MPEGInfo
from mutagen.mp4 import MP4, MP4NoTrackError
from mutagen.musepack import MusepackHeaderError, MusepackInfo
from mutagen.optimfrog import OptimFROGInfo
from mutagen.tak import TAKInfo

from libraries.audio.errors import AudioError, damaged
from libraries.audio.formats import asf_streams, bare_stream, front_tags, mp3, musepack, wavpack
from libraries.audio.formats.inner_stream import open_inner
from libraries.audio.formats.mp4_codecs import stream_info
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.tags import ape, asf, id3
from libraries.audio.tags import mp4 as mp4_tags
from libraries.audio.tags.describe import raw_frames
from libraries.audio.tags.id3_frames import add_id3
from libraries.audio.types import FRONT_COVER, AudioExtent, Picture, StreamInfo
from libraries.choices import ProblemKind

# Any: mutagen's own annotations do not cover what it returns.
_APE_FAMILY: Final[dict[str, Any]] = {
    "ape": MonkeysAudioInfo,
    "musepack": MusepackInfo,
    "tak": TAKInfo,
    "optimfrog": OptimFROGInfo,
}
_PARSERS: Final[dict[str, Any]] = {"mp4": MP4, "asf": ASF}
_AAC: Final[Any] = AAC
_AC3: Final[Any] = AC3Info
_DSF: Final[Any] = DSFFile
_ASF_BINARY: Final = frozenset({BYTEARRAY, GUID})
_ASF_CODECS: Final = (("lossless", "wmalossless"), ("voice", "wmavoice"), ("professional", "wmapro"), ("pro", "wmapro"))
# where the audio of a DSF file begins, if its chunks have the sizes that they must have
_DSF_AUDIO_AT: Final = 92


def read(file: OpenFile) -> StreamInfo:
    """Return the facts of the audio and add the tags."""
    return _READERS[file.kind](file)


def raw_tags(file: OpenFile) -> Iterator[tuple[str, Any]]:
    """Return the tags as they stand in the file."""
    if file.kind not in _PARSERS:
        yield from _own_raw_tags(file)
        return
    tags = _parse(file).tags or ()
    # Vorbis comments and ASF attributes are lists of pairs; MP4 has a mapping.
    for name, value in tags if isinstance(tags, list) else dict(tags).items():
        for item in value if isinstance(value, list) else (value,):
            yield str(name), getattr(item, "value", item)


def pictures(file: OpenFile) -> Iterable[Picture]:
    """Return the embedded pictures."""
    if file.kind in _ID3_PLACES:
        at = _ID3_PLACES[file.kind](file)
        return id3.read_pictures(file.source, at) if at >= 0 else ()
    if file.kind not in _PARSERS:
        return bare_stream.pictures(file)
    tags = _parse(file).tags or {}
    if file.kind == "mp4":
        return (Picture(bytes(image), FRONT_COVER) for image in tags.get("covr", ()))
    return (asf.read_picture(value.value) for name, value in tags if name == "WM/Picture")


def audio_extent(file: OpenFile) -> AudioExtent:
    """Return where the audio is: mutagen does not tell."""
    return _EXTENTS.get(file.kind, bare_stream.audio_extent)(file)


def _stream(file: OpenFile) -> Any:
    """Return the content behind the tags in front of it, as a stream that begins at zero."""
    return open_inner(file.source, file.audio_at) if file.audio_at else file.source.stream()


def _parse(file: OpenFile) -> Any:
    return _PARSERS[file.kind](_stream(file))


def _own_raw_tags(file: OpenFile) -> Iterator[tuple[str, Any]]:
    if file.kind not in _ID3_PLACES:
        yield from bare_stream.raw_tags(file)
        return
    at = _ID3_PLACES[file.kind](file)
    if at >= 0:
        yield from raw_frames(file.source, at)


def _read_mp3(file: OpenFile) -> StreamInfo:
    info = MPEGInfo(file.source.stream(), file.audio_at)
    codec = f"mp{info.layer}"
    facts = StreamInfo(codec, info.length, info.bitrate, info.sample_rate, channels=info.channels)
    return mp3.add_tags(file, mp3.Mpeg(facts, info.track_gain, info.album_gain))


def _read_aac(file: OpenFile) -> StreamInfo:
    bare_stream.add_tags(file)
    info = _AAC(file.source.stream()).info
    return StreamInfo("aac", info.length, info.bitrate, info.sample_rate, channels=info.channels)


def _read_mp4(file: OpenFile) -> StreamInfo:
    try:
        parsed = _parse(file)
    except MP4NoTrackError as exc:
        raise AudioError(ProblemKind.UNSUPPORTED, "This file holds no audio.") from exc
    info = parsed.info
    mp4_tags.add_items(file.tags, parsed.tags or {})
    return stream_info(info.codec, info.length, info.bitrate, info.sample_rate, info.bits_per_sample, info.channels)


def _read_asf(file: OpenFile) -> StreamInfo:
    parsed = _parse(file)
    info = parsed.info
    asf.add_attributes(file.tags, [(name, _asf_text(value)) for name, value in parsed.tags])
    front_tags.fill_from_around(file)
    description = (info.codec_type or info.codec_name).lower()
    codec = next((codec for word, codec in _ASF_CODECS if word in description), "wma")
    length = info.length or asf_streams.measure(file.source, file.audio_at)
    streams = asf_streams.read_streams(file.source, file.audio_at)
    if streams is None:
        return StreamInfo(codec, length, info.bitrate, info.sample_rate, channels=info.channels)
    if not streams:
        raise AudioError(ProblemKind.UNSUPPORTED, "This file holds no audio.")
    sound = streams[0]
    return StreamInfo(sound.codec or codec, length, sound.byte_rate * 8, sound.rate, sound.depth, sound.channels)


def _asf_text(value: Any) -> str | None:
    if value.TYPE in _ASF_BINARY:
        return None
    return str(int(value.value)) if value.TYPE == BOOL else str(value)


def _asf_extent(file: OpenFile) -> AudioExtent:
    """Return all behind the header object."""
    source = file.source
    begin = file.audio_at + int.from_bytes(source.get(file.audio_at + 16, 8), "little")
    if not file.audio_at + 24 <= begin < source.size:
        raise damaged("there is no audio in it")
    return AudioExtent(begin, source.size - begin)


def _read_ape_family(file: OpenFile) -> StreamInfo:
    tail = ape.find_tail(file.source, file.audio_at)
    facts = _ape_family_facts(file, tail.begin)
    ape.add_items(file.tags, ape.read_items(file.source, tail.ape_footer))
    # The format's own tags are APEv2; files without them may have others.
    if not file.tags.tags:
        bare_stream.add_tags(file)
    return facts


def _ape_family_facts(file: OpenFile, end: int) -> StreamInfo:
    at = file.audio_at
    if file.kind == "wavpack":
        return wavpack.stream_info(file.source, at, end)
    if file.kind == "tta":
        return _tta_facts(file, end)
    try:
        info = _APE_FAMILY[file.kind](file.source.stream(at))
    except MusepackHeaderError:
        info = musepack.stream_header(file.source, at)
    depth = getattr(info, "bits_per_sample", 0) or 0
    return StreamInfo(file.kind, info.length, 0, info.sample_rate, depth, info.channels, end - at)


def _tta_facts(file: OpenFile, end: int) -> StreamInfo:
    """Return the facts of True Audio: mutagen leaves out the channels and the bits."""
    mark, channels, depth, rate, samples = struct.unpack("<4s2xHHII", file.source.get_exactly(file.audio_at, 18))
    if mark != b"TTA1" or not rate:
        raise damaged("the description of the audio is absent")
    return StreamInfo("tta", samples / rate, 0, rate, depth, channels, end - file.audio_at)


def _read_ac3(file: OpenFile) -> StreamInfo:
    bare_stream.add_tags(file)
    info = _AC3(_stream(file))
    extent = bare_stream.audio_extent(file)
    codec = "eac3" if info.codec == "ec-3" else "ac3"
    length = extent.size * 8 / info.bitrate if info.bitrate else 0.0
    return StreamInfo(codec, length, info.bitrate, info.sample_rate, channels=info.channels)


def _read_dsf(file: OpenFile) -> StreamInfo:
    parsed = _DSF(_stream(file))
    facts = parsed.fmt_chunk
    rate = facts.sampling_frequency
    if not rate:
        raise damaged("the sample rate is zero")
    _add_id3(file, _find_dsf_id3(file, parsed))
    front_tags.fill_from_around(file)
    size = _find_dsf_audio(file, parsed).size
    return StreamInfo("dsd", facts.sample_count / rate, 0, rate, facts.bits_per_sample, facts.channel_num, size)


def _find_dsf_audio(file: OpenFile, parsed: Any) -> AudioExtent:
    size = parsed.data_chunk.chunk_size - 12
    at = file.audio_at + _DSF_AUDIO_AT
    return AudioExtent(at, max(0, min(size, file.source.size - at)))


def _find_dsf_id3(file: OpenFile, parsed: Any) -> int:
    at = file.audio_at + int(parsed.dsd_chunk.offset_metdata_chunk)
    return at if file.audio_at + _DSF_AUDIO_AT <= at < file.source.size else -1


def _add_id3(file: OpenFile, at: int) -> None:
    if at >= 0:
        add_id3(file.tags, file.source, at)


# where the ID3 tag is inside containers that have one, or -1
_ID3_PLACES: Final[dict[str, Callable[[OpenFile], int]]] = {
    "dsf": lambda file: _find_dsf_id3(file, _DSF(_stream(file))),
}
_EXTENTS: Final[dict[str, Callable[[OpenFile], AudioExtent]]] = {
    "asf": _asf_extent,
    "dsf": lambda file: _find_dsf_audio(file, _DSF(_stream(file))),
}
_READERS: Final[dict[str, Callable[[OpenFile], StreamInfo]]] = {
    "mp3": _read_mp3,
    "aac": _read_aac,
    "mp4": _read_mp4,
    "asf": _read_asf,
    "ac3": _read_ac3,
    "dsf": _read_dsf,
    **dict.fromkeys((*_APE_FAMILY, "wavpack", "tta"), _read_ape_family),
}
