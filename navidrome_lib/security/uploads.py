"""How long a body may be, by the address: pictures may be longer than anything else. No Django, for the web worker."""

from __future__ import annotations

import re
from typing import Final

MOST_BYTES: Final = 1024 * 1024
# a picture of 10 MiB, and the form around it
MOST_BYTES_OF_PICTURES: Final = 10 * 1024 * 1024 + 16 * 1024
_PICTURE: Final = re.compile(r"/api/(?:artist|playlist|radio)/[^/]{1,64}/image/?\Z")


def longest_body(path: str) -> int:
    """The bytes that are read at most of a body that is sent to this address, below whatever prefix."""
    return MOST_BYTES_OF_PICTURES if _PICTURE.search(path) else MOST_BYTES
