"""The options of how tags are understood."""

from __future__ import annotations

from dataclasses import dataclass

from navidrome_lib.config import env
from navidrome_lib.config.option import option

TAGS = "How are tags understood?"
_NEXT_FULL_SCAN = "A change takes effect at the next full scan."


@dataclass(frozen=True, kw_only=True)
class Tags:
    """The separators at which one text of a tag becomes several; their case does not count."""

    artist_split: tuple[str, ...] = option(
        "ND_TAGS_ARTIST_SPLIT",
        env.TEXTS,
        f"What stands between the artists in `ARTIST`, where MusicBrainz ids do not tell. {_NEXT_FULL_SCAN}",
        chapter=TAGS,
        default='[" / ", " feat. ", " feat ", " ft. ", " ft ", "; "]',
        example=" / , feat. ",
        nonsense='[" / "',
    )
    artists_split: tuple[str, ...] = option(
        "ND_TAGS_ARTISTS_SPLIT",
        env.TEXTS,
        f"What stands between the artists in `ARTISTS`, when that list has a single value. {_NEXT_FULL_SCAN}",
        chapter=TAGS,
        default='["; "]',
        example='["; ", "/"]',
        nonsense="; ,",
    )
    albumartist_split: tuple[str, ...] | None = option(
        "ND_TAGS_ALBUMARTIST_SPLIT",
        env.OWN_TEXTS,
        f"What stands between the artists in `ALBUMARTIST`, where MusicBrainz ids do not tell. {_NEXT_FULL_SCAN}",
        chapter=TAGS,
        default_note="as `ND_TAGS_ARTIST_SPLIT`",
        example='["; "]',
        nonsense="[1]",
    )
    albumartists_split: tuple[str, ...] | None = option(
        "ND_TAGS_ALBUMARTISTS_SPLIT",
        env.OWN_TEXTS,
        f"What stands between the artists in `ALBUMARTISTS`, when that list has a single value. {_NEXT_FULL_SCAN}",
        chapter=TAGS,
        default_note="as `ND_TAGS_ARTISTS_SPLIT`",
        example="/",
        nonsense=",",
    )
    roles_split: tuple[str, ...] = option(
        "ND_TAGS_ROLES_SPLIT",
        env.TEXTS,
        "What stands between the names of composers, lyricists, conductors, performers and all other roles. "
        f"{_NEXT_FULL_SCAN}",
        chapter=TAGS,
        default='["/", ";"]',
        example='["/", ";", ", "]',
        nonsense='["/", ""]',
    )
    genre_split: tuple[str, ...] = option(
        "ND_TAGS_GENRE_SPLIT",
        env.TEXTS,
        f"What stands between genres. {_NEXT_FULL_SCAN}",
        chapter=TAGS,
        default='[";", "/", ","]',
        example=";",
        nonsense='{"split": "/"},',
    )
    mood_split: tuple[str, ...] = option(
        "ND_TAGS_MOOD_SPLIT",
        env.TEXTS,
        f"What stands between moods. {_NEXT_FULL_SCAN}",
        chapter=TAGS,
        default='[";", "/", ","]',
        example="[]",
        nonsense="[,]",
    )
    ignored_articles: tuple[str, ...] = option(
        "ND_IGNOREDARTICLES",
        env.WORDS,
        "The articles that do not count at the beginning of an artist's or an album's name where lists are in order of "
        f"names; their case does not count. {_NEXT_FULL_SCAN}",
        chapter=TAGS,
        default="The El La Los Las Le Les Os As O A",
        example="The Der Die Das",
        nonsense="x" * 60_000,
    )
