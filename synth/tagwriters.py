"""Vorbis comments, FLAC metadata, MP4 item lists, APEv2, ASF descriptions and RIFF INFO, all from one description."""

import base64
import struct
from collections.abc import Iterator

from synth.asf import content_object, extended_object, picture_object
from synth.mapping import facts
from synth.mp4 import atom, full_atom
from synth.pcmfiles import riff_chunk
from synth.pictures import Picture
from synth.track import Track

_VENDOR = b"navidrome-lib synth"
_REFERENCE_GAIN = 5.0


def _numbers(track: Track) -> Iterator[tuple[str, int, int]]:
    if track.track_number:
        yield "TRACK", track.track_number, track.track_total
    if track.disc_number:
        yield "DISC", track.disc_number, track.disc_total


def flac_picture(picture: Picture) -> bytes:
    """The picture block that FLAC and the Vorbis comment share."""
    mime = picture.mime.encode("ascii")
    size = struct.pack(">IIIII", picture.width, picture.height, 24, 0, len(picture.data))
    return struct.pack(">II", 3, len(mime)) + mime + struct.pack(">I", 0) + size + picture.data


def _opus_gain(key: str, text: str) -> tuple[str, str] | None:
    """Opus states gains in 1/256 dB below another reference level, and no peaks."""
    if key.endswith("_peak"):
        return None
    return f"R128_{key.upper()}", str(round((float(text.split()[0]) - _REFERENCE_GAIN) * 256))


def _vorbis_pairs(track: Track, *, opus: bool) -> Iterator[tuple[str, str]]:
    for names, key, texts in facts(track):
        if opus and key.startswith(("track_", "album_")) and key.endswith(("_gain", "_peak")):
            if pair := _opus_gain(key, texts[0]):
                yield pair
            continue
        for text in texts:
            yield names.vorbis, text
    for kind, number, total in _numbers(track):
        yield f"{kind}NUMBER", str(number)
        if total:
            yield f"{kind}TOTAL", str(total)


def vorbis_comment(track: Track, *, picture: bool = False, opus: bool = False) -> bytes:
    """A Vorbis comment without framing; `picture` puts the cover inside."""
    pairs = list(_vorbis_pairs(track, opus=opus)) if track.tagged else []
    rows = [f"{name}={text}".encode() for name, text in pairs]
    if picture and track.tagged and track.picture:
        rows.append(b"METADATA_BLOCK_PICTURE=" + base64.b64encode(flac_picture(track.picture)))
    parts = [struct.pack("<I", len(_VENDOR)), _VENDOR, struct.pack("<I", len(rows))]
    for row in rows:
        parts += (struct.pack("<I", len(row)), row)
    return b"".join(parts)


def flac_blocks(track: Track, streaminfo: bytes) -> bytes:
    """All metadata blocks of a FLAC file with some padding at the end."""
    blocks = [(0, streaminfo)]
    if track.tagged:
        blocks.append((4, vorbis_comment(track)))
        if track.picture:
            blocks.append((6, flac_picture(track.picture)))
    blocks.append((1, bytes(64)))
    last = len(blocks) - 1
    return b"".join(
        bytes((kind | (0x80 if index == last else 0),)) + len(data).to_bytes(3, "big") + data
        for index, (kind, data) in enumerate(blocks)
    )


def _item(name: str, values: tuple[bytes, ...], kind: int = 1) -> bytes:
    """One entry of an item list."""
    data = [full_atom(b"data", bytes(4), value, flags=kind) for value in values]
    if name.startswith("----:"):
        label = name.partition(":")[2].encode()
        head = full_atom(b"mean", b"com.apple.iTunes") + full_atom(b"name", label)
        return atom(b"----", head, *data)
    return atom(name.encode("latin-1"), *data)


def mp4_user_data(track: Track) -> bytes:
    """The `udta` box, empty when the track has no tags."""
    if not track.tagged:
        return b""
    items = [_item(names.mp4, tuple(text.encode() for text in texts)) for names, _, texts in facts(track) if names.mp4]
    for kind, number, total in _numbers(track):
        size = 8 if kind == "TRACK" else 6
        value = struct.pack(">HHH", 0, number, total).ljust(size, b"\0")
        items.append(_item("trkn" if kind == "TRACK" else "disk", (value,), kind=0))
    if track.bpm:
        items.append(_item("tmpo", (struct.pack(">h", track.bpm),), kind=21))
    if track.compilation:
        items.append(_item("cpil", (b"\1",), kind=21))
    if track.picture:
        items.append(_item("covr", (track.picture.data,), kind=14 if track.picture.mime == "image/png" else 13))
    handler = full_atom(b"hdlr", struct.pack(">I4s4s9x", 0, b"mdir", b"appl"))
    return atom(b"udta", full_atom(b"meta", handler, atom(b"ilst", *items)))


def apev2(track: Track) -> bytes:
    """An APEv2 tag with header and footer, empty when the track has no tags."""
    if not track.tagged:
        return b""
    items = [(names.ape, "\0".join(texts).encode(), 0) for names, _, texts in facts(track)]
    for kind, number, total in _numbers(track):
        items.append((kind.title(), (f"{number}/{total}" if total else str(number)).encode(), 0))
    if track.picture:
        suffix = track.picture.mime.partition("/")[2].encode()
        items.append(("Cover Art (Front)", b"cover." + suffix + b"\0" + track.picture.data, 2))
    body = b"".join(struct.pack("<II", len(data), kind) + name.encode() + b"\0" + data for name, data, kind in items)
    size = len(body) + 32
    header = struct.pack("<8sIIII8x", b"APETAGEX", 2000, size, len(items), 0xA0000000)
    footer = struct.pack("<8sIIII8x", b"APETAGEX", 2000, size, len(items), 0x80000000)
    return header + body + footer


def asf_objects(track: Track) -> tuple[bytes, bytes, bytes]:
    """Content description, extended description and picture library; empty without tags."""
    if not track.tagged:
        return b"", b"", b""
    pairs = [(names.asf, text) for names, _, texts in facts(track) if names.asf for text in texts]
    for kind, number, total in _numbers(track):
        text = f"{number}/{total}" if total else str(number)
        pairs.append(("WM/TrackNumber" if kind == "TRACK" else "WM/PartOfSet", text))
    picture = picture_object(track.picture.mime, track.picture.data) if track.picture else b""
    return content_object(track.title, track.artist, track.comment), extended_object(pairs), picture


def riff_info(track: Track) -> bytes:
    """A LIST chunk of type INFO, empty when there is nothing to say."""
    position = str(track.track_number) if track.track_number else ""
    genre = track.genres[0] if track.genres else ""
    texts = (
        (b"INAM", track.title),
        (b"IART", track.artist),
        (b"IPRD", track.album),
        (b"ICRD", track.date),
        (b"IGNR", genre),
        (b"ICMT", track.comment),
        (b"ITRK", position),
    )
    rows = b"".join(riff_chunk(name, text.encode() + b"\0") for name, text in texts if text)
    return riff_chunk(b"LIST", b"INFO" + rows) if rows and track.tagged else b""
