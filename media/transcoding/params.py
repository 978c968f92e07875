"""What a decision was, as a text that the player brings back: signed, so that it asks for nothing else."""

from __future__ import annotations

from typing import Any, Final

from django.core import signing

from media.transcoding.ffmpeg import Recipe
from media.transcoding.formats import TARGETS

_SALT: Final = "media.transcoding"
# a player may pause for long, and asks for a new decision then
MAX_AGE_SECONDS: Final = 48 * 3600
DIRECT: Final = "raw"


class DecisionGone(Exception):
    """The text is none of ours, has expired, or is about another song."""


def pack_decision(track_id: str, recipe: Recipe | None) -> str:
    """The text for a song, to be played by a recipe or as it is."""
    facts: dict[str, Any] = {"id": track_id, "f": DIRECT}
    if recipe is not None:
        facts |= {"f": recipe.target.name, "b": recipe.bit_rate, "c": recipe.channels, "r": recipe.sample_rate}
        facts["d"] = recipe.bit_depth
    return signing.dumps(facts, salt=_SALT, compress=False)


def unpack_decision(text: str, track_id: str, *, offset: float) -> Recipe | None:
    """The recipe of such a text, None for playing the file as it is; raises `DecisionGone`."""
    try:
        facts = signing.loads(text, salt=_SALT, max_age=MAX_AGE_SECONDS)
    except signing.BadSignature:
        raise DecisionGone from None
    if facts["id"] != track_id:
        raise DecisionGone
    if facts["f"] == DIRECT:
        return None
    target = TARGETS.get(facts["f"])
    if target is None:
        raise DecisionGone
    return Recipe(
        target=target,
        bit_rate=facts["b"],
        channels=facts["c"],
        sample_rate=facts["r"],
        bit_depth=facts.get("d", 0),
        offset=offset,
    )
