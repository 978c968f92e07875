"""The options of what is asked of services outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from navidrome_lib.config import env
from navidrome_lib.config.env import Reader
from navidrome_lib.config.forwarding import SERVICE_URL
from navidrome_lib.config.option import option

EXTERNAL: Final = "What is asked of services outside?"
LASTFM: Final = "lastfm"
LISTENBRAINZ: Final = "listenbrainz"
MUSICBRAINZ: Final = "musicbrainz"
COVER_ART_ARCHIVE: Final = "coverartarchive"
SOURCES: Final = (LASTFM, LISTENBRAINZ, MUSICBRAINZ, COVER_ART_ARCHIVE)


def read_sources(text: str) -> tuple[str, ...]:
    """Names of sources with commas between them, each once; at least one."""
    found = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    if not found or not set(found) <= set(SOURCES):
        raise ValueError(f"must be some of {', '.join(SOURCES)} with commas between them, not {text!r}")
    return found


def read_language(text: str) -> str:
    """A language by its two letters."""
    if not (len(text) == 2 and text.isascii() and text.isalpha()):
        raise ValueError(f"must be the two letters of a language such as de, not {text!r}")
    return text.lower()


@dataclass(frozen=True, kw_only=True)
class External:
    """Whether, where and in which words services outside are asked about albums and artists."""

    enabled: bool = option(
        "ND_ENABLEEXTERNALSERVICES",
        env.BOOLEAN,
        "Ask services outside for biographies, similar artists, top songs and missing covers of what people look at. "
        "They are told the names of albums and artists, and their MusicBrainz ids, but never of people.",
        chapter=EXTERNAL,
        default="false",
        example="true",
        nonsense="lastfm",
    )
    sources: tuple[str, ...] = option(
        "ND_AGENTS",
        Reader(read_sources, f"some of {', '.join(f'`{name}`' for name in SOURCES)} with `,` between them"),
        "The services that are asked, the one that is believed first in front. `lastfm` needs `ND_LASTFM_APIKEY`, "
        "and no account of anybody.",
        chapter=EXTERNAL,
        default=",".join(SOURCES),
        example="musicbrainz,coverartarchive",
        nonsense="spotify",
    )
    lifetime: int = option(
        "ND_EXTERNALINFOLIFETIME",
        env.duration("1h", "3660d"),
        "How long an answer counts before it is asked for again; until there is another one, it is still shown.",
        chapter=EXTERNAL,
        default="30d",
        example="90d",
        nonsense="forever",
    )
    language: str = option(
        "ND_LASTFM_LANGUAGE",
        Reader(read_language, "two letters"),
        "The language of biographies by Last.fm.",
        chapter=EXTERNAL,
        default="en",
        example="de",
        nonsense="German",
    )
    labs_url: str = option(
        "ND_LISTENBRAINZ_LABSBASEURL",
        SERVICE_URL,
        "The address at which ListenBrainz tells of similar artists.",
        chapter=EXTERNAL,
        default="https://labs.api.listenbrainz.org/",
        example="https://labs.example.org/",
        nonsense="http://labs.example.org/",
    )
    musicbrainz_url: str = option(
        "ND_MUSICBRAINZ_BASEURL",
        SERVICE_URL,
        "The address of the API of MusicBrainz, or of a mirror.",
        chapter=EXTERNAL,
        default="https://musicbrainz.org/ws/2/",
        example="https://musicbrainz.example.org/ws/2/",
        nonsense="musicbrainz.org",
    )
    cover_art_archive_url: str = option(
        "ND_COVERARTARCHIVE_BASEURL",
        SERVICE_URL,
        "The address of the Cover Art Archive.",
        chapter=EXTERNAL,
        default="https://coverartarchive.org/",
        example="https://covers.example.org/",
        nonsense="http://covers.example.org/",
    )
