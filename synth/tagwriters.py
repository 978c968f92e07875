"""Tags of all families from one description, written by mutagen, so that they are not of the same hand as our readers.

RIFF INFO is the exception: mutagen does not write it.
"""

import base64
import io
import struct
from collections.abc import Iterator
from typing import Any

from mutagen import asf
from mutagen.apev2 import BINARY, APEv2, APEValue
from mutagen.flac import Picture as FlacPicture
from mutagen.flac import VCFLACDict
from mutagen.id3 import ID3, Encoding, Frames, ID3v1SaveOptions
from mutagen.mp4 import MP4Cover, MP4Tags

from synth.asf import asf_file, with_file_size
from synth.mapping import facts
from synth.mp4 import atom
from synth.pcmfiles import riff_chunk
from synth.pictures import Picture
from synth.track import Track

_VENDOR = "navidrome-lib synth"
_REFERENCE_GAIN = 5.0
_FRONT_COVER = 3
_MUSICBRAINZ = "http://musicbrainz.org"
_PEOPLE = (("arrangers", "arranger"), ("producers", "producer"))
# what ID3v2.3 has no frames for, and programs write there all the same
_LATER_FRAMES = ("TMOO", "TSOA", "TSOP", "TSOT", "TSST")

# Any: mutagen's own annotations do not cover how these are used.
_ID3: Any = ID3
_FRAMES: Any = Frames
_APEV2: Any = APEv2
_APE_VALUE: Any = APEValue
_ASF: Any = asf
_VORBIS: Any = VCFLACDict
_FLAC_PICTURE: Any = FlacPicture
_MP4_TAGS: Any = MP4Tags
_MP4_COVER: Any = MP4Cover


def _numbers(track: Track) -> Iterator[tuple[str, int, int]]:
    if track.track_number:
        yield "TRACK", track.track_number, track.track_total
    if track.disc_number:
        yield "DISC", track.disc_number, track.disc_total


def _position(number: int, total: int) -> str:
    return f"{number}/{total}" if total else str(number)


def with_id3(data: bytes, track: Track, version: int = 4, *, padding: int = 0) -> bytes:
    """The data behind an ID3v2 tag of version 2.`version`, and for 2.3 in front of ID3v1; as it is without tags."""
    if not track.tagged:
        return data
    tag = _id3(track)
    if version == 3:
        later = [tag[name] for name in _LATER_FRAMES if name in tag]
        tag.update_to_v23()
        for frame in later:
            tag.add(frame)
    file = io.BytesIO(data)
    v1 = ID3v1SaveOptions.CREATE if version == 3 else ID3v1SaveOptions.REMOVE
    tag.save(file, v1=v1, v2_version=version, v23_sep=None, padding=lambda _: padding)
    return file.getvalue()


def _id3(track: Track) -> Any:
    tag = _ID3()
    for name, fields in _id3_frames(track):
        tag.add(_FRAMES[name](encoding=Encoding.UTF8, **fields))
    return tag


def _id3_frames(track: Track) -> Iterator[tuple[str, dict[str, Any]]]:
    """The names of frames with their fields."""
    for names, _, texts in facts(track):
        if names.id3:
            name, _, label = names.id3.partition(":")
            yield name, {"text": list(texts), **({"desc": label} if label else {})}
    for kind, number, total in _numbers(track):
        yield "TRCK" if kind == "TRACK" else "TPOS", {"text": [_position(number, total)]}
    people = [[role, name] for key, role in _PEOPLE for name in getattr(track, key)]
    optional: tuple[tuple[str, object, dict[str, Any]], ...] = (
        ("TDRC", track.date, {"text": [track.date]}),
        ("TDOR", track.original_date, {"text": [track.original_date]}),
        ("COMM", track.comment, {"lang": "eng", "desc": "", "text": [track.comment]}),
        ("USLT", track.lyrics, {"lang": "eng", "desc": "", "text": track.lyrics}),
        ("UFID", track.mb_recording_id, {"owner": _MUSICBRAINZ, "data": track.mb_recording_id.encode("ascii")}),
        ("TIPL", people, {"people": people}),
        ("TMCL", track.performers, {"people": [list(pair) for pair in track.performers]}),
    )
    yield from ((name, fields) for name, value, fields in optional if value)
    if track.picture:
        yield "APIC", {"mime": track.picture.mime, "type": _FRONT_COVER, "desc": "", "data": track.picture.data}


def flac_picture(picture: Picture) -> bytes:
    """The picture block that FLAC and the Vorbis comment share."""
    block = _FLAC_PICTURE()
    block.type, block.mime, block.data = _FRONT_COVER, picture.mime, picture.data
    block.width, block.height, block.depth = picture.width, picture.height, 24
    written: bytes = block.write()
    return written


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
    comment = _VORBIS()
    comment.vendor = _VENDOR
    if track.tagged:
        comment.extend(_vorbis_pairs(track, opus=opus))
        if picture and track.picture:
            comment.append(("METADATA_BLOCK_PICTURE", base64.b64encode(flac_picture(track.picture)).decode()))
    written: bytes = comment.write()
    return written


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


def mp4_user_data(track: Track) -> bytes:
    """The `udta` box, empty when the track has no tags."""
    if not track.tagged:
        return b""
    tags = _MP4_TAGS()
    for names, _, texts in facts(track):
        if names.mp4.startswith("----:"):
            tags[names.mp4.replace(":", ":com.apple.iTunes:", 1)] = [text.encode() for text in texts]
        elif names.mp4:
            tags[names.mp4] = list(texts)
    for kind, number, total in _numbers(track):
        tags["trkn" if kind == "TRACK" else "disk"] = [(number, total)]
    if track.bpm:
        tags["tmpo"] = [track.bpm]
    if track.compilation:
        tags["cpil"] = True
    if track.picture:
        is_png = track.picture.mime == "image/png"
        image_format = _MP4_COVER.FORMAT_PNG if is_png else _MP4_COVER.FORMAT_JPEG
        tags["covr"] = [_MP4_COVER(track.picture.data, imageformat=image_format)]
    movie = io.BytesIO(atom(b"moov"))
    tags.save(movie, padding=lambda _: 0)
    return movie.getvalue()[8:]


def apev2(track: Track) -> bytes:
    """An APEv2 tag with header and footer, empty when the track has no tags."""
    if not track.tagged:
        return b""
    tag = _APEV2()
    for names, _, texts in facts(track):
        tag[names.ape] = list(texts)
    for kind, number, total in _numbers(track):
        tag[kind.title()] = _position(number, total)
    if track.picture:
        name = f"cover.{track.picture.mime.partition('/')[2]}\0".encode()
        tag["Cover Art (Front)"] = _APE_VALUE(name + track.picture.data, BINARY)
    file = io.BytesIO()
    tag.save(file)
    return file.getvalue()


def wma_file(track: Track) -> bytes:
    """A whole ASF file."""
    file = io.BytesIO(asf_file(track.tone))
    if not track.tagged:
        return file.getvalue()
    parsed = _ASF.ASF(file)
    texts = {"Title": track.title, "Author": track.artist, "Description": track.comment}
    pairs = [(name, text) for name, text in texts.items() if text]
    pairs += [(names.asf, text) for names, _, texts in facts(track) if names.asf for text in texts]
    for kind, number, total in _numbers(track):
        pairs.append(("WM/TrackNumber" if kind == "TRACK" else "WM/PartOfSet", _position(number, total)))
    for name in dict(pairs):
        parsed.tags[name] = [text for other, text in pairs if other == name]
    if track.picture:
        head = struct.pack("<BI", _FRONT_COVER, len(track.picture.data))
        mime = f"{track.picture.mime}\0\0".encode("utf-16-le")
        parsed.tags["WM/Picture"] = [_ASF.ASFByteArrayAttribute(head + mime + track.picture.data)]
    file.seek(0)
    parsed.save(file, padding=lambda _: 0)
    return with_file_size(file.getvalue())


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
