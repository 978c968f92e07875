"""Whole folders and libraries that move, and the lists that follow: ids and creation times survive, one to one."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from libraries.models import Album, Artist, Folder, Library, MediaFile, Scan
from libraries.scanner import pipeline
from tests.support.scans import counts, ids, scan, write_album, write_track
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def library(root: Path) -> Library:
    return Library.objects.create(name="Music", path=str(root))


def identities() -> dict[str, datetime]:
    """When each row first came, by id: exactly what no move may change."""
    return dict(MediaFile.objects.values_list("pk", "created_at"))


def move(tree: Path, target: Path) -> None:
    """Move a tree as to another disk: new inodes and change times, the modification times kept."""
    shutil.copytree(tree, target)
    shutil.rmtree(tree)


def relocate(client: APIClient, library: Library, path: Path) -> Scan:
    """Change the path of a library, and carry out the scan that this queues."""
    response = client.put(f"/api/library/{library.pk}", {"path": str(path)})
    assert response.status_code == 200, response.content
    queued = Scan.objects.queued().get(library=library)
    done = pipeline.run(queued.pk)
    assert done is not None
    library.refresh_from_db()
    return done


class TestRelocation:
    @pytest.fixture
    def known(self, root: Path, library: Library) -> dict[str, str]:
        write_album(root / "a/b", 3)
        write_album(root / "c", 2, album="C")
        scan(library)
        return ids(library)

    def test_to_another_disk(
        self, as_admin: APIClient, root: Path, library: Library, known: dict[str, str], tmp_path: Path
    ) -> None:
        before = identities()
        move(root, tmp_path / "new home")
        done = relocate(as_admin, library, tmp_path / "new home")
        assert (done.state, counts(done)) == ("finished", {"updated": 5})
        assert (ids(library), identities()) == (known, before)
        assert (library.total_songs, library.total_missing_files, library.total_albums) == (5, 0, 2)
        assert counts(scan(library)) == {"skipped": 5}

    def test_on_the_same_disk_nothing_is_read(
        self, as_admin: APIClient, root: Path, library: Library, known: dict[str, str], tmp_path: Path
    ) -> None:
        root.rename(tmp_path / "renamed")
        assert scan(library).state == "offline"
        done = relocate(as_admin, library, tmp_path / "renamed")
        assert (done.state, counts(done)) == ("finished", {"skipped": 5})
        assert ids(library) == known
        assert library.offline_since is None

    def test_together_with_renamed_and_lost_files(
        self, as_admin: APIClient, root: Path, library: Library, known: dict[str, str], tmp_path: Path
    ) -> None:
        before = identities()
        home = tmp_path / "home"
        move(root, home)
        (home / "c").rename(home / "d")
        (home / "a/b/03.flac").unlink()
        done = relocate(as_admin, library, home)
        assert counts(done) == {"updated": 2, "moved": 2, "missing": 1}
        assert ids(library) == {path.replace("c/", "d/"): pk for path, pk in known.items() if "03" not in path}
        assert identities() == before

    def test_an_old_root_that_still_has_its_files_is_no_second_library(
        self, as_admin: APIClient, root: Path, library: Library, known: dict[str, str], tmp_path: Path
    ) -> None:
        before = identities()
        shutil.copytree(root, tmp_path / "copy")
        relocate(as_admin, library, tmp_path / "copy")
        assert (ids(library), identities()) == (known, before)


def test_a_tree_of_folders_moves_below_another(root: Path, library: Library) -> None:
    for name in ("x", "y", "z"):
        write_album(root / "in" / name, 3, album=name)
    scan(library)
    known, before = ids(library), identities()
    (root / "sorted").mkdir()
    move(root / "in", root / "sorted/Ann")
    assert counts(scan(library)) == {"moved": 9}
    assert ids(library) == {path.replace("in/", "sorted/Ann/"): pk for path, pk in known.items()}
    assert identities() == before


def test_two_folders_swap_their_names(root: Path, library: Library) -> None:
    for name in ("x", "y"):
        write_album(root / name, 3, album=name, mark=0)
    scan(library)
    known, before = ids(library), identities()
    for source, target in (("x", "tmp"), ("y", "x"), ("tmp", "y")):
        (root / source).rename(root / target)
    assert counts(scan(library)) == {"moved": 6}
    other = {"x": "y", "y": "x"}
    assert ids(library) == {other[path[0]] + path[1:]: pk for path, pk in known.items()}
    assert identities() == before
    assert set(Album.objects.values_list("name", "song_count")) == {("x", 3), ("y", 3)}


def test_a_ring_of_three_names(root: Path, library: Library) -> None:
    paths = write_album(root, 3)
    scan(library)
    known, before = ids(library), identities()
    paths[2].rename(root / "tmp")
    paths[1].rename(paths[2])
    paths[0].rename(paths[1])
    (root / "tmp").rename(paths[0])
    assert counts(scan(library)) == {"moved": 3}
    assert ids(library) == {"02.flac": known["01.flac"], "03.flac": known["02.flac"], "01.flac": known["03.flac"]}
    assert identities() == before


def test_an_album_of_better_encodings_with_one_new_song(root: Path, library: Library) -> None:
    for number in (1, 2, 3):
        write_track(root / f"a/{number:02}.mp3", f"Song {number}", number=number, fmt="mp3")
    scan(library)
    known, before = ids(library), identities()
    for path in (root / "a").iterdir():
        path.unlink()
    write_album(root / "a", 4)
    assert counts(scan(library)) == {"moved": 3, "added": 1}
    found = ids(library)
    assert {path: found[path.replace("mp3", "flac")] for path in known} == known
    assert {pk: identities()[pk] for pk in before} == before
    assert {track.suffix for track in MediaFile.objects.all()} == {"flac"}


class TestLists:
    """What has no present track any more is not listed, and comes back as it was."""

    def shown(self, viewer: User) -> dict[str, Any]:
        return {
            "albums": dict(Album.objects.visible_to(viewer.as_viewer()).present().values_list("name", "pk")),
            "artists": dict(Artist.objects.visible_to(viewer.as_viewer()).values_list("name", "pk")),
            "folders": dict(Folder.objects.visible_to(viewer.as_viewer()).present().values_list("path", "pk")),
        }

    def test_albums_artists_and_folders_go_with_their_last_track_and_return_with_it(
        self, as_admin: APIClient, admin: User, root: Path, library: Library
    ) -> None:
        write_album(root / "Ann", 2, album="Hers")
        write_album(root / "Bob", 2, album="His", artists=("Bob",), album_artists=("Bob",))
        scan(library)
        before = self.shown(admin)
        assert (set(before["albums"]), set(before["artists"])) == ({"Hers", "His"}, {"Ann", "Bob"})
        assert set(before["folders"]) == {"Ann", "Bob"}
        figures = as_admin.get(f"/api/library/{library.pk}").json()
        assert (figures["totalAlbums"], figures["totalArtists"], figures["totalFolders"]) == (2, 2, 2)

        (root / "Bob/01.flac").rename(root.parent / "01")
        scan(library)
        assert self.shown(admin) == before
        (root / "Bob/02.flac").rename(root.parent / "02")
        scan(library)
        after = self.shown(admin)
        assert [set(after[kind]) for kind in ("albums", "artists", "folders")] == [{"Hers"}, {"Ann"}, {"Ann"}]
        figures = as_admin.get(f"/api/library/{library.pk}").json()
        assert (figures["totalAlbums"], figures["totalArtists"], figures["totalFolders"]) == (1, 1, 1)

        (root.parent / "02").rename(root / "Bob/02.flac")
        assert counts(scan(library)) == {"restored": 1, "skipped": 2}
        assert self.shown(admin) == before

    def test_they_go_with_their_folder_too(self, admin: User, root: Path, library: Library) -> None:
        write_album(root / "Ann", 2, album="Hers")
        write_album(root / "Bob", 2, album="His", artists=("Bob",), album_artists=("Bob",))
        scan(library)
        before, known = self.shown(admin), ids(library)
        (root / "Bob").rename(root.parent / "Bob")
        scan(library)
        assert [set(names) for names in self.shown(admin).values()] == [{"Hers"}, {"Ann"}, {"Ann"}]
        (root.parent / "Bob").rename(root / "Bob")
        assert counts(scan(library)) == {"restored": 2, "skipped": 2}
        assert (self.shown(admin), ids(library)) == (before, known)
