"""Ogg pages, and the Vorbis, Opus and FLAC streams inside them."""

import struct
from functools import lru_cache

from synth.bits import LsbWriter, ogg_crc
from synth.flac import flac_stream
from synth.tones import Stream, Tone, line_signs, transform_line

_FIRST, _LAST, _CONTINUED = 2, 4, 1
_VORBIS_HOP = 1024
_VORBIS_LEVEL = 228
_OPUS_HOP = 960
_OPUS_SKIP = 312
_PAGE_PACKETS = 50
# Packets of 20 ms in Opus's speech mode, found by trying, that sound as a steady note when they repeat. They are mono,
# which a stereo stream may hold too.
_OPUS_NOTES = {
    250: bytes.fromhex("08aec3cea5daa27c6f9234"),
    300: bytes.fromhex("48d99a2f7c6524fa58"),
    350: bytes.fromhex("08193d1b0d4564ce0575b4"),
    400: bytes.fromhex("48bde61644ca6c962e"),
    550: bytes.fromhex("489d42ad6fadd26dbac3f22d585863"),
}
_OPUS_SILENCE = b"\xf8\xff\xfe"
SERIAL = 0x4E61766D


def _page(segments: bytes, data: bytes, granule: int, number: int, flags: int) -> bytes:
    header = struct.pack("<4sBBqIII", b"OggS", 0, flags, granule, SERIAL, number, 0)
    page = header + bytes((len(segments),)) + segments + data
    return page[:22] + struct.pack("<I", ogg_crc(page)) + page[26:]


def _lacing(size: int) -> bytes:
    return b"\xff" * (size // 255) + bytes((size % 255,))


def header_pages(first: bytes, others: tuple[bytes, ...]) -> tuple[bytes, int]:
    """The pages of the header packets, and the number of the next page; a large comment spans several pages."""
    pages = [_page(_lacing(len(first)), first, 0, 0, _FIRST)]
    lacing = b"".join(_lacing(len(packet)) for packet in others)
    data = b"".join(others)
    position = 0
    for start in range(0, len(lacing), 255):
        segments = lacing[start : start + 255]
        size = sum(segments)
        # No packet ends on a page that is filled by one packet: such a page has no position.
        granule = 0 if min(segments) < 255 else -1
        flags = _CONTINUED if start and lacing[start - 1] == 255 else 0
        pages.append(_page(segments, data[position : position + size], granule, len(pages), flags))
        position += size
    return b"".join(pages), len(pages)


@lru_cache(maxsize=1024)
def audio_pages(packets: tuple[bytes, ...], ends: tuple[int, ...], number: int, per_page: int) -> bytes:
    """The pages of the audio packets, counted from page `number`; `ends` are the positions after each packet."""
    pages: list[bytes] = []
    for start in range(0, len(packets), per_page):
        part = packets[start : start + per_page]
        last = start + len(part) == len(packets)
        segments = b"".join(_lacing(len(packet)) for packet in part)
        end = ends[start + len(part) - 1]
        pages.append(_page(segments, b"".join(part), end, number + len(pages), _LAST if last else 0))
    return b"".join(pages)


def ogg_file(kind: str, tone: Tone, comment: bytes) -> bytes:
    """A whole file of `kind` (vorbis, opus, flac) around a Vorbis comment without framing."""
    stream = OGG_STREAMS[kind](tone)
    if kind == "vorbis":
        others: tuple[bytes, ...] = (b"\x03vorbis" + comment + b"\x01", stream.body)
        hop, skipped, per_page = _VORBIS_HOP, 1, _PAGE_PACKETS
    elif kind == "opus":
        others = (b"OpusTags" + comment,)
        hop, skipped, per_page = _OPUS_HOP, 0, _PAGE_PACKETS
    else:
        others = (b"\x84" + len(comment).to_bytes(3, "big") + comment,)
        hop, skipped, per_page = tone.block, 0, 1
    total = stream.samples + (_OPUS_SKIP if kind == "opus" else 0)
    headers, number = header_pages(stream.head, others)
    return headers + audio_pages(stream.packets, _positions(len(stream.packets), hop, skipped, total), number, per_page)


@lru_cache(maxsize=256)
def _positions(count: int, hop: int, skipped: int, total: int) -> tuple[int, ...]:
    return tuple(min(total, hop * max(0, index + 1 - skipped)) for index in range(count))


def _codebook(writer: LsbWriter, *, values: bool) -> None:
    """A book of two entries of one bit each; with `values` they stand for -1 and +1."""
    writer.put(0x564342, 24).put(1, 16).put(2, 24).put(0, 2).put(0, 5).put(0, 5)
    if values:
        writer.put(1, 4).put(1 << 31 | 788 << 21 | 1, 32).put(788 << 21 | 2, 32).put(0, 4).put(0, 1).put(0, 1).put(1, 1)
    else:
        writer.put(0, 4)


@lru_cache(maxsize=64)
def _vorbis_setup(line: int) -> bytes:
    """Two books, a straight floor, a residue of one spectral line, one mapping and one mode."""
    writer = LsbWriter().put(1, 8)
    _codebook(writer, values=False)
    _codebook(writer, values=True)
    writer.put(0, 6).put(0, 16)
    writer.put(0, 6).put(1, 16).put(0, 5).put(0, 2).put(10, 4)
    writer.put(0, 6).put(1, 16).put(line, 24).put(line + 1, 24).put(0, 24).put(1, 6).put(0, 8)
    writer.put(0, 4).put(1, 4).put(1, 8)  # the first class carries nothing, the second one value from book 1
    writer.put(0, 6).put(0, 16).put(0, 4).put(0, 24)
    writer.put(0, 6).put(0, 1).put(0, 32).put(0, 8).put(1, 1)
    return b"\x05vorbis" + writer.to_bytes()


def _vorbis_packet(channels: int, sign: int) -> bytes:
    writer = LsbWriter().put(0, 1)
    if not sign:
        return writer.put(0, channels).to_bytes()
    for _ in range(channels):
        writer.put(1, 1).put(_VORBIS_LEVEL, 8).put(_VORBIS_LEVEL, 8)
    writer.put((1 << channels) - 1, channels)
    for _ in range(channels):
        writer.put(sign > 0, 1)
    return writer.to_bytes()


@lru_cache(maxsize=256)
def vorbis_stream(tone: Tone) -> Stream:
    """Identification header as `head`, setup header as `body`, audio as `packets`."""
    line = max(1, transform_line(tone.hertz, tone.sample_rate, _VORBIS_HOP))
    rate = tone.bit_rate * 1000
    head = b"\x01vorbis" + struct.pack("<IBIiiiBB", 0, tone.channels, tone.sample_rate, 0, rate, 0, 0xBB, 1)
    made = [_vorbis_packet(tone.channels, sign if tone.hertz else 0) for sign in line_signs(line)]
    count = -(-tone.samples // _VORBIS_HOP) + 1
    packets = tuple(made[index % 4] for index in range(count))
    return Stream(tone.samples, tone.sample_rate, tone.channels, 0, head, _vorbis_setup(line), packets)


@lru_cache(maxsize=256)
def opus_stream(tone: Tone) -> Stream:
    """The available note that is nearest to the tone; Opus always runs at 48 kHz."""
    samples = round(tone.seconds * 48000)
    head = struct.pack("<8sBBHIhB", b"OpusHead", 1, tone.channels, _OPUS_SKIP, tone.sample_rate, 0, 0)
    note = min(_OPUS_NOTES, key=lambda pitch: abs(pitch - tone.hertz))
    packet = _OPUS_NOTES[note] if tone.hertz else _OPUS_SILENCE
    count = -(-(samples + _OPUS_SKIP) // _OPUS_HOP)
    return Stream(samples, 48000, tone.channels, 0, head, b"", (packet,) * count)


@lru_cache(maxsize=256)
def oggflac_stream(tone: Tone) -> Stream:
    """The FLAC stream with its mapping header as `head`."""
    plain = flac_stream(tone)
    head = b"\x7fFLAC\x01\x00\x00\x01fLaC\x00\x00\x00\x22" + plain.head
    return Stream(plain.samples, plain.sample_rate, plain.channels, 16, head, b"", plain.packets)


OGG_STREAMS = {"vorbis": vorbis_stream, "opus": opus_stream, "flac": oggflac_stream}
