"""Fingerprint of the audio in a file: it does not change when the tags do."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from libraries.audio.errors import damaged
from libraries.audio.file import Source
from libraries.audio.types import AudioExtent, AudioPackets

# bytes at the beginning and at the end of the audio that are looked at
SAMPLE: Final = 256 * 1024


def fingerprint(source: Source, kind: str, audio: AudioExtent | AudioPackets) -> str:
    """Return a digest of the kind and the size of the audio and of its first and last bytes; raises AudioError."""
    digest = hashlib.blake2b(digest_size=16, person=kind.encode())
    if isinstance(audio, AudioPackets):
        _add_packets(audio, digest.update)
    else:
        _add_extent(source, audio, digest.update)
    return digest.hexdigest()


def _add_extent(source: Source, audio: AudioExtent, update: Callable[[bytes], None]) -> None:
    begin, size, salt = audio
    update(salt)
    update(size.to_bytes(8, "little"))
    update(source.get(begin, min(size, SAMPLE)))
    if size > SAMPLE:
        tail = min(size - SAMPLE, SAMPLE)
        update(source.get(begin + size - tail, tail))


def _add_packets(audio: AudioPackets, update: Callable[[bytes], None]) -> None:
    """Take only the beginning and the last position: where the end begins depends on the pages."""
    taken = 0
    for packet in audio.packets:
        update(len(packet).to_bytes(4, "little"))
        update(packet)
        taken += len(packet)
        if taken >= SAMPLE:
            break
    if not taken:
        raise damaged("there is no audio in it")
    update(audio.end)
