"""Files that moved and were retagged at once are known by their sound, which is read behind the scans."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from libraries import tasks
from libraries.audio.inspect import read_fingerprint
from libraries.choices import ScanTrigger
from libraries.models import Library, MediaFile, Scan
from libraries.scanner.moves import fingerprints, reconcile
from libraries.scanner.moves.applying import find_move_candidates
from libraries.scanner.moves.fingerprints import FingerprintFile, fill_in_fingerprints, libraries_without_fingerprints
from navidrome_lib.celery import app
from tests.conftest import Configure
from tests.support.catalog import make_track
from tests.support.limits import limit_scans
from tests.support.scans import counts, ids, request, scan, write_album, write_track

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]


@pytest.fixture
def library(root: Path) -> Library:
    return Library.objects.create(name="Music", path=str(root))


def learn(library: Library) -> dict[str, Any]:
    """Scan, and read the sounds as the worker does; the ids by path."""
    assert scan(library).state == "finished"
    assert not fill_in_fingerprints(library.pk)
    return ids(library)


def sounds(library: Library) -> dict[str, str]:
    return dict(MediaFile.objects.present().filter(library=library).values_list("path", "audio_hash"))


def renew(path: Path, target: Path, title: str, number: int, **tags: Any) -> Path:
    """Move a file and give it other tags: a new inode, size, time, and no MusicBrainz id to know it by."""
    path.unlink()
    return write_track(target, title, number=number, album="Another", date="1999", **tags)


class TestReading:
    def test_present_tracks_get_the_digest_of_their_sound(self, root: Path, library: Library) -> None:
        paths = write_album(root / "a", 3)
        scan(library)
        assert set(sounds(library).values()) == {""}
        assert libraries_without_fingerprints() == [library.pk]
        assert not fill_in_fingerprints(library.pk)
        assert sounds(library) == {str(path.relative_to(root)): read_fingerprint(bytes(path)) for path in paths}
        assert libraries_without_fingerprints() == []

    def test_changed_files_are_read_again_and_others_keep_theirs(self, root: Path, library: Library) -> None:
        for number in (1, 2):
            write_track(root / f"{number}.mp3", "Song", number=number, fmt="mp3")
        learn(library)
        before = sounds(library)
        write_track(root / "1.mp3", "Other sound", number=1, fmt="mp3", mark=77)
        scan(library, full=True)
        assert sounds(library) == {"1.mp3": "", "2.mp3": before["2.mp3"]}
        fill_in_fingerprints(library.pk)
        assert len({*before.values(), *sounds(library).values()}) == 3

    def test_what_has_no_sound_is_not_tried_for_ever(self, root: Path, library: Library) -> None:
        paths = write_album(root, 2)
        scan(library)
        paths[0].write_bytes(b"not audio at all")
        MediaFile.objects.filter(path="01.flac").update(**key_of(paths[0]))
        fill_in_fingerprints(library.pk)
        assert sounds(library)["01.flac"] == f"!{ids(library)['01.flac']}"
        assert libraries_without_fingerprints() == []

    def test_files_that_cannot_be_read_now_are_tried_later(self, root: Path, library: Library) -> None:
        paths = write_album(root, 2)
        scan(library)
        paths[0].unlink()
        assert not fill_in_fingerprints(library.pk)
        assert sounds(library)["01.flac"] == ""
        assert sounds(library)["02.flac"] != ""
        assert libraries_without_fingerprints() == []
        assert libraries_without_fingerprints(now=timezone.now() + timedelta(minutes=11)) == [library.pk]

    def test_a_file_that_was_replaced_since_the_scan_says_nothing(self, root: Path, library: Library) -> None:
        paths = write_album(root, 2)
        scan(library)
        write_track(paths[0], "Other", mark=99)
        fill_in_fingerprints(library.pk)
        assert sounds(library)["01.flac"] == ""

    def test_it_goes_on_where_it_was_and_two_do_not_do_the_same(
        self, root: Path, library: Library, settings: Settings
    ) -> None:
        limit_scans(settings, fingerprints=2)
        write_album(root, 5)
        scan(library)
        assert fill_in_fingerprints(library.pk, seconds=0) is True
        assert MediaFile.objects.exclude(audio_hash="").count() == 2
        Library.objects.update(fingerprints_due_at=timezone.now() + timedelta(seconds=30))
        assert (libraries_without_fingerprints(), fill_in_fingerprints(library.pk)) == ([], False)
        assert MediaFile.objects.exclude(audio_hash="").count() == 2
        Library.objects.update(fingerprints_due_at=timezone.now() - timedelta(seconds=1))
        assert fill_in_fingerprints(library.pk) is False
        assert MediaFile.objects.exclude(audio_hash="").count() == 5

    def test_it_gives_way_to_scans_and_to_storage_that_is_away(
        self, root: Path, library: Library, settings: Settings
    ) -> None:
        limit_scans(settings, fingerprints=1)
        write_album(root, 4)
        scan(library)
        waits = request(library)
        assert libraries_without_fingerprints() == []
        begin = time.monotonic()
        assert fill_in_fingerprints(library.pk) is False
        assert time.monotonic() - begin < 5
        assert MediaFile.objects.exclude(audio_hash="").count() <= 1
        Scan.objects.filter(pk=waits.pk).update(state="cancelled")
        assert libraries_without_fingerprints() == [library.pk]
        Library.objects.update(offline_since=timezone.now())
        assert (libraries_without_fingerprints(), fill_in_fingerprints(library.pk)) == ([], False)

    def test_the_worker_does_it_behind_a_scan(
        self, root: Path, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent: list[str] = []
        monkeypatch.setattr(app, "send_task", lambda name, *_, **__: sent.append(name))
        write_album(root, 2)
        tasks.scan_library(Scan.objects.create(library=library, trigger=ScanTrigger.API).pk)
        assert sent == ["libraries.tasks.fingerprint_tracks"]
        tasks.fingerprint_tracks()
        assert "" not in sounds(library).values()
        tasks.scan_library(Scan.objects.create(library=library, trigger=ScanTrigger.API).pk)
        assert len(sent) == 1

    def test_it_can_be_switched_off(self, root: Path, library: Library, settings: Any, configure: Configure) -> None:
        write_album(root, 1)
        scan(library)
        scanner = settings.CONF.scanner
        configure(scanner=type(scanner)(**{**vars(scanner), "fingerprints": False}))
        assert libraries_without_fingerprints() == []

    def test_what_is_left_to_do_is_found_through_an_index(self, library: Library) -> None:
        rows = fingerprints._without_fingerprint().filter(library=library, pk__gt="").order_by("pk").values_list("pk")
        for number in range(50):
            make_track(library, f"a/{number}.mp3", missing=False, audio_hash=f"{number:040}")
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET LOCAL enable_seqscan = off")  # the table of a test is too small for any index
                cursor.execute("ANALYZE libraries_mediafile")
            assert "media_file_unhashed_idx" in rows.explain()


def key_of(path: Path) -> dict[str, int]:
    found = path.stat()
    return {"size": found.st_size, "mtime_ns": found.st_mtime_ns, "ctime_ns": found.st_ctime_ns, "inode": found.st_ino}


class TestMoving:
    def test_a_file_moved_and_retagged_in_one_scan(self, root: Path, library: Library) -> None:
        paths = write_album(root / "a", 3)
        known = learn(library)
        created = MediaFile.objects.get(path="a/01.flac").created_at
        renew(paths[0], root / "b/renamed.flac", "Quite another title", 1)
        assert counts(scan(library)) == {"moved": 1, "skipped": 2}
        assert ids(library)["b/renamed.flac"] == known["a/01.flac"]
        track = MediaFile.objects.get(path="b/renamed.flac")
        assert (track.created_at, track.title, track.album) == (created, "Quite another title", "Another")
        assert track.audio_hash == read_fingerprint(bytes(root / "b/renamed.flac"))
        assert counts(scan(library)) == {"skipped": 3}

    def test_in_other_formats(self, root: Path, library: Library) -> None:
        formats = ("mp3", "ogg", "m4a", "opus")
        for number, fmt in enumerate(formats, 3):
            write_track(root / f"x.{fmt}", fmt, number=number, fmt=fmt)
        known = learn(library)
        for number, fmt in enumerate(formats, 3):
            renew(root / f"x.{fmt}", root / f"z.{fmt}", f"Other {fmt}", number, fmt=fmt)
        assert counts(scan(library)) == {"moved": 4}
        assert ids(library) == {path.replace("x.", "z."): pk for path, pk in known.items()}

    def test_a_whole_album_reorganised_by_a_tagger(self, root: Path, library: Library) -> None:
        paths = write_album(root / "a", 8)
        known = learn(library)
        for number, path in enumerate(paths, 1):
            renew(path, root / f"Ann/Another/{9 - number} title.flac", f"Title {number}", number)
        assert counts(scan(library)) == {"moved": 8}
        assert ids(library) == {f"Ann/Another/{9 - n} title.flac": known[f"a/{n:02}.flac"] for n in range(1, 9)}
        assert (library.total_songs, library.total_missing_files, library.total_albums) == (8, 0, 1)

    def test_two_files_that_swap_names_and_get_new_tags(self, root: Path, library: Library) -> None:
        paths = write_album(root, 3)
        known = learn(library)
        renew(paths[0], root / "tmp", "New of 1", 1)
        renew(paths[1], paths[0], "New of 2", 2)
        (root / "tmp").rename(paths[1])
        assert counts(scan(library)) == {"moved": 2, "skipped": 1}
        assert ids(library) == {"01.flac": known["02.flac"], "02.flac": known["01.flac"], "03.flac": known["03.flac"]}
        assert MediaFile.objects.get(path="01.flac").title == "New of 2"

    def test_retagged_in_place_by_a_tagger_that_writes_anew(self, root: Path, library: Library) -> None:
        paths = write_album(root, 2)
        known = learn(library)
        write_track(root / "tmp", "Other", number=1, album="Other").rename(paths[0])
        assert counts(scan(library)) == {"updated": 1, "skipped": 1}
        assert ids(library) == known

    @pytest.mark.parametrize("first", ["source", "target"])
    def test_between_libraries(self, root: Path, library: Library, tmp_path: Path, first: str) -> None:
        paths = write_album(root, 2)
        (tmp_path / "other").mkdir()
        other = Library.objects.create(name="Other", path=str(tmp_path / "other"))
        known = learn(library)
        learn(other)
        renew(paths[0], tmp_path / "other/x.flac", "Quite another", 1)
        for each in (library, other) if first == "source" else (other, library):
            scan(each)
        assert (ids(other), ids(library)) == ({"x.flac": known["01.flac"]}, {"02.flac": known["02.flac"]})
        assert not MediaFile.objects.missing().exists()

    def test_one_that_was_missing_for_long(self, root: Path, library: Library) -> None:
        paths = write_album(root, 2)
        known = learn(library)
        paths[0].unlink()
        assert counts(scan(library)) == {"missing": 1, "skipped": 1}
        write_track(root / "later.flac", "Back again", number=1, album="Another")
        assert counts(scan(library)) == {"moved": 1, "skipped": 1}
        assert ids(library)["later.flac"] == known["01.flac"]


class TestNoGuess:
    def test_one_file_for_two_tracks_of_the_same_sound(self, root: Path, library: Library) -> None:
        for name in ("x", "y"):
            write_track(root / f"{name}.flac", f"Song {name}", number=5)
        write_track(root / "z.flac", "Song z", number=6)
        known = learn(library)
        for name in ("x", "y"):
            (root / f"{name}.flac").unlink()
        write_track(root / "new.flac", "Nothing to know it by", number=5, album="Another")
        assert counts(scan(library)) == {"added": 1, "missing": 2, "skipped": 1}
        assert set(MediaFile.objects.missing().values_list("pk", flat=True)) == {known["x.flac"], known["y.flac"]}
        # listed for a person to decide: the sound has been remembered
        ranked = find_move_candidates(MediaFile.objects.get(pk=known["x.flac"]))
        assert [track.path for track, _ in ranked] == ["new.flac"]

    def test_two_files_for_one_track(self, root: Path, library: Library) -> None:
        path = write_track(root / "x.flac", "Song", number=5)
        known = learn(library)
        path.unlink()
        for name in ("a", "b"):
            write_track(root / f"{name}.flac", f"New {name}", number=5, album="Another")
        assert counts(scan(library)) == {"added": 2, "missing": 1}
        (gone,) = MediaFile.objects.missing()
        assert gone.pk == known["x.flac"]
        assert {track.path for track, _ in find_move_candidates(gone)} == {"a.flac", "b.flac"}

    def test_the_next_keys_tell_apart_what_sounds_the_same(self, root: Path, library: Library) -> None:
        for name in ("x", "y"):
            write_track(root / f"{name}.flac", f"Song {name}", number=5)
        known = learn(library)
        for name in ("x", "y"):
            (root / f"{name}.flac").unlink()
            write_track(root / f"new {name}.flac", f"Song {name}", number=5, comment="other size" * 9)
        assert counts(scan(library)) == {"moved": 2}
        assert ids(library) == {f"new {name}.flac": known[f"{name}.flac"] for name in ("x", "y")}

    def test_tags_do_not_overrule_the_sound(self, root: Path, library: Library) -> None:
        one = write_track(root / "one.mp3", "One", number=5, fmt="mp3")
        two = write_track(root / "two.mp3", "Two", number=5, fmt="mp3", mark=50)
        known = learn(library)
        one.unlink()
        two.unlink()
        # the sounds have changed places below the tags: whoever owns the sound is the track
        write_track(root / "a.mp3", "One", number=5, fmt="mp3", mark=50)
        write_track(root / "b.mp3", "Two", number=5, fmt="mp3")
        assert counts(scan(library)) == {"moved": 2}
        assert ids(library) == {"a.mp3": known["two.mp3"], "b.mp3": known["one.mp3"]}

    def test_a_copy_is_not_a_move(self, root: Path, library: Library) -> None:
        (path,) = write_album(root, 1)
        known = learn(library)
        shutil.copyfile(path, root / "copy.flac")
        assert counts(scan(library)) == {"added": 1, "skipped": 1}
        fill_in_fingerprints(library.pk)
        path.unlink()
        assert counts(scan(library)) == {"missing": 1, "skipped": 1}
        assert MediaFile.objects.missing().get().pk == known["01.flac"]


def test_only_files_that_may_be_a_lost_one_are_read(
    root: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [write_track(root / f"a/{n}.mp3", f"Song {n}", number=n, fmt="mp3") for n in (1, 2, 3, 4)]
    learn(library)
    fingerprinted: list[str] = []

    def read(files: list[FingerprintFile], beat: Callable[[], None]) -> Iterator[tuple[str, str]]:
        fingerprinted.extend(Path(file.path.decode()).name for file in files)
        return fingerprints.read_fingerprints(files, beat)

    monkeypatch.setattr(reconcile, "read_fingerprints", read)
    paths[0].rename(root / "renamed.mp3")  # the very same file: nothing to read
    paths[1].unlink()
    write_track(root / "long.mp3", "Too long", number=60, fmt="mp3")
    write_track(root / "likely.mp3", "Likely", number=2, fmt="mp3", mark=90)
    write_track(root / "other.flac", "Other kind", number=2)
    assert counts(scan(library)) == {"added": 3, "missing": 1, "moved": 1, "skipped": 2}
    assert fingerprinted == ["likely.mp3"]
