"""The packets of audio in an Ogg stream, of whatever codec: what its fingerprint is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from libraries.audio.file import Source
from libraries.audio.formats.ogg_pages import find_audio, iter_packets
from libraries.audio.types import AudioPackets

# where the last page is looked for
_TAIL: Final = 128 * 1024


def audio_packets(source: Source, at: int = 0) -> AudioPackets:
    """Return the packets behind the headers: new comments cut the pages differently, the packets stay the same."""
    tail = source.tail(_TAIL)
    last = tail.rfind(b"OggS")
    return AudioPackets(_packets(source, at), tail[last + 6 : last + 14] if last >= 0 else b"")


def _packets(source: Source, at: int) -> Iterator[bytes]:
    """Return the packets of audio of the first stream of audio."""
    found = find_audio(source, at)
    if found is None:
        return
    headers = -1
    for packet, _ in iter_packets(source, found[0]):
        headers, is_header = _count_header(headers, packet)
        if not is_header and packet:
            yield packet


def _count_header(left: int, packet: bytes) -> tuple[int, bool]:
    """Return how many header packets are left to skip, and whether this one is a header; the first packet tells."""
    if left >= 0:
        # An Ogg FLAC stream marks its last metadata block itself.
        return (left - 1, True) if left else (0, False)
    if packet.startswith(b"\x7fFLAC") and len(packet) >= 9:
        return int.from_bytes(packet[7:9], "big") or 1, True
    if packet.startswith(b"\x01vorbis"):
        return 2, True
    if packet.startswith(b"Speex   ") and len(packet) >= 72:
        return 1 + min(64, int.from_bytes(packet[68:72], "little")), True
    return 1, True
