"""The options of what is played and shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from navidrome_lib.config import env
from navidrome_lib.config.env import Reader
from navidrome_lib.config.option import option

MEDIA: Final = "How is music played and shown?"
ACCEL: Final = "x-accel-redirect"
SENDFILE: Final = "x-sendfile"


def read_internal_prefix(text: str) -> str:
    """The path below which a proxy finds the libraries, with a slash at both ends."""
    path = f"/{text.strip('/')}/"
    if path == "//" or any(character in path for character in "?#%\\ ") or not path.isascii():
        raise ValueError(f"must be a path such as /protected/, not {text!r}")
    return path


def read_patterns(text: str) -> tuple[str, ...]:
    """Names of pictures with `*` and `?`, and words, with commas between them; at least one."""
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if not found or any("/" in part.removeprefix("album/") or "\0" in part for part in found):
        raise ValueError(f"must be names such as cover.*, or embedded, with commas between them, not {text!r}")
    return found


def read_places_of_lyrics(text: str) -> tuple[str, ...]:
    """Suffixes with their dot, and `embedded`, with commas between them; at least one."""
    found = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    if not found or not all(part == "embedded" or (part[0] == "." and part[1:].isalnum()) for part in found):
        raise ValueError(f"must be suffixes such as .lrc, or embedded, with commas between them, not {text!r}")
    return found


PATTERNS: Final = Reader(read_patterns, "names of pictures with `*` and `?`, and words, with `,` between them")


@dataclass(frozen=True, kw_only=True)
class Media:
    """How files get to players, and how pictures are found and shown."""

    enable_downloads: bool = option(
        "ND_ENABLEDOWNLOADS",
        env.BOOLEAN,
        "People can download the files of songs, albums, artists and playlists.",
        chapter=MEDIA,
        default="true",
        example="false",
        nonsense="albums",
    )
    send_files_by: str = option(
        "ND_SENDFILESBY",
        env.choice("server", ACCEL, SENDFILE),
        "Who sends the bytes of a file: the server itself, or the proxy in front of it, which is told the file by that "
        "header (nginx: `x-accel-redirect`; Apache and lighttpd: `x-sendfile`). The proxy must remove that header.",
        chapter=MEDIA,
        default="server",
        example="x-accel-redirect",
        nonsense="nginx",
    )
    send_files_prefix: str = option(
        "ND_SENDFILESPREFIX",
        Reader(read_internal_prefix, "a path below which the proxy finds each library by its id"),
        "With `x-accel-redirect`: the internal location of nginx below which each library has a folder named by its "
        "id.",
        chapter=MEDIA,
        default="/protected/",
        example="/internal/music/",
        nonsense="/a?b",
    )
    ffmpeg_path: str = option(
        "ND_FFMPEGPATH",
        env.TEXT,
        "The program that converts songs for players that ask for another format or a lower bit rate. "
        "Without it songs are played as they are.",
        chapter=MEDIA,
        default="ffmpeg",
        default_note="`ffmpeg` in the search path",
        example="/opt/ffmpeg/bin/ffmpeg",
        nonsense=None,
    )
    default_downsampling_format: str = option(
        "ND_DEFAULTDOWNSAMPLINGFORMAT",
        env.choice("mp3", "opus", "aac"),
        "The format of songs that are converted for their bit rate alone.",
        chapter=MEDIA,
        default="opus",
        example="mp3",
        nonsense="ogg",
    )
    max_transcodes: int = option(
        "ND_MAXTRANSCODES",
        env.integer(0, 64),
        "How many songs are converted at once; 0 converts none.",
        chapter=MEDIA,
        default="4",
        unit="songs",
        example="2",
        nonsense="all",
    )
    max_transcodes_per_user: int = option(
        "ND_MAXTRANSCODESPERUSER",
        env.integer(1, 64),
        "How many songs are converted at once for one person.",
        chapter=MEDIA,
        default="2",
        unit="songs",
        example="1",
        nonsense="0",
    )
    transcoding_cache_size: int = option(
        "ND_TRANSCODINGCACHESIZE",
        env.SIZE,
        "How much of the disk converted songs may take; 0 keeps none. "
        "What was not listened to for the longest time goes first.",
        chapter=MEDIA,
        default="100MB",
        example="5GiB",
        nonsense="-1",
    )
    cover_art_priority: tuple[str, ...] = option(
        "ND_COVERARTPRIORITY",
        PATTERNS,
        "Where the picture of an album is looked for, the first that is there counts: names of pictures in its "
        "folders, and `embedded` for those in its files. `external` is ignored: no other server is asked.",
        chapter=MEDIA,
        default="cover.*, folder.*, front.*, embedded, external",
        example="embedded, cover.jpg",
        nonsense="scans/cover.jpg",
    )
    artist_art_priority: tuple[str, ...] = option(
        "ND_ARTISTARTPRIORITY",
        PATTERNS,
        "Where the picture of an artist is looked for: names of pictures in the folder above the albums, with `album/` "
        "in front in those of the albums. Without one it is the cover of an album.",
        chapter=MEDIA,
        default="artist.*, album/artist.*, external",
        example="album/artist.*, band.jpg",
        nonsense=",",
    )
    cover_art_quality: int = option(
        "ND_COVERARTQUALITY",
        env.integer(1, 100),
        "The quality of pictures that are made smaller.",
        chapter=MEDIA,
        default="75",
        unit="percent",
        example="90",
        nonsense="high",
    )
    image_cache_size: int = option(
        "ND_IMAGECACHESIZE",
        env.SIZE,
        "How much of the disk pictures that were made smaller may take; 0 keeps none. "
        "What was not used for the longest time goes first.",
        chapter=MEDIA,
        default="100MB",
        example="1GiB",
        nonsense="large",
    )
    lyrics_priority: tuple[str, ...] = option(
        "ND_LYRICSPRIORITY",
        Reader(read_places_of_lyrics, "suffixes and `embedded`, with `,` between them"),
        "Where lyrics are looked for, the first place that has some counts: files of the name of the song with that "
        "suffix, also with a language in front of it (`Song.en.lrc`), and `embedded` for those in the file.",
        chapter=MEDIA,
        default=".lrc, .txt, embedded",
        example="embedded, .lrc",
        nonsense="lrc",
    )
