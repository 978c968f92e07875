"""The rules of the server's options, as the pure stages of a scan take them."""

from __future__ import annotations

from libraries.scanner.mapping.pids import PidRules, Pids
from libraries.scanner.mapping.splitting import SplitRules, Splitters, splitters_of
from libraries.scanner.mapping.track import make_pids
from navidrome_lib.config.conf import Conf


def split_rules(conf: Conf) -> SplitRules:
    """The rules by which texts of tags are split; those of album artists are the artists' unless they are given."""
    tags = conf.tags
    return SplitRules(
        artist=tags.artist_split,
        artists=tags.artists_split,
        albumartist=tags.artist_split if tags.albumartist_split is None else tags.albumartist_split,
        albumartists=tags.artists_split if tags.albumartists_split is None else tags.albumartists_split,
        roles=tags.roles_split,
        genre=tags.genre_split,
        mood=tags.mood_split,
        exceptions=conf.scanner.artist_split_exceptions,
        articles=tags.ignored_articles,
    )


def pid_rules(conf: Conf) -> PidRules:
    """The rules of identity."""
    return PidRules(album=conf.pid.album, track=conf.pid.track)


def make_pids_of(conf: Conf) -> Pids:
    """What `map_track` tells albums and tracks apart by under these options."""
    return make_pids(pid_rules(conf))


def make_splitters(conf: Conf) -> Splitters:
    """What `map_track` splits by under these options."""
    return splitters_of(split_rules(conf))
