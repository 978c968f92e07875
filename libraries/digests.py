"""Taking back what the digest of a folder promises: that its present tracks are the files that it was made of.

Who takes a track away from its place breaks that promise, and takes it back in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from libraries.models import Folder
from navidrome_lib.db.bulk import chunks
from navidrome_lib.db.ids import new_id

LOOK_AGAIN: Final = "!"
"""How a value begins that another writer than the scan of the library has put in place of a digest."""


def clear_digests(folder_ids: Iterable[str]) -> None:
    """Let the next quick scan compare these folders file by file. For the scan that runs in their library."""
    for piece in chunks(sorted(set(folder_ids))):
        rows = Folder.objects.filter(pk__in=piece).exclude(digest="").exclude(digest__startswith=LOOK_AGAIN)
        rows.update(digest="")


def look_again(folder_ids: Iterable[str]) -> None:
    """Let the next quick scan compare these folders file by file. For all writers but the scan of their library.

    The value is one that no scan has seen before: a scan that is running meanwhile, and knows less, notices that it
    may not replace it (see `libraries.scanner.write.folders`).
    """
    for piece in chunks(sorted(set(folder_ids))):
        Folder.objects.filter(pk__in=piece).update(digest=LOOK_AGAIN + new_id())
