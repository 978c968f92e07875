"""ListenBrainz: similar artists and popular recordings, of artists with a MusicBrainz id. It needs no key for that."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings

from media.choices import CoverKind
from media.external.requests import Asker
from media.external.texts import dicts_in, mbz_id, name_in
from media.external.things import Thing

SIMILAR: Final = 60
TOP: Final = 50
# the data set that ListenBrainz offers for this
_ALGORITHM: Final = "session_based_days_7500_session_300_contribution_5_threshold_10_limit_100_filter_True_skip_30"


def ask_about(thing: Thing, asker: Asker) -> dict[str, Any]:
    """What ListenBrainz knows of an artist; nothing of albums, and nothing of artists without an id."""
    if thing.kind is not CoverKind.ARTIST or not thing.mbz:
        return {}
    conf = settings.CONF
    labs = f"{conf.external.labs_url}/similar-artists/json"
    alike = dicts_in(asker.json(labs, {"artist_mbids": thing.mbz, "algorithm": _ALGORITHM}))
    popular = dicts_in(asker.json(f"{conf.listenbrainz.base_url}/popularity/top-recordings-for-artist/{thing.mbz}"))
    similar = [(row.get("name"), row.get("artist_mbid")) for row in alike if row.get("artist_mbid") != thing.mbz]
    top = [(row.get("recording_name"), row.get("recording_mbid")) for row in popular]
    return {"similar": named(similar, SIMILAR), "top": named(top, TOP)}


def named(rows: list[tuple[Any, Any]], most: int) -> list[dict[str, str]]:
    """Names and ids, in the order in which they come."""
    found = [{"name": name_in(name), "mbz": mbz_id(mbz)} for name, mbz in rows]
    return [row for row in found if row["name"]][:most]
