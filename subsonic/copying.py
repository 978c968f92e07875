"""Pages of everything, for clients that copy the catalog: the last page costs what the first one does.

Such a client asks for page after page by the number of rows before it. To count these takes longer from page to page,
so the id that a page ended with is remembered: who goes on there is answered from that row on. That also keeps a copy
whole when rows come or go meanwhile. Who comes from elsewhere, as to another process, gets the page from the order that
is kept.
"""

from __future__ import annotations

import hashlib
from typing import Final

from django.core.cache import cache

from libraries.visible import library_facts
from navidrome_lib.viewer import Viewer
from subsonic import rows

# seconds in which a client goes on
KEPT: Final = 900


def page(kind: str, of: rows.Rows, viewer: Viewer, client: str, first: int, size: int) -> list[str]:
    """The ids of a page of all rows of a kind, in the order of their ids."""
    last = cache.get(_key(kind, viewer, client, first)) if first else None
    if isinstance(last, str):
        ids = list(of(viewer).filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:size])
    else:
        ids = rows.page(of, rows.AS_THEY_CAME, viewer, first, size)
    if ids:
        # behind a page that is not full, too: clients ask for one more
        cache.set(_key(kind, viewer, client, first + size), ids[-1], timeout=KEPT)
    return ids


def _key(kind: str, viewer: Viewer, client: str, first: int) -> str:
    """Of one person and client, who looks at the same libraries as before."""
    told = f"{viewer.pk} {sorted(library_facts(viewer))} {client}"
    return f"copying:{kind}:{first}:{hashlib.blake2b(told.encode(), digest_size=16).hexdigest()}"
