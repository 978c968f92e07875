"""ID3 frames → canonical keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from libraries.audio.file import Window
from libraries.audio.tags import id3
from libraries.audio.tags.builder import TagBuilder
from libraries.audio.tags.genres import GENRES

_TEXT_KEYS: Final[dict[bytes, str]] = {
    b"TIT1": "grouping", b"GRP1": "grouping", b"TIT2": "title", b"TIT3": "subtitle", b"TPE1": "artist",
    b"TPE2": "albumartist", b"TPE3": "conductor", b"TPE4": "remixer", b"TALB": "album", b"TCOM": "composer",
    b"TEXT": "lyricist", b"TDRC": "date", b"TDOR": "originaldate", b"TORY": "originalyear", b"TDRL": "releasedate",
    b"TBPM": "bpm", b"TKEY": "key", b"TLAN": "language", b"TMOO": "mood", b"TPUB": "label", b"TCOP": "copyright",
    b"TSRC": "isrc", b"TENC": "encodedby", b"TSSE": "encodersettings", b"TMED": "media", b"TSST": "discsubtitle",
    b"TSOP": "artistsort", b"TSOA": "albumsort", b"TSOT": "titlesort", b"TSO2": "albumartistsort",
    b"TSOC": "composersort", b"XSOP": "artistsort", b"XSOA": "albumsort", b"XSOT": "titlesort", b"TCMP": "compilation",
    b"MVNM": "movementname", b"MVIN": "movement", b"XDOR": "xdor",
}  # fmt: skip

_GENRE: Final = re.compile(r"\((\d{1,3}|RX|CR)\)")
_NAMED_GENRES: Final = {"RX": "Remix", "CR": "Cover"}
# Comments in which programs keep their own bookkeeping.
_MACHINE_COMMENTS: Final = ("itun", "songs-db", "musicmatch")
_GAIN_SCOPES: Final = {"track": "track", "mix": "track", "radio": "track", "album": "album", "audiophile": "album"}


def add_id3(tags: TagBuilder, source: Window, start: int) -> None:
    """Add what the ID3v2 tag at the offset says."""
    old_dates: dict[bytes, str] = {}
    key_of, special, add_text, decode = _TEXT_KEYS.get, _SPECIAL.get, tags.add_text, id3.decode_text
    for name, data, _ in id3.read_frames(source, start):
        if data is None:
            tags.has_picture = tags.has_picture or name == b"APIC"
            tags.has_lyrics = tags.has_lyrics or name in (b"USLT", b"SYLT")
        elif (key := key_of(name)) is not None:
            add_text(key, decode(data[0], data[1:]))
        elif (add := special(name)) is not None:
            add(tags, data)
        elif name in (b"TYER", b"TDAT"):
            old_dates[name] = id3.text_values(data)[0].strip()
    if old_dates.get(b"TYER"):
        tags.add("date", (_join_date(old_dates[b"TYER"], old_dates.get(b"TDAT", "")),), "tyer")


def fill_from_id3v1(tags: TagBuilder, tail: bytes) -> None:
    """Fill in what only the ID3v1 tag at the end of `tail` says."""
    for key, value in (id3.parse_v1(tail) or {}).items():
        name = "date" if key == "year" else key
        if name not in tags.tags:
            tags.add(name, _resolve_genre(value) if key == "genre" else (value,))


def _resolve_genre(text: str) -> Sequence[str]:
    """Return the names behind "17", "(17)", "(17)Rock" and "(RX)"; other text is a name already."""
    if not text.startswith("("):
        return (_genre_name(text) if text.isdecimal() and len(text) <= 3 else text,)
    names = []
    while match := _GENRE.match(text):
        names.append(_genre_name(match[1]))
        text = text[match.end() :]
    if text.startswith("(("):
        text = text[1:]
    # "(17)Rock" says the same twice; a refinement such as "(4)Eurodisco" adds a name.
    if text and text not in names:
        names.append(text)
    return names


def _genre_name(code: str) -> str:
    if code in _NAMED_GENRES:
        return _NAMED_GENRES[code]
    number = int(code)
    return GENRES[number] if number < len(GENRES) else ""


def _add_genre(tags: TagBuilder, data: bytes) -> None:
    for value in id3.text_values(data):
        tags.add("genre", _resolve_genre(value.strip()))


def _join_date(year: str, day_month: str) -> str:
    if len(year) == 4 and len(day_month) == 4 and day_month.isdecimal():
        return f"{year}-{day_month[2:]}-{day_month[:2]}"
    return year


def _add_track(tags: TagBuilder, data: bytes) -> None:
    tags.add_numbered("tracknumber", "tracktotal", id3.text_values(data))


def _add_disc(tags: TagBuilder, data: bytes) -> None:
    tags.add_numbered("discnumber", "disctotal", id3.text_values(data))


def _add_txxx(tags: TagBuilder, data: bytes) -> None:
    name, _, text = id3.decode_text(data[0], data[1:]).partition("\0")
    tags.add_free_text(name, text)


def _add_wxxx(tags: TagBuilder, data: bytes) -> None:
    # The description is in the frame's encoding, the address always in Latin-1.
    wide = data[0] in (1, 2)
    url = data[1:].rstrip(b"\0").rpartition(b"\0\0" if wide else b"\0")[2]
    tags.add_one("website", url.lstrip(b"\0").decode("latin-1"))


def _add_url(tags: TagBuilder, data: bytes) -> None:
    tags.add_one("website", data.partition(b"\0")[0].decode("latin-1"))


def _add_ufid(tags: TagBuilder, data: bytes) -> None:
    owner, _, identifier = data.partition(b"\0")
    if owner == b"http://musicbrainz.org":
        tags.add_one("musicbrainz_recordingid", identifier.decode("ascii", "ignore"))


def _add_comment(tags: TagBuilder, data: bytes) -> None:
    description, _, text = id3.decode_text(data[0], data[4:]).partition("\0")
    if not description.lower().startswith(_MACHINE_COMMENTS):
        tags.add_text("comment", text)


def _pairs(data: bytes) -> Iterable[tuple[str, str]]:
    values = id3.text_values(data)
    return zip(values[::2], values[1::2], strict=False)


def _add_people(tags: TagBuilder, data: bytes) -> None:
    tags.add_people("people", _pairs(data))


def _add_musicians(tags: TagBuilder, data: bytes) -> None:
    tags.add_people("performer", _pairs(data))


def _add_gain(tags: TagBuilder, data: bytes) -> None:
    name, _, rest = data.partition(b"\0")
    scope = _GAIN_SCOPES.get(name.decode("latin-1").lower())
    # Channel 1 is the master volume.
    if scope is None or len(rest) < 4 or rest[0] != 1:
        return
    gain = int.from_bytes(rest[1:3], "big", signed=True) / 512
    key = f"replaygain_{scope}_gain"
    tags.add(key, (f"{gain:.2f} dB",), "rva2")
    bits = rest[3]
    if bits and len(rest) >= 4 + (bits + 7) // 8:
        width = (bits + 7) // 8
        peak = int.from_bytes(rest[4 : 4 + width], "big") / (1 << (width * 8 - 1))
        tags.add(f"replaygain_{scope}_peak", (f"{peak:.6f}",), "rva2")


_SPECIAL: Final[dict[bytes, Callable[[TagBuilder, bytes], None]]] = {
    b"TXXX": _add_txxx, b"COMM": _add_comment, b"WXXX": _add_wxxx, b"WOAR": _add_url, b"UFID": _add_ufid,
    b"TIPL": _add_people, b"IPLS": _add_people, b"TMCL": _add_musicians, b"RVA2": _add_gain,
    b"TRCK": _add_track, b"TPOS": _add_disc, b"TCON": _add_genre,
}  # fmt: skip
