"""The table of formats, and whole files made from a track."""

import os
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from synth import tagwriters
from synth.apefamily import ape_stream, musepack_stream, wavpack_stream
from synth.asf import asf_stream
from synth.flac import flac_stream
from synth.mp4 import MARK_SIZE, aac_file_stream, alac_file_stream, atom
from synth.mpeg import mp3_stream
from synth.ogg import ogg_file, oggflac_stream, opus_stream, vorbis_stream
from synth.pcmfiles import aiff_stream, dsf_stream, riff_chunk, wav_stream
from synth.tones import SAMPLE_RATES, Stream, Tone
from synth.track import Track


@dataclass(frozen=True, slots=True)
class Format:
    """How a format is called, encoded and put together."""

    suffix: str
    stream: Callable[[Tone], Stream]
    file: Callable[[Track], bytes]
    audible: bool = True
    """False where the sound is silence of the right length."""
    rates: tuple[int, ...] = SAMPLE_RATES
    """Sample rates that a tone may have."""


def _marked(sound: bytes, track: Track) -> bytes:
    """The sound with the track's mark as its last bytes, which are padding in these formats."""
    return sound[:-MARK_SIZE] + track.mark.to_bytes(MARK_SIZE, "little") if track.mark else sound


def _mp3(track: Track) -> bytes:
    return tagwriters.with_id3(_marked(mp3_stream(track.tone).body, track), track, padding=256)


def _mp3_v23(track: Track) -> bytes:
    return tagwriters.with_id3(_marked(mp3_stream(track.tone).body, track), track, 3)


def _flac(track: Track) -> bytes:
    stream = flac_stream(track.tone)
    return b"fLaC" + tagwriters.flac_blocks(track, stream.head) + stream.body


def _vorbis(track: Track) -> bytes:
    return ogg_file("vorbis", track.tone, tagwriters.vorbis_comment(track, picture=True))


def _opus(track: Track) -> bytes:
    return ogg_file("opus", track.tone, tagwriters.vorbis_comment(track, picture=True, opus=True))


def _ogg_flac(track: Track) -> bytes:
    return ogg_file("flac", track.tone, tagwriters.vorbis_comment(track, picture=True))


def _mp4(stream: Stream, track: Track) -> bytes:
    return _marked(stream.head, track) + atom(b"moov", stream.body, tagwriters.mp4_user_data(track))


def _aac(track: Track) -> bytes:
    return _mp4(aac_file_stream(track.tone), track)


def _alac(track: Track) -> bytes:
    return _mp4(alac_file_stream(track.tone), track)


def _wav(track: Track) -> bytes:
    tag = tagwriters.with_id3(b"", track)
    chunks = tagwriters.riff_info(track) + (riff_chunk(b"id3 ", tag) if tag else b"")
    return riff_chunk(b"RIFF", b"WAVE" + wav_stream(track.tone).body + chunks)


def _aiff(track: Track) -> bytes:
    tag = tagwriters.with_id3(b"", track)
    chunk = riff_chunk(b"ID3 ", tag, big_endian=True) if tag else b""
    return riff_chunk(b"FORM", b"AIFF" + aiff_stream(track.tone).body + chunk, big_endian=True)


def _dsf(track: Track) -> bytes:
    body, tag = _marked(dsf_stream(track.tone).body, track), tagwriters.with_id3(b"", track)
    end = 28 + len(body)
    return struct.pack("<4sQQQ", b"DSD ", 28, end + len(tag), end if tag else 0) + body + tag


def _ape(track: Track) -> bytes:
    return ape_stream(track.tone).body + tagwriters.apev2(track)


def _wavpack(track: Track) -> bytes:
    return wavpack_stream(track.tone).body + tagwriters.apev2(track)


def _musepack(track: Track) -> bytes:
    return musepack_stream(track.tone).body + tagwriters.apev2(track)


_HIGH_RATES = (32000, 44100, 48000)
FORMATS: dict[str, Format] = {
    "mp3": Format("mp3", mp3_stream, _mp3, rates=_HIGH_RATES),
    "mp3-v23": Format("mp3", mp3_stream, _mp3_v23, rates=_HIGH_RATES),
    "flac": Format("flac", flac_stream, _flac),
    "ogg": Format("ogg", vorbis_stream, _vorbis),
    "opus": Format("opus", opus_stream, _opus),
    "oga": Format("oga", oggflac_stream, _ogg_flac),
    "m4a": Format("m4a", aac_file_stream, _aac, rates=_HIGH_RATES),
    "alac": Format("m4a", alac_file_stream, _alac),
    "wav": Format("wav", wav_stream, _wav),
    "aiff": Format("aiff", aiff_stream, _aiff),
    "dsf": Format("dsf", dsf_stream, _dsf),
    "wma": Format("wma", asf_stream, tagwriters.wma_file),
    "ape": Format("ape", ape_stream, _ape, audible=False),
    "wv": Format("wv", wavpack_stream, _wavpack),
    "mpc": Format("mpc", musepack_stream, _musepack, audible=False, rates=_HIGH_RATES),
}
"""Every format by name; two names may share a suffix."""


def track_bytes(track: Track, fmt: str) -> bytes:
    """The whole file of `track` in format `fmt`; the same track always gives the same bytes."""
    form = FORMATS[fmt]
    if track.tone.sample_rate not in form.rates:
        raise ValueError(f"{fmt} cannot hold {track.tone.sample_rate} Hz")
    return form.file(track)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file in one step: no reader sees half of it."""
    temporary = path.with_name(f".{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_track(path: Path, track: Track, fmt: str) -> None:
    """Write `track` to `path` in one step; folders on the way are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, track_bytes(track, fmt))
