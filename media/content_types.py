"""The media types of audio files, by their suffix."""

from __future__ import annotations

from typing import Final

OTHER: Final = "application/octet-stream"

# the names that players know; those of Ogg hold for every codec in it
_TYPES: Final[dict[str, str]] = {
    "aac": "audio/aac",
    "ac3": "audio/ac3",
    "aif": "audio/x-aiff",
    "aifc": "audio/x-aiff",
    "aiff": "audio/x-aiff",
    "alac": "audio/mp4",
    "ape": "audio/x-monkeys-audio",
    "asf": "audio/x-ms-asf",
    "caf": "audio/x-caf",
    "dff": "audio/x-dff",
    "dsf": "audio/x-dsf",
    "eac3": "audio/eac3",
    "f4a": "audio/mp4",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "m4b": "audio/mp4",
    "m4r": "audio/mp4",
    "mka": "audio/x-matroska",
    "mp1": "audio/mpeg",
    "mp2": "audio/mpeg",
    "mp3": "audio/mpeg",
    "mp4": "audio/mp4",
    "mpc": "audio/x-musepack",
    "mpga": "audio/mpeg",
    "ofr": "audio/x-optimfrog",
    "ofs": "audio/x-optimfrog",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "spx": "audio/ogg",
    "tak": "audio/x-tak",
    "tta": "audio/x-tta",
    "wav": "audio/x-wav",
    "weba": "audio/webm",
    "webm": "audio/webm",
    "wma": "audio/x-ms-wma",
    "wv": "audio/x-wavpack",
}


def content_type(suffix: str) -> str:
    """The media type of a file with that suffix."""
    return _TYPES.get(suffix.lower(), OTHER)
