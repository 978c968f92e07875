"""The formats that mutagen reads, and the unusual files of the others. The only importer of mutagen.

Of each format mutagen tells the facts of the audio. ID3 and APEv2 tags are read by our own tolerant readers around
every stream; mutagen refuses a whole file for one damaged item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from mutagen.aac import AAC
from mutagen.aiff import AIFFFile, AIFFInfo
from mutagen.asf import ASF, BOOL, BYTEARRAY, GUID
from mutagen.dsf import DSFFile
from mutagen.monkeysaudio import MonkeysAudioInfo
from mutagen.mp3 import MPEGInfo
from mutagen.mp4 import MP4, MP4NoTrackError
from mutagen.musepack import MusepackInfo
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis
from mutagen.wavpack import WavPackInfo

from libraries.audio.errors import AudioError, damaged
from libraries.audio.formats import bare_stream, mp3
from libraries.audio.formats.mp4_codecs import stream_info
from libraries.audio.formats.ogg_packets import audio_packets
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.pictures import comment_pictures
from libraries.audio.tags import ape, asf, id3, vorbis
from libraries.audio.tags import mp4 as mp4_tags
from libraries.audio.tags.builder import TagBuilder
from libraries.audio.tags.describe import raw_frames
from libraries.audio.tags.id3_frames import add_id3
from libraries.audio.tags.text import decode_plain
from libraries.audio.types import FRONT_COVER, AudioExtent, AudioPackets, Picture, StreamInfo
from libraries.choices import ProblemKind

# Any: mutagen's own annotations do not cover what it returns.
_OGG: Final[dict[str, Any]] = {"vorbis": OggVorbis, "opus": OggOpus, "oggflac": OggFLAC, "speex": OggSpeex}
_APE_FAMILY: Final[dict[str, Any]] = {"ape": MonkeysAudioInfo, "wavpack": WavPackInfo, "musepack": MusepackInfo}
_PARSERS: Final[dict[str, Any]] = _OGG | {"mp4": MP4, "asf": ASF}
_AAC: Final[Any] = AAC
_AIFF: Final[Any] = AIFFFile
_DSF: Final[Any] = DSFFile
_ASF_BINARY: Final = frozenset({BYTEARRAY, GUID})
_ASF_CODECS: Final = (("lossless", "wmalossless"), ("voice", "wmavoice"), ("professional", "wmapro"), ("pro", "wmapro"))
_AIFC_CODECS: Final = {b"NONE": "pcm", b"sowt": "pcm", b"twos": "pcm", b"fl32": "pcm", b"FL32": "pcm", b"fl64": "pcm"}
# text chunks of AIFF, as mutagen names them → free-form names
_AIFF_NAMES: Final = {"NAME": "title", "AUTH": "artist", "ANNO": "comment", "(c)": "copyright"}
_MAX_TEXT: Final = 16 * 1024 * 1024
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
    if file.kind == "asf":
        return (asf.read_picture(value.value) for name, value in tags if name == "WM/Picture")
    return comment_pictures(tags)


def audio_extent(file: OpenFile) -> AudioExtent | AudioPackets:
    """Return where the audio is: mutagen does not tell."""
    if file.kind in _OGG:
        return audio_packets(file.source)
    return _EXTENTS.get(file.kind, bare_stream.audio_extent)(file)


def _parse(file: OpenFile) -> Any:
    return _PARSERS[file.kind](file.source.stream())


def _own_raw_tags(file: OpenFile) -> Iterator[tuple[str, Any]]:
    if file.kind not in _ID3_PLACES:
        yield from bare_stream.raw_tags(file)
        return
    at = _ID3_PLACES[file.kind](file)
    if at >= 0:
        yield from raw_frames(file.source, at)
    if file.kind == "aiff":
        yield from _aiff_texts(_aiff_chunks(file))


def _read_mp3(file: OpenFile) -> StreamInfo:
    info = MPEGInfo(file.source.stream(), file.audio_at)
    codec = f"mp{info.layer}"
    facts = StreamInfo(codec, info.length, info.bitrate, info.sample_rate, channels=info.channels)
    return mp3.add_tags(file, mp3.Mpeg(facts, info.track_gain, info.album_gain))


def _read_aac(file: OpenFile) -> StreamInfo:
    bare_stream.add_tags(file)
    info = _AAC(file.source.stream()).info
    return StreamInfo("aac", info.length, info.bitrate, info.sample_rate, channels=info.channels)


def _read_ogg(file: OpenFile) -> StreamInfo:
    parsed = _parse(file)
    info = parsed.info
    vorbis.add_comments(file.tags, parsed.tags or [])
    codec = "flac" if file.kind == "oggflac" else file.kind
    bit_rate, rate = getattr(info, "bitrate", 0), getattr(info, "sample_rate", 48000)
    return StreamInfo(codec, info.length, bit_rate, rate, getattr(info, "bits_per_sample", 0), info.channels)


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
    description = (info.codec_type or info.codec_name).lower()
    codec = next((codec for word, codec in _ASF_CODECS if word in description), "wma")
    return StreamInfo(codec, info.length, info.bitrate, info.sample_rate, channels=info.channels)


def _asf_text(value: Any) -> str | None:
    if value.TYPE in _ASF_BINARY:
        return None
    return str(int(value.value)) if value.TYPE == BOOL else str(value)


def _asf_extent(file: OpenFile) -> AudioExtent:
    """Return all behind the header object."""
    source = file.source
    size = int.from_bytes(source.get(16, 8), "little")
    if not 24 <= size < source.size:
        raise damaged("there is no audio in it")
    return AudioExtent(size, source.size - size)


def _read_ape_family(file: OpenFile) -> StreamInfo:
    info = _APE_FAMILY[file.kind](file.source.stream(file.audio_at))
    tail = ape.find_tail(file.source, file.audio_at)
    ape.add_items(file.tags, ape.read_items(file.source, tail.ape_footer))
    # The format's own tags are APEv2; files without them may have others.
    if not file.tags.tags:
        bare_stream.add_tags(file)
    bit_rate, depth = getattr(info, "bitrate", 0), getattr(info, "bits_per_sample", 0)
    return StreamInfo(file.kind, info.length, bit_rate, info.sample_rate, depth, info.channels)


def _read_aiff(file: OpenFile) -> StreamInfo:
    chunks = _aiff_chunks(file)
    info = AIFFInfo(file.source.stream())
    if not info.sample_rate:
        raise damaged("the sample rate is zero")
    _add_id3(file, _find_aiff_id3(chunks))
    extra = TagBuilder()
    vorbis.add_comments(extra, _aiff_texts(chunks))
    file.tags.fill(extra)
    codec, size = _aiff_codec(file, chunks), _find_aiff_audio(file, chunks).size
    return StreamInfo(codec, info.length, 0, info.sample_rate, info.bits_per_sample, info.channels, size)


def _aiff_chunks(file: OpenFile) -> list[Any]:
    return list(_AIFF(file.source.stream()).root.subchunks())


def _aiff_codec(file: OpenFile, chunks: list[Any]) -> str:
    """Return the codec, which only AIFC names and mutagen does not read."""
    if file.source.get(8, 4) != b"AIFC":
        return "pcm"
    name = next(chunk.read()[18:22] for chunk in chunks if chunk.id == "COMM")
    return _AIFC_CODECS.get(name) or name.decode("latin-1").strip().lower()


def _aiff_texts(chunks: list[Any]) -> Iterator[tuple[str, str]]:
    for chunk in chunks:
        if chunk.id in _AIFF_NAMES and chunk.data_size <= _MAX_TEXT:
            yield _AIFF_NAMES[chunk.id], decode_plain(chunk.read())


def _find_aiff_id3(chunks: list[Any]) -> int:
    return next((int(chunk.data_offset) for chunk in chunks if chunk.id.upper() == "ID3"), -1)


def _find_aiff_audio(file: OpenFile, chunks: list[Any]) -> AudioExtent:
    """Return the content of the SSND chunk behind its offset and block size."""
    for chunk in chunks:
        if chunk.id == "SSND":
            at = chunk.data_offset + 8
            return AudioExtent(at, max(0, min(chunk.data_size - 8, file.source.size - at)))
    raise damaged("there is no audio in it")


def _read_dsf(file: OpenFile) -> StreamInfo:
    parsed = _DSF(file.source.stream())
    facts = parsed.fmt_chunk
    rate = facts.sampling_frequency
    if not rate:
        raise damaged("the sample rate is zero")
    _add_id3(file, _find_dsf_id3(file, parsed))
    size = _find_dsf_audio(file, parsed).size
    return StreamInfo("dsd", facts.sample_count / rate, 0, rate, facts.bits_per_sample, facts.channel_num, size)


def _find_dsf_audio(file: OpenFile, parsed: Any) -> AudioExtent:
    size = parsed.data_chunk.chunk_size - 12
    return AudioExtent(_DSF_AUDIO_AT, max(0, min(size, file.source.size - _DSF_AUDIO_AT)))


def _find_dsf_id3(file: OpenFile, parsed: Any) -> int:
    at = int(parsed.dsd_chunk.offset_metdata_chunk)
    return at if _DSF_AUDIO_AT <= at < file.source.size else -1


def _add_id3(file: OpenFile, at: int) -> None:
    if at >= 0:
        add_id3(file.tags, file.source, at)


# where the ID3 tag is inside containers that have one, or -1
_ID3_PLACES: Final[dict[str, Callable[[OpenFile], int]]] = {
    "aiff": lambda file: _find_aiff_id3(_aiff_chunks(file)),
    "dsf": lambda file: _find_dsf_id3(file, _DSF(file.source.stream())),
}
_EXTENTS: Final[dict[str, Callable[[OpenFile], AudioExtent]]] = {
    "asf": _asf_extent,
    "aiff": lambda file: _find_aiff_audio(file, _aiff_chunks(file)),
    "dsf": lambda file: _find_dsf_audio(file, _DSF(file.source.stream())),
}
_READERS: Final[dict[str, Callable[[OpenFile], StreamInfo]]] = {
    "mp3": _read_mp3,
    "aac": _read_aac,
    "mp4": _read_mp4,
    "asf": _read_asf,
    "aiff": _read_aiff,
    "dsf": _read_dsf,
    **dict.fromkeys(_OGG, _read_ogg),
    **dict.fromkeys(_APE_FAMILY, _read_ape_family),
}
