"""Long answers that are kept as they were sent, for as long as what they tell is the same.

Of twenty thousand artists each answer takes a third of a second to make, and half a second as XML; clients ask for it
whenever they start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpResponse

from libraries.catalog_api.kept_answers import KeptAnswers
from subsonic import renderers
from subsonic.params import Params
from subsonic.renderers import Payload

# of all answers that a process keeps
MOST_BYTES: Final = 32 * 1024 * 1024
NOTATIONS: Final = ("json", "xml")


_kept: Final = KeptAnswers(MOST_BYTES)


def kept_answer(params: Params, key: str, make: Callable[[], Payload], kept: KeptAnswers = _kept) -> HttpResponse:
    """The answer that has a key, which says all that it depends on but for its notation; made where there is none."""
    notation = params.text("f").lower() or "xml"
    if notation not in NOTATIONS:
        return renderers.success(make(), params)
    known = kept.get(f"{notation} {key}")
    if known is not None:
        return HttpResponse(known[0], content_type=known[1])
    response = renderers.success(make(), params)
    kept.put(f"{notation} {key}", response.content, response["Content-Type"])
    return response
