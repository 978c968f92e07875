"""`Child` of a track: `song`, `entry`, `child`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from libraries.catalog_api.extension import Resource
from libraries.catalog_api.songs import plain_songs, song_objects
from libraries.catalog_api.written import Shape, as_array, written
from libraries.choices import Role
from libraries.visible import library_facts
from media.content_types import content_type
from navidrome_lib.viewer import Viewer
from subsonic.objects.covers import add_song_cover
from subsonic.objects.values import (
    EXPLICIT,
    Object,
    add_notes,
    add_plays,
    artist_refs,
    moment,
    names,
    number,
    with_more,
)
from subsonic.renderers import Listed

# those that have keys of their own
MAIN_ROLES: Final = (Role.ARTIST, Role.ALBUM_ARTIST)
# the tag that tells editions of an album apart
VERSION: Final = "albumversion"
COMPOSERS: Final = " • "
_GAINS: Final = (
    ("trackGain", "rgTrackGain"),
    ("albumGain", "rgAlbumGain"),
    ("trackPeak", "rgTrackPeak"),
    ("albumPeak", "rgAlbumPeak"),
)
# left out where there is nothing
_OPTIONAL: Final = (
    ("parent", "albumId"),
    ("track", "trackNumber"),
    ("discNumber", "discNumber"),
    ("year", "year"),
    ("genre", "genre"),
    ("albumId", "albumId"),
    ("artistId", "artistId"),
)


def songs_of(viewer: Viewer, ids: Sequence[str]) -> list[Object]:
    """The songs with these ids, in this order; an id that comes twice gives two objects.

    Those that the viewer cannot see, and those whose files are missing, are left out. The number of queries is the
    same for up to 500 songs.
    """
    return [child_of_song(song) for song in song_objects(ids, viewer) if not song["missing"]]


def songs_by_id(viewer: Viewer, ids: Iterable[str]) -> dict[str, Object]:
    """The same by their ids, for lists that say more of each song, such as bookmarks."""
    return {song["id"]: song for song in songs_of(viewer, list(dict.fromkeys(ids)))}


def song_list(viewer: Viewer, ids: Sequence[str]) -> Listed:
    """As `songs_of`, for lists that say no more of a song."""
    return Listed(lambda: _as_json(viewer, ids))


def _as_json(viewer: Viewer, ids: Sequence[str]) -> bytes:
    return as_array(written(CHILDREN, ids, viewer, library_facts(viewer)))


def child_of_song(song: Mapping[str, Any]) -> Object:
    """`Child` of a song, from its object of the catalog."""
    return plain_child(song) | added_to_child(song)


def added_to_child(song: Mapping[str, Any]) -> Object:
    """What belongs to the viewer, and what is known of the picture."""
    found: Object = {}
    if position := song.get("bookmarkPosition"):
        found["bookmarkPosition"] = position
    add_song_cover(found, song)
    add_notes(found, song)
    add_plays(found, song)
    return found


def plain_child(song: Mapping[str, Any]) -> Object:
    """All else."""
    tags = song.get("tags", {})
    title, album = with_more(song["title"], tags.get("subtitle", ())), with_more(song["album"], tags.get(VERSION, ()))
    found: Object = {
        "id": song["id"],
        "isDir": False,
        "title": title,
        "album": album,
        "artist": song["artist"],
        "size": song["size"],
        "contentType": content_type(song["suffix"]),
        "suffix": song["suffix"],
        "duration": int(song["duration"]),
        "bitRate": song["bitRate"],
        "path": shown_path(song, title, album),
        "created": moment(song["createdAt"]),
        "type": "music",
    }
    for key, source in _OPTIONAL:
        if value := song.get(source):
            found[key] = value
    _add_opensubsonic(found, song, tags, song["participants"])
    return found


def shown_path(song: Mapping[str, Any], title: str, album: str) -> str:
    """A path made of the tags, by which clients name what they keep; where the file really is, they need not know."""
    disc, track = song["discNumber"], song["trackNumber"]
    place = "-".join(f"{each:02}" for each in (disc, track) if each)
    name = f"{place} - {title}" if place else title
    folders = (song["albumArtist"], album, f"{name}.{song['suffix']}")
    return "/".join(each.replace("/", "_") for each in folders if each)


def _add_opensubsonic(
    found: Object, song: Mapping[str, Any], tags: Mapping[str, list[str]], people: Mapping[str, list[Any]]
) -> None:
    """The keys of OpenSubsonic, which are sent even when empty: so a client sees that the server has them."""
    found |= {
        "mediaType": "song",
        "bpm": song.get("bpm", 0),
        "comment": song.get("comment", ""),
        "sortName": song["orderTitle"],
        "musicBrainzId": song.get("mbzRecordingID", ""),
        "isrc": tags.get("isrc", []),
        "genres": names(genre["name"] for genre in song.get("genres", ())),
        "replayGain": {key: song[source] for key, source in _GAINS if song[source] is not None},
        "channelCount": song["channels"],
        "samplingRate": song["sampleRate"],
        "bitDepth": song.get("bitDepth", 0),
        "moods": tags.get("mood", []),
        "artists": artist_refs(people.get(Role.ARTIST, ())),
        "displayArtist": song["artist"],
        "albumArtists": artist_refs(people.get(Role.ALBUM_ARTIST, ())),
        "displayAlbumArtist": song["albumArtist"],
        "contributors": contributors(people),
        "displayComposer": COMPOSERS.join(each["name"] for each in people.get(Role.COMPOSER, ())),
        "explicitStatus": EXPLICIT.get(song["explicitStatus"], ""),
        "groupings": tags.get("grouping", []),
        "works": names(tags.get("work", ())),
        "movements": _movements(tags),
    }


def contributors(people: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[Object]:
    """All who take part in other roles than the two that have keys of their own."""
    found: list[Object] = []
    for role, those in people.items():
        if role in MAIN_ROLES:
            continue
        for each in those:
            part = {"subRole": each["subRole"]} if each.get("subRole") else {}
            found.append({"role": role, **part, "artist": {"id": each["id"], "name": each["name"]}})
    return found


def _movements(tags: Mapping[str, list[str]]) -> list[Object]:
    found = names(tags.get("movementname", ())[:1])
    for movement in found:
        for key, tag in (("number", "movement"), ("count", "movementtotal")):
            if value := number(tags.get(tag, ())):
                movement[key] = value
    return found


def plain_child_without_id(song: Mapping[str, Any]) -> Object:
    """The same without the id, which is written in front of what is kept."""
    found = plain_child(song)
    del found["id"]
    return found


CHILDREN: Final = Shape("child", Resource.SONG, plain_songs, plain_child_without_id, added_to_child, present=True)
