"""The small library over which answers were recorded: `tracks.json` says what the tags of its files are.

The sound is our own generator's, so lengths, sizes and bit rates differ from those that were recorded.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from mutagen import asf, flac, id3, mp3, mp4, oggopus, oggvorbis, wave

from synth import FORMATS, Tone, Track, make_png, track_bytes

# what has no types
ASF, FLAC, Picture, MP3, WAVE = (
    cast("Any", each) for each in (asf.ASF, flac.FLAC, flac.Picture, mp3.MP3, wave.WAVE)
)  # fmt: skip
MP4, MP4Cover, MP4FreeForm = (cast("Any", each) for each in (mp4.MP4, mp4.MP4Cover, mp4.MP4FreeForm))
OggOpus, OggVorbis, frames = cast("Any", oggopus.OggOpus), cast("Any", oggvorbis.OggVorbis), cast("Any", id3)

TRACKS = Path(__file__).with_name("tracks.json")
# the time of the first file, 2024-01-01T00:00:00Z; each file and picture behind it came an hour later
FIRST = 1_704_067_200
HOUR = 3600
Tags = Mapping[str, list[Any]]

ID3 = {
    "title": "TIT2", "artist": "TPE1", "album": "TALB", "albumartist": "TPE2", "tracknumber": "TRCK",
    "discnumber": "TPOS", "composer": "TCOM", "lyricist": "TEXT", "remixer": "TPE4", "genre": "TCON", "mood": "TMOO",
    "bpm": "TBPM", "label": "TPUB", "media": "TMED", "language": "TLAN", "titlesort": "TSOT", "artistsort": "TSOP",
    "albumsort": "TSOA", "albumartistsort": "TSO2", "date": "TDRC", "originaldate": "TDOR", "subtitle": "TIT3",
    "key": "TKEY",
}  # fmt: skip
FREE_NAMES = {
    "artists": "ARTISTS", "musicbrainz_artistid": "MusicBrainz Artist Id",
    "musicbrainz_albumartistid": "MusicBrainz Album Artist Id", "musicbrainz_albumid": "MusicBrainz Album Id",
    "musicbrainz_releasegroupid": "MusicBrainz Release Group Id",
    "musicbrainz_releasetrackid": "MusicBrainz Release Track Id", "releasetype": "MusicBrainz Album Type",
}  # fmt: skip
PEOPLE = {"producer": "producer", "engineer": "engineer", "mixer": "mix", "djmixer": "DJ-mix"}
MP4_NAMES = {
    "title": "\xa9nam", "artist": "\xa9ART", "album": "\xa9alb", "albumartist": "aART", "genre": "\xa9gen",
    "date": "\xa9day", "composer": "\xa9wrt", "lyrics": "\xa9lyr",
}  # fmt: skip
ASF_NAMES = {
    "title": "Title", "artist": "Author", "album": "WM/AlbumTitle", "albumartist": "WM/AlbumArtist",
    "tracknumber": "WM/TrackNumber", "genre": "WM/Genre", "date": "WM/Year", "composer": "WM/Composer",
    "mood": "WM/Mood", "label": "WM/Publisher",
}  # fmt: skip


def texts(values: list[Any]) -> list[str]:
    return [str(value) for value in values]


def add_id3(tags: Any, values: Tags, version: int, picture: bytes) -> None:
    encoding = 3 if version == 4 else 1
    people: list[list[str]] = []
    for key, found in values.items():
        value = texts(found)
        if key == "lyrics":
            tags.add(frames.USLT(encoding=encoding, lang="eng", desc="", text=value[0]))
        elif key == "comment":
            tags.add(frames.COMM(encoding=encoding, lang="eng", desc="", text=value))
        elif key == "musicbrainz_trackid":
            tags.add(frames.UFID(owner="http://musicbrainz.org", data=value[0].encode()))
        elif key in PEOPLE:
            people += [[PEOPLE[key], name] for name in value]
        elif key == "compilation":
            tags.add(frames.TCMP(encoding=encoding, text=value))
        elif key in ID3:
            tags.add(frames.Frames[ID3[key]](encoding=encoding, text=value))
        else:
            tags.add(frames.TXXX(encoding=encoding, desc=FREE_NAMES.get(key, key.upper()), text=value))
    if people:
        tags.add(frames.TIPL(encoding=3, people=people) if version == 4 else frames.IPLS(encoding=1, people=people))
    if picture:
        tags.add(frames.APIC(encoding=0, mime="image/png", type=3, desc="", data=picture))


def tag_mp3(path: Path, values: Tags, version: int, picture: bytes) -> None:
    file = MP3(path)
    file.delete()
    file.add_tags()
    add_id3(file.tags, values, version, picture)
    if version == 3:
        file.tags.update_to_v23()
    file.save(v2_version=version, v1=0, v23_sep="/")


def tag_wave(path: Path, values: Tags, version: int, picture: bytes) -> None:
    file = WAVE(path)
    file.add_tags()
    add_id3(file.tags, values, 4, picture)
    file.save()


def tag_vorbis(path: Path, values: Tags, version: int, picture: bytes) -> None:
    file: Any = {".flac": FLAC, ".ogg": OggVorbis, ".opus": OggOpus}[path.suffix](path)
    for key, found in values.items():
        file["lyrics" if key == "syncedlyrics" else key] = texts(found)
    if picture:
        shown = Picture()
        shown.type, shown.mime, shown.data = 3, "image/png", picture
        if path.suffix == ".flac":
            file.add_picture(shown)
        else:
            file["metadata_block_picture"] = [base64.b64encode(shown.write()).decode()]
    file.save()


def tag_mp4(path: Path, values: Tags, version: int, picture: bytes) -> None:
    file = MP4(path)
    for key, found in values.items():
        value = texts(found)
        if key in ("tracknumber", "discnumber"):
            number, _, total = value[0].partition("/")
            file["trkn" if key == "tracknumber" else "disk"] = [(int(number), int(total or 0))]
        elif key in ("bpm", "rtng"):
            file["tmpo" if key == "bpm" else "rtng"] = [int(value[0])]
        elif key == "compilation":
            file["cpil"] = True
        elif key in MP4_NAMES:
            file[MP4_NAMES[key]] = value
        else:
            name = f"----:com.apple.iTunes:{FREE_NAMES.get(key, key.upper())}"
            file[name] = [MP4FreeForm(text.encode()) for text in value]
    if picture:
        file["covr"] = [MP4Cover(picture, MP4Cover.FORMAT_PNG)]
    file.save()


def tag_asf(path: Path, values: Tags, version: int, picture: bytes) -> None:
    file = ASF(path)
    for key, found in values.items():
        file[ASF_NAMES[key]] = texts(found)
    file.save()


TAGGERS: dict[str, Callable[[Path, Tags, int, bytes], None]] = {
    ".mp3": tag_mp3, ".wav": tag_wave, ".flac": tag_vorbis, ".ogg": tag_vorbis, ".opus": tag_vorbis, ".m4a": tag_mp4,
    ".wma": tag_asf,
}  # fmt: skip


def make_library(root: Path) -> None:
    """Write `main` and `other` below a folder."""
    picture = make_png(16, (0, 0, 200))
    for track in json.loads(TRACKS.read_text(encoding="utf-8")):
        path = root / track["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        fmt = "alac" if track.get("alac") else path.suffix[1:]
        rate = track.get("rate", 44100)
        tone = Tone(0.3, 220, rate if rate in FORMATS[fmt].rates else 48000, track.get("channels", 2))
        path.write_bytes(track_bytes(Track(tagged=False, tone=tone), fmt))
        if "tags" in track:
            TAGGERS[path.suffix](path, track["tags"], track.get("id3", 4), picture if track.get("cover") else b"")
        at = FIRST + HOUR * track["time"]
        os.utime(path, (at, at))
