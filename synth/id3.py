"""ID3 tags: version 2.3 (UTF-16), version 2.4 (UTF-8), and version 1."""

import struct
from collections.abc import Iterator

from synth.mapping import facts
from synth.pictures import Picture
from synth.track import Track

_ENCODINGS = {3: (1, "utf-16"), 4: (3, "utf-8")}
_RENAMED_V23 = {"TDRC": "TYER", "TDOR": "TORY"}
_TIPL = (("arrangers", "arranger"), ("producers", "producer"))


class _Version:
    """Encodes frames for one version of the tag."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.mark, self.codec = _ENCODINGS[number]

    def text(self, value: str) -> bytes:
        """A text with byte order mark where the version wants one."""
        return b"\xff\xfe" + value.encode("utf-16-le") if self.codec == "utf-16" else value.encode()

    def end(self) -> bytes:
        """The terminator of a text."""
        return b"\0\0" if self.codec == "utf-16" else b"\0"

    def frame(self, name: str, data: bytes) -> bytes:
        """One frame."""
        size = _syncsafe(len(data)) if self.number == 4 else struct.pack(">I", len(data))
        return name.encode("ascii") + size + b"\0\0" + data

    def texts(self, name: str, values: tuple[str, ...]) -> bytes:
        """A text frame, several values separated by NUL; `TXXX:label` names a frame of the user's own."""
        label = b""
        if name.startswith("TXXX:"):
            name, description = name.split(":", 1)
            label = self.text(description) + self.end()
        return self.frame(name, bytes((self.mark,)) + label + self.text("\0".join(values)))

    def described(self, name: str, value: str) -> bytes:
        """A comment or lyrics frame in English without a description."""
        return self.frame(name, bytes((self.mark,)) + b"eng" + self.text("") + self.end() + self.text(value))

    def picture(self, picture: Picture) -> bytes:
        """A front cover."""
        return self.frame("APIC", b"\0" + picture.mime.encode("ascii") + b"\0\x03\0" + picture.data)

    def date(self, name: str, value: str) -> Iterator[bytes]:
        """A date; version 2.3 splits year from day and month."""
        if self.number == 4:
            yield self.texts(name, (value,))
            return
        yield self.texts(_RENAMED_V23[name], (value[:4],))
        if name == "TDRC" and len(value) == 10:
            yield self.texts("TDAT", (value[8:10] + value[5:7],))


def _syncsafe(value: int) -> bytes:
    return bytes(value >> shift & 0x7F for shift in (21, 14, 7, 0))


def _position(number: int, total: int) -> str:
    return f"{number}/{total}" if total else str(number)


def _people(track: Track, version: _Version) -> Iterator[bytes]:
    """Lists of pairs: version 2.4 keeps musicians apart, 2.3 has one list for all."""
    involved = [part for key, role in _TIPL for name in getattr(track, key) for part in (role, name)]
    musicians = [part for pair in track.performers for part in pair]
    if version.number == 3:
        involved, musicians = involved + musicians, []
    if involved:
        yield version.texts("TIPL" if version.number == 4 else "IPLS", tuple(involved))
    if musicians:
        yield version.texts("TMCL", tuple(musicians))


def _own_frames(track: Track, version: _Version) -> Iterator[bytes]:
    if track.track_number:
        yield version.texts("TRCK", (_position(track.track_number, track.track_total),))
    if track.disc_number:
        yield version.texts("TPOS", (_position(track.disc_number, track.disc_total),))
    if track.date:
        yield from version.date("TDRC", track.date)
    if track.original_date:
        yield from version.date("TDOR", track.original_date)
    if track.comment:
        yield version.described("COMM", track.comment)
    if track.lyrics:
        yield version.described("USLT", track.lyrics)
    if track.mb_recording_id:
        yield version.frame("UFID", b"http://musicbrainz.org\0" + track.mb_recording_id.encode("ascii"))
    yield from _people(track, version)
    if track.picture:
        yield version.picture(track.picture)


def id3v2(track: Track, number: int = 4, *, padding: int = 0) -> bytes:
    """An ID3v2 tag of version 2.`number`, empty when the track has no tags."""
    if not track.tagged:
        return b""
    version = _Version(number)
    frames = [version.texts(names.id3, texts) for names, _, texts in facts(track) if names.id3]
    frames.extend(_own_frames(track, version))
    body = b"".join(frames) + bytes(padding)
    return b"ID3" + bytes((number, 0, 0)) + _syncsafe(len(body)) + body


def id3v1(track: Track) -> bytes:
    """An ID3v1.1 tag; characters outside Latin-1 become question marks."""

    def field(text: str, size: int) -> bytes:
        return text.encode("latin-1", "replace")[:size].ljust(size, b"\0")

    texts = field(track.title, 30) + field(track.artist, 30) + field(track.album, 30)
    return (
        b"TAG" + texts + field(track.date[:4], 4) + field(track.comment, 28) + bytes((0, track.track_number & 255, 255))
    )
