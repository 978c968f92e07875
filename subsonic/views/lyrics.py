"""Lyrics: getLyrics, getLyricsBySongId."""

from __future__ import annotations

from typing import Any

from libraries.models import MediaFile
from media.lyrics.parsing import Line, Lyrics
from media.lyrics.service import find_lyrics, lyrics_of
from media.tracks import find_track
from subsonic.params import Params
from subsonic.renderers import Payload
from users.models import Viewer


def get_lyrics(caller: Viewer, params: Params) -> Payload:
    """`/rest/getLyrics`: the words of a song by its artist and title, without times."""
    found = find_lyrics(caller, params.text("artist"), params.text("title"))
    if found is None:
        return {"lyrics": {"value": ""}}
    track, lyrics = found
    return {"lyrics": {"artist": track.artist, "title": track.title, "value": lyrics.text}}


def get_lyrics_by_song_id(caller: Viewer, params: Params) -> Payload:
    """`/rest/getLyricsBySongId`: the lyrics of a song, one for each language."""
    track = find_track(caller, params.required("id"))
    shown = [structured(track, lyrics, is_enhanced=params.flag("enhanced")) for lyrics in lyrics_of(track)]
    return {"lyricsList": {"structuredLyrics": shown} if shown else {}}


def structured(track: MediaFile, lyrics: Lyrics, *, is_enhanced: bool) -> dict[str, Any]:
    """`structuredLyrics`: starts and the offset in milliseconds."""
    found: dict[str, Any] = {"displayArtist": track.artist, "displayTitle": track.title, "lang": lyrics.language}
    if is_enhanced:
        found["kind"] = "main"
    found["line"] = [line_of(line) for line in lyrics.lines]
    if is_enhanced and (cue_lines := [cue_line(place, line) for place, line in enumerate(lyrics.lines) if line.cues]):
        found["cueLine"] = cue_lines
    if lyrics.offset:
        found["offset"] = lyrics.offset
    return {**found, "synced": lyrics.is_synced}


def line_of(line: Line) -> dict[str, Any]:
    """`line`: its start only where it is known."""
    return {"value": line.text} if line.start is None else {"start": line.start, "value": line.text}


def cue_line(index: int, line: Line) -> dict[str, Any]:
    """`cueLine`: the words of a line with their times, and where each is in the bytes of its text."""
    cues = [{"start": cue.start, "byteStart": cue.first, "byteEnd": cue.last, "value": cue.text} for cue in line.cues]
    return {"index": index, "start": line.start, "value": line.text, "cue": cues}
