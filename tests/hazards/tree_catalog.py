"""What the catalog says of a tree, and what of it must hold whatever happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db import connection, models
from django.db.models import QuerySet

from libraries import totals
from libraries.models import Folder, Library, MediaFile, ScanProblem
from missing.models import Purge
from navidrome_lib.db.bulk import table
from tests.hazards.database import MODELS
from tests.hazards.tree_model import File, Place, Tree
from tests.support.scans import picture
from tests.support.search import rebuild_index


class Catalog:
    """The libraries of a tree, in the order of its roots."""

    def __init__(self, tree: Tree, held_count: int) -> None:
        self.tree = tree
        self.libraries = [
            Library.objects.create(name=root.name, path=str(root), held_percent=50, held_count=held_count)
            for root in tree.roots
        ]
        self._roots = {library.pk: root for root, library in enumerate(self.libraries)}

    def place_of(self, row: MediaFile) -> Place:
        return Place(self._roots[row.library_id], row.path)

    def present(self, root: int) -> set[str]:
        rows = MediaFile.objects.present().filter(library=self.libraries[root])
        return set(rows.values_list("path", flat=True))

    def check_sums(self, roots: Iterable[int]) -> None:
        """All that is counted is what a count finds."""
        for library in (self.libraries[root] for root in roots):
            seen = shown(library)
            totals.refresh_albums(library.pk)
            totals.refresh_library_artists(library.pk)
            totals.refresh_library_totals(library.pk)
            wrong = difference(seen, shown(library))
            assert not wrong, f"counted anew: {wrong}"

    def check_rows(self, root: int) -> None:
        """The rows are the files, problems the broken ones, and folders what lies on disk."""
        library = self.libraries[root]
        files = {file.place.path: file for file in self.tree.there(root) if file.place}
        whole = {path: (file.title, file.album) for path, file in files.items() if not file.is_broken}
        rows = MediaFile.objects.present().filter(library=library)
        present = {path: (title, album) for path, title, album in rows.values_list("path", "title", "album")}
        present = {path: row for path, row in present.items() if path not in files or path in whole}
        assert present == whole, f"rows and files: {present.items() ^ whole.items()}"
        problems = ScanProblem.objects.unresolved().filter(library=library)
        broken = files.keys() - whole.keys()
        assert set(problems.values_list("path", flat=True)) == broken, f"problems, where {broken} are broken"
        on_disk = self.tree.folders(root)
        known = dict(Folder.objects.filter(library=library).values_list("path", "missing"))
        wrong = {path: missing for path, missing in known.items() if missing == (path in on_disk)}
        assert not wrong, f"folders that are on disk and missing, or neither: {wrong}"
        assert not MediaFile.objects.present().filter(library=library, folder__missing=True).exists()

    def check_digests(self, root: int) -> None:
        """Behind a second scan: a folder whose track went with its file to another library is looked at once more."""
        library = self.libraries[root]
        unknown = Folder.objects.filter(library=library, missing=False, digest="").values_list("path", flat=True)
        assert not unknown, f"folders that every scan looks at: {list(unknown)}"

    def check_ids(self) -> None:
        """Each file has the track that it is promised to have, and what is away is remembered."""
        rows = {self.place_of(row): (row.pk, row.created_at) for row in MediaFile.objects.present()}
        for file in self.tree.files:
            if file.identity is None or file.is_broken:
                continue
            if file.place in rows:
                assert not file.is_promised or rows[file.place] == file.identity, f"{file} has {rows[file.place]}"
            elif file.is_sole and file.is_certain:
                found = rows_of(file).filter(missing=True).values_list("pk", "created_at")
                assert list(found) == [file.identity], f"{file} has {list(found)}"

    def learn(self) -> None:
        """What the catalog knows now is what it must know later."""
        alive = Counter(file.music for file in self.tree.files if file.place)
        for file in list(self.tree.files):
            if file.place is None and alive[file.music]:
                self.tree.files.remove(file)
                continue
            if file.is_broken:
                continue
            rows = list(rows_of(file))
            file.is_sole = alive[file.music] <= 1 and len(rows) == 1
            if file.place and file.place.root >= 0:
                rows = [row for row in rows if not row.missing and self.place_of(row) == file.place]
            elif not file.is_sole:
                rows = [row for row in rows if row.missing and file.identity and row.pk == file.identity[0]]
            file.identity, file.was_at, file.was_present = None, None, False
            for row in rows:
                file.identity = (row.pk, row.created_at)
                file.was_at, file.was_present = self.place_of(row), not row.missing
            file.ops.clear()
            file.places = {place for place in (file.place, file.was_at) if place}


def shown(library: Library) -> dict[str, Any]:
    """All of a library that anybody can see: what is left behind by files that moved away is tidied up later."""
    seen = picture(library)
    seen["library"].pop("totals_stale")
    # sums of floats depend on the order
    for row in (seen["library"], *seen["albums"]):
        row.update({name: round(value, 3) for name, value in row.items() if isinstance(value, float)})
    seen["albums"] = [album for album in seen["albums"] if album["song_count"]]
    # a digest that the scan of the other library has taken away is put back by the next one
    seen["folders"] = [path for path, _, missing in seen["folders"] if not missing]
    seen["artists"] = [artist for artist in seen["artists"] if artist[1]]
    return seen


def difference(seen: dict[str, Any], now: dict[str, Any]) -> dict[str, tuple[list[Any], list[Any]]]:
    """What of a library is not as it was: the rows that went and the rows that came, by kind."""
    found = {}
    for kind in now:
        old, new = (list(rows.items()) if isinstance(rows, dict) else rows for rows in (seen[kind], now[kind]))
        if old != new:
            found[kind] = [row for row in old if row not in new], [row for row in new if row not in old]
    return found


def rows_of(file: File) -> QuerySet[MediaFile]:
    return MediaFile.objects.in_catalog().filter(title=file.title)


def known_ids() -> set[str]:
    """The ids of all tracks that have not been purged."""
    return {*MediaFile.objects.present().values_list("pk", flat=True),
            *MediaFile.objects.missing().values_list("pk", flat=True)}  # fmt: skip


def forget_everything() -> None:
    """A new life begins: quicker than a new database."""
    every: tuple[type[models.Model], ...] = (*reversed(MODELS), Purge)
    with connection.cursor() as cursor:
        for model in every:
            cursor.execute(f"DELETE FROM {table(model)}")  # noqa: S608 - own names
    rebuild_index()
