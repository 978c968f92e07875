"""The JSON form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

_DOCUMENT = json.loads(Path(__file__).with_name("opensubsonic.json").read_text(encoding="utf-8"))
METHODS: dict[str, str] = _DOCUMENT["methods"]
# what the document leaves open, and clients rely on: required by the XSD of Subsonic, or of OpenSubsonic, where a key
# that a server supports is sent even if it is empty
_OF_BOTH = (
    "genres", "musicBrainzId", "sortName", "moods", "artists", "displayArtist", "explicitStatus",
)  # fmt: skip
ALWAYS: dict[str, tuple[str, ...]] = {
    "ArtistID3": ("albumCount", "musicBrainzId", "sortName", "roles"),
    "ArtistsID3": ("ignoredArticles",),
    "AlbumID3": (
        *_OF_BOTH, "version", "isCompilation", "releaseTypes", "recordLabels", "discTitles", "originalReleaseDate",
        "releaseDate",
    ),
    "Child": (
        *_OF_BOTH, "mediaType", "bpm", "comment", "isrc", "replayGain", "channelCount", "samplingRate", "bitDepth",
        "albumArtists", "displayAlbumArtist", "contributors", "displayComposer", "groupings", "works", "movements",
    ),
}  # fmt: skip


def _components() -> dict[str, Any]:
    schemas = _DOCUMENT["components"]["schemas"]
    for name, keys in ALWAYS.items():
        schemas[name]["required"] = sorted({*schemas[name].get("required", ()), *keys})
    # references to artists are in the form of `ArtistID3` there, but have an id and a name only
    schemas["ArtistRef"] = {"type": "object", "required": ["id", "name"], "properties": {"id": {"type": "string"}}}
    for name, keys in (("Child", ("artists", "albumArtists")), ("AlbumID3", ("artists",))):
        for key in keys:
            schemas[name]["properties"][key]["items"] = {"$ref": "#/components/schemas/ArtistRef"}
    schemas["Contributor"]["properties"]["artist"] = {"$ref": "#/components/schemas/ArtistRef"}
    return {"schemas": schemas}


_COMPONENTS = _components()


@cache
def _validator(name: str) -> Any:
    schema = {"$ref": f"#/components/schemas/{name}", "components": _COMPONENTS}
    return jsonschema_rs.validator_for(schema, validate_formats=True)


def check_json(method: str, body: dict[str, Any]) -> None:
    """Assert that a body is an answer of a method, or a failure."""
    assert list(body) == ["subsonic-response"]
    answer = body["subsonic-response"]
    name = METHODS.get(method) or "SubsonicSuccessResponse"
    wanted = name if answer["status"] == "ok" else "SubsonicFailureResponse"
    errors = [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in _errors(wanted, answer)]
    assert errors == [], (method, errors[:10])
    assert list(nulls(answer)) == [], method


def _errors(name: str, answer: dict[str, Any]) -> Iterator[Any]:
    yield from _validator(name).iter_errors(answer)


def nulls(value: Any, place: str = "") -> Iterator[str]:
    """Where there is a null, which no client expects."""
    if value is None:
        yield place
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from nulls(each, f"{place}/{key}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from nulls(each, f"{place}/{number}")
