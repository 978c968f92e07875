"""Count the files of kinds of audio that are not read: the library's page shows the numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager

from libraries.models import Library, UnreadFolder
from libraries.scanner.diff import FolderDiff
from libraries.scanner.paths import key_of
from navidrome_lib.db.bulk import chunks


def save(library: Library, diff: FolderDiff, transaction: Callable[[], AbstractContextManager[object]]) -> None:
    """Save what a walk saw of such files, and keep what is known of the folders that it did not see.

    Most libraries have none: then nothing is asked and nothing written.
    """
    if not diff.unread and not library.unread_files:
        return
    rows = UnreadFolder.objects.filter(library=library.pk)
    known = {bytes(path): files for path, files in rows.values_list("path_bytes", "files").iterator(5000)}
    ended = [path for path in known if path not in diff.unread and diff.knows_content(path)]
    changed = {path: files for path, files in diff.unread.items() if known.get(path) != files}
    total: Counter[str] = Counter()
    for path, files in {**known, **diff.unread}.items():
        if path in diff.unread or not diff.knows_content(path):
            total.update(files)
    if not ended and not changed and total == library.unread_files:
        return
    with transaction():
        for piece in chunks(map(key_of, ended)):
            rows.filter(path_key__in=piece).delete()
        UnreadFolder.objects.bulk_create(
            [
                UnreadFolder(library_id=library.pk, path_bytes=path, path_key=key_of(path), files=files)
                for path, files in sorted(changed.items())
            ],
            batch_size=500,
            update_conflicts=True,
            unique_fields=["library", "path_key"],
            update_fields=["files"],
        )
        Library.objects.filter(pk=library.pk).update(unread_files=dict(sorted(total.items())))
