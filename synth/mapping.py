"""Which tag name carries which fact in each format, as MusicBrainz Picard writes them."""

from collections.abc import Iterator
from dataclasses import dataclass

from synth.track import Track


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one fact; an empty name means that the format writes it in a way of its own."""

    vorbis: str
    id3: str
    mp4: str
    ape: str
    asf: str


_FREE = "----:"


def _same(name: str, id3: str, ape: str, asf: str) -> Names:
    return Names(name, id3, _FREE + name, ape, asf)


def _brainz(name: str, label: str, asf: str) -> Names:
    return Names(name, f"TXXX:MusicBrainz {label}", f"{_FREE}MusicBrainz {label}", name, f"MusicBrainz/{asf}")


NAMES: dict[str, Names] = {
    "title": Names("TITLE", "TIT2", "\xa9nam", "Title", ""),
    "artist": Names("ARTIST", "TPE1", "\xa9ART", "Artist", ""),
    "artists": _same("ARTISTS", "TXXX:ARTISTS", "Artists", "WM/ARTISTS"),
    "album": Names("ALBUM", "TALB", "\xa9alb", "Album", "WM/AlbumTitle"),
    "album_artist": Names("ALBUMARTIST", "TPE2", "aART", "Album Artist", "WM/AlbumArtist"),
    "album_artists": _same("ALBUMARTISTS", "TXXX:ALBUMARTISTS", "ALBUMARTISTS", "WM/ALBUMARTISTS"),
    "disc_subtitle": _same("DISCSUBTITLE", "TSST", "DiscSubtitle", "WM/SetSubTitle"),
    "date": Names("DATE", "", "\xa9day", "Year", "WM/Year"),
    "original_date": _same("ORIGINALDATE", "", "ORIGINALDATE", "WM/OriginalReleaseTime"),
    "genres": Names("GENRE", "TCON", "\xa9gen", "Genre", "WM/Genre"),
    "composers": Names("COMPOSER", "TCOM", "\xa9wrt", "Composer", "WM/Composer"),
    "conductors": _same("CONDUCTOR", "TPE3", "Conductor", "WM/Conductor"),
    "lyricists": _same("LYRICIST", "TEXT", "Lyricist", "WM/Writer"),
    "arrangers": _same("ARRANGER", "", "Arranger", "WM/Arranger"),
    "producers": _same("PRODUCER", "", "Producer", "WM/Producer"),
    "remixers": _same("REMIXER", "TPE4", "MixArtist", "WM/ModifiedBy"),
    "performers": _same("PERFORMER", "", "Performer", "WM/Performer"),
    "label": _same("LABEL", "TPUB", "Label", "WM/Publisher"),
    "catalog_number": _same("CATALOGNUMBER", "TXXX:CATALOGNUMBER", "CatalogNumber", "WM/CatalogNo"),
    "isrc": _same("ISRC", "TSRC", "ISRC", "WM/ISRC"),
    "media": _same("MEDIA", "TMED", "Media", "WM/Media"),
    "mood": _same("MOOD", "TMOO", "Mood", "WM/Mood"),
    "grouping": Names("GROUPING", "TIT1", "\xa9grp", "Grouping", "WM/ContentGroupDescription"),
    "comment": Names("COMMENT", "", "\xa9cmt", "Comment", ""),
    "lyrics": Names("LYRICS", "", "\xa9lyr", "Lyrics", "WM/Lyrics"),
    "bpm": Names("BPM", "TBPM", "", "BPM", "WM/BeatsPerMinute"),
    "title_sort": Names("TITLESORT", "TSOT", "sonm", "TITLESORT", "WM/TitleSortOrder"),
    "album_sort": Names("ALBUMSORT", "TSOA", "soal", "ALBUMSORT", "WM/AlbumSortOrder"),
    "artist_sort": Names("ARTISTSORT", "TSOP", "soar", "ARTISTSORT", "WM/ArtistSortOrder"),
    "album_artist_sort": Names("ALBUMARTISTSORT", "TSO2", "soaa", "ALBUMARTISTSORT", "WM/AlbumArtistSortOrder"),
    "composer_sort": Names("COMPOSERSORT", "TSOC", "soco", "COMPOSERSORT", "WM/ComposerSortOrder"),
    "compilation": Names("COMPILATION", "TCMP", "", "Compilation", "WM/IsCompilation"),
    "mb_recording_id": Names(
        "MUSICBRAINZ_TRACKID", "", "----:MusicBrainz Track Id", "MUSICBRAINZ_TRACKID", "MusicBrainz/Track Id"
    ),
    "mb_track_id": _brainz("MUSICBRAINZ_RELEASETRACKID", "Release Track Id", "Release Track Id"),
    "mb_album_id": _brainz("MUSICBRAINZ_ALBUMID", "Album Id", "Album Id"),
    "mb_release_group_id": _brainz("MUSICBRAINZ_RELEASEGROUPID", "Release Group Id", "Release Group Id"),
    "mb_artist_ids": _brainz("MUSICBRAINZ_ARTISTID", "Artist Id", "Artist Id"),
    "mb_album_artist_ids": _brainz("MUSICBRAINZ_ALBUMARTISTID", "Album Artist Id", "Album Artist Id"),
}
for _name in ("track_gain", "track_peak", "album_gain", "album_peak"):
    _tag = f"REPLAYGAIN_{_name.upper()}"
    NAMES[_name] = _same(_tag, f"TXXX:{_tag}", _tag, _tag)


def _texts(track: Track, key: str) -> tuple[str, ...]:
    value = getattr(track, key)
    if key in ("artists", "album_artists"):
        # The plural tags only matter where the printed credit cannot be split safely.
        return value if len(value) > 1 else ()
    if key == "performers":
        return tuple(f"{name} ({instrument})" for instrument, name in value)
    if key.endswith("_gain"):
        return () if value is None else (f"{value:.2f} dB",)
    if key.endswith("_peak"):
        return () if value is None else (f"{value:.6f}",)
    if key == "compilation":
        return ("1",) if value else ()
    if isinstance(value, tuple):
        return value
    return (str(value),) if value else ()


def facts(track: Track) -> Iterator[tuple[Names, str, tuple[str, ...]]]:
    """Every fact that the track states, as (names, our key, texts); numbers of track and disc are not among them."""
    for key, names in NAMES.items():
        if texts := _texts(track, key):
            yield names, key, texts
    for name, texts in track.extra:
        yield _same(name, f"TXXX:{name}", name, name), name, texts
