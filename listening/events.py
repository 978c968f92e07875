"""What open event streams are told of what people add: each what concerns things that its viewer can see."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from libraries.events.bulletin import ALL, REFRESH
from libraries.events.extension import Teller
from libraries.events.news import AuditedChange
from libraries.models import Artist
from listening.models import (
    AlbumAnnotation,
    Annotation,
    ArtistAnnotation,
    Playlist,
    PlaylistAnnotation,
    Share,
    TrackAnnotation,
)
from listening.services.annotations import Things
from listening.services.news import NewsLog, Told
from listening.services.now_playing import all_listeners, visible_ids
from navidrome_lib.viewer import Viewer

NOW_PLAYING: Final = "nowPlayingCount"
# how clients call the things that people note something of
_RESOURCES: Final[Mapping[str, tuple[str, type[Annotation]]]] = {
    TrackAnnotation.thing: ("song", TrackAnnotation),
    AlbumAnnotation.thing: ("album", AlbumAnnotation),
    ArtistAnnotation.thing: ("artist", ArtistAnnotation),
    PlaylistAnnotation.thing: ("playlist", PlaylistAnnotation),
}
# things in the audit trail, which has whose they were and who could see them before
_OWNED: Final[Mapping[str, Any]] = {"artist": Artist, "playlist": Playlist, "share": Share}


class _Playing(NamedTuple):
    """The tracks that are played now, each once for every player, and those that were begun or ended."""

    tracks: tuple[str, ...]
    changed: frozenset[str]


class ListeningReader:
    """Looks at notes, playlists, shares, and at what is being played."""

    def __init__(self) -> None:
        self._log = NewsLog()
        self._playing: frozenset[tuple[str, str]] = frozenset()
        self._ends = math.inf

    def look(self, entries: Sequence[AuditedChange]) -> Teller | None:
        """What there is to tell; None for nothing."""
        told = self._log.look()
        owned = [entry for entry in entries if entry.kind in _OWNED]
        notes = [each for each in told if each.user_id]
        playing = None
        if len(notes) < len(told) or time.time() >= self._ends:
            playing = self._look_at_players()
        if not (owned or notes or playing is not None):
            return None
        return _Telling(owned, notes, playing).events

    def _look_at_players(self) -> _Playing | None:
        """Who plays something now; None where it is as it was."""
        now = time.time()
        playing = [listener for listener in all_listeners() if listener.playing.ends > now]
        self._ends = min((listener.playing.ends for listener in playing), default=math.inf)
        before = self._playing
        self._playing = frozenset((listener.player.pk, listener.playing.track_id) for listener in playing)
        changed = frozenset(track_id for _, track_id in self._playing ^ before)
        return _Playing(tuple(track_id for _, track_id in self._playing), changed) if changed else None


class _Telling:
    """What one look found, for each viewer that asks."""

    def __init__(self, owned: Sequence[AuditedChange], notes: Sequence[Told], playing: _Playing | None) -> None:
        self._owned = owned
        self._notes = notes
        self._playing = playing

    def events(self, viewer: Viewer, tab: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """The events of a viewer; without what the viewer has done in the tab of this number."""
        named: dict[str, set[str]] = defaultdict(set)
        owned = [entry for entry in self._owned if not entry.is_of(viewer, tab)]
        for kind in dict.fromkeys(entry.kind for entry in owned):
            named[kind].update(_changed(viewer, kind, [entry for entry in owned if entry.kind == kind]))
        for told in self._notes:
            if told.user_id == viewer.pk and told.kind in _RESOURCES and not (tab and told.tab == tab):
                resource, notes = _RESOURCES[told.kind]
                named[resource].update(told.ids if ALL in told.ids else Things(notes, told.ids).visible_to(viewer))
        shown = {kind: [ALL] if ALL in ids else sorted(ids) for kind, ids in sorted(named.items()) if ids}
        if shown:
            yield REFRESH, shown
        if self._playing is not None:
            visible = visible_ids({*self._playing.tracks, *self._playing.changed}, viewer)
            # who cannot access what was begun or ended learns nothing of it
            if not visible.isdisjoint(self._playing.changed):
                yield NOW_PLAYING, {"count": sum(track_id in visible for track_id in self._playing.tracks)}


def _changed(viewer: Viewer, kind: str, entries: Sequence[AuditedChange]) -> Iterator[str]:
    """The ids of things that the viewer can see, or could; of those that come or go, that it is about all."""
    rows = _OWNED[kind].objects.visible_to(viewer).filter(pk__in={entry.object_id for entry in entries})
    visible = set(rows.values_list("pk", flat=True))
    for entry in entries:
        owner, public = (_before(entry, field) for field in ("owner_id", "public"))
        if entry.object_id in visible:
            is_the_same = entry.action == f"{kind}.update" and owner is None and public is None
            yield entry.object_id if is_the_same else ALL
        elif public or owner == viewer.pk or (owner is not None and viewer.is_admin):
            yield ALL


def _before(entry: AuditedChange, field: str) -> Any:
    """What a field was before a change; None where it did not change."""
    pair = entry.changes.get(field)
    return pair[0] if isinstance(pair, list) and pair else None
