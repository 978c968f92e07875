"""Run by a Python that has Mopidy-Subidy: every call of its client, with what came of it as JSON on one line.

`mopidy_calls.py ADDRESS USER PASSWORD`; it knows nothing of the server but what it is told.
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from typing import Any
from urllib.request import urlopen


def plain(value: Any) -> Any:
    """What Mopidy knows of a thing, as JSON can say it."""
    if inspect.isgenerator(value) or isinstance(value, (list, tuple, frozenset)):
        return [plain(each) for each in value]
    if hasattr(value, "serialize"):
        return value.serialize()
    return value


def main(address: str, user: str, password: str) -> dict[str, Any]:
    """Make every call that there is, each with what those before it have found."""
    kind = importlib.import_module("mopidy_subidy.subsonic_api").SubsonicApi
    api = kind(address, user, password, "Mopidy", True, "1.14.0")
    artist = api.get_raw_artists()[0]["id"]
    album = api.get_raw_albums(artist)[0]["id"]
    song = api.get_raw_songs(album)[0]
    made = api.create_playlist_raw("Mix")["playlist"]["id"]
    api.save_playlist_raw(made, [song["id"]])
    arguments: dict[str, tuple[Any, ...]] = {
        "get_artist_by_id": (artist,), "get_album_by_id": (album,), "get_song_by_id": (song["id"],),
        "get_raw_albums": (artist,), "get_raw_songs": (album,), "get_raw_dir": (artist,), "get_raw_playlist": (made,),
        "get_raw_album_list": ("newest",), "get_more_albums": ("newest",), "get_albums_as_albums": (artist,),
        "get_albums_as_refs": (artist,), "get_songs_as_refs": (album,), "get_songs_as_tracks": (album,),
        "get_diritems_as_refs": (artist,), "get_playlist_as_playlist": (made,),
        "get_playlist_as_songs_as_refs": (made,), "get_artist_as_songs_as_tracks_iter": (artist,),
        "get_recursive_dir_as_songs_as_tracks_iter": (artist,), "find_raw": ("song",),
        "find_as_search_result": ("song",),
    }  # fmt: skip
    names = [name for name in dir(kind) if name.startswith(("get_", "find_")) and "_uri" not in name]
    found = {name: plain(getattr(api, name)(*arguments.get(name, ()))) for name in names}
    with urlopen(api.get_song_stream_uri(song["id"])) as stream:  # noqa: S310 - of the server of the test
        found["stream"] = len(stream.read())
    found["deleted"] = api.delete_playlist_raw(made)["status"]
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:4])))
