"""Random lives of two libraries: whatever people, storage and crashes do, one quick scan of each tells the truth."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from pytest_django.fixtures import Settings

from libraries import queue
from libraries.choices import ScanState, ScanTrigger
from libraries.models import MediaFile, Scan
from libraries.scanner import lease, pipeline
from libraries.scanner.moves import fingerprints
from libraries.services import scans
from missing.models import Purge
from missing.purges import purge_missing_files, select_missing, undo_purge
from navidrome_lib.errors import Conflict, Unavailable
from tests.hazards import HOURS, at_most
from tests.hazards.database import dies_after, watched
from tests.hazards.files import RememberingPool
from tests.hazards.tree_catalog import Catalog, difference, forget_everything, known_ids, rows_of, shown
from tests.hazards.tree_model import FOLDERS, GARBAGE, NAMES, Impossible, Place, Tree
from tests.support.limits import limit_scans
from tests.support.scans import counts
from tests.support.sharing import THOROUGH

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

CHANGES: Final = {"added", "updated", "moved", "restored", "missing"}
# how much happened
SEEN: Final = Counter[str]()

numbers = st.integers(0, 40)
roots = st.integers(0, 1)
commits = st.integers(1, 12)
places = st.builds(lambda root, folder, name: Place(root, f"{folder}/{name}".lstrip("/")), roots,
                   st.sampled_from(FOLDERS), st.sampled_from(NAMES))  # fmt: skip
folders = st.builds(Place, roots, st.sampled_from(FOLDERS[1:]))
times = st.sampled_from([None, -2_000_000_000, 1_000_000_000])


class TreeLife(RuleBasedStateMachine):
    """Files, folders and storage change, scans run or are cut off; `settle` then checks what must hold."""

    held_count = 3

    def __init__(self) -> None:
        super().__init__()
        forget_everything()
        self.folder = Path(tempfile.mkdtemp(prefix="nd-life-"))
        self.tree = Tree(self.folder)
        self.catalog = Catalog(self.tree, self.held_count)
        self.libraries = self.catalog.libraries
        for place in ("1.mp3", "a/1.mp3", "a/2.mp3", "a/b/1.mp3", "c/1.mp3", "c/2.mp3"):
            self.tree.add(Place(0, place))
        for place in ("1.mp3", "a/1.mp3", "c/d/1.mp3", "e/1.mp3", "e/2.mp3"):
            self.tree.add(Place(1, place))
        self.settle(True)

    def teardown(self) -> None:
        try:
            self.settle(True)
        finally:
            shutil.rmtree(self.folder)

    def do(self, operate: Callable[..., None], *values: object) -> None:
        """Change the tree, where that can be done."""
        self.note_twins()
        with suppress(Impossible):
            operate(*values)
            self.tree.look_around()
            SEEN["operations"] += 1

    def note_twins(self) -> None:
        """A file that came from a library which has not been scanned since is known to both of them.

        If it moves on now, the other one cannot know that its new track was the same file.
        """
        known = Counter(MediaFile.objects.present().values_list("title", flat=True))
        for file in self.tree.files:
            file.is_sole = file.is_sole and known[file.title] <= 1

    # -- files and folders

    @rule(place=places)
    def add(self, place: Place) -> None:
        self.do(self.tree.add, place)

    @rule(number=numbers, in_place=st.booleans())
    def replace(self, number: int, in_place: bool) -> None:
        self.do(self.tree.replace, number, in_place)

    @rule(number=numbers, place=places)
    def rename(self, number: int, place: Place) -> None:
        self.do(self.tree.rename, number, place)

    @rule(number=numbers, place=places)
    def carry(self, number: int, place: Place) -> None:
        self.do(self.tree.carry, number, place)

    @rule(one=numbers, two=numbers)
    def swap(self, one: int, two: int) -> None:
        self.do(self.tree.swap, one, two)

    @rule(number=numbers, time=times)
    def retag(self, number: int, time: int | None) -> None:
        self.do(self.tree.retag, number, time)

    @rule(number=numbers, place=places, keep_time=st.booleans())
    def copy(self, number: int, place: Place, keep_time: bool) -> None:
        self.do(self.tree.copy, number, place, keep_time)

    @rule(number=numbers)
    def delete(self, number: int) -> None:
        self.do(self.tree.delete, number)

    @rule(number=numbers, place=places)
    def write_again(self, number: int, place: Place) -> None:
        self.do(self.tree.write_again, number, place)

    @rule(number=numbers, garbage=st.sampled_from(GARBAGE))
    def corrupt(self, number: int, garbage: bytes) -> None:
        self.do(self.tree.corrupt, number, garbage)

    @rule()
    def heal(self) -> None:
        self.do(self.tree.heal)

    @rule(number=numbers, folder=folders)
    def rename_folder(self, number: int, folder: Place) -> None:
        self.do(self.tree.rename_folder, number, folder)

    @rule(number=numbers, folder=folders)
    def carry_folder(self, number: int, folder: Place) -> None:
        self.do(self.tree.carry_folder, number, folder)

    @rule(number=numbers, folder=folders, keep_time=st.booleans())
    def copy_folder(self, number: int, folder: Place, keep_time: bool) -> None:
        self.do(self.tree.copy_folder, number, folder, keep_time)

    @rule(one=numbers, two=numbers)
    def swap_folders(self, one: int, two: int) -> None:
        self.do(self.tree.swap_folders, one, two)

    @rule(number=numbers)
    def delete_folder(self, number: int) -> None:
        self.do(self.tree.delete_folder, number)

    @rule(number=numbers)
    def lose_folder(self, number: int) -> None:
        self.do(self.tree.lose_folder, number)

    @precondition(lambda self: self.tree.lost)
    @rule(number=numbers, elsewhere=st.none() | folders)
    def return_folder(self, number: int, elsewhere: Place | None) -> None:
        self.do(self.tree.return_folder, number, elsewhere)

    # -- storage

    @rule(root=roots, empty=st.booleans())
    def switch_off(self, root: int, empty: bool) -> None:
        self.do(self.tree.switch_off, root, empty)

    @rule(root=roots)
    def switch_on(self, root: int) -> None:
        self.do(self.tree.switch_on, root)

    # -- scans

    def run_queued(self, root: int) -> Scan:
        """Run what waits for a library, as its workers do; the last scan."""
        Scan.objects.running().update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        lease.reap_stale()
        done = None
        while waiting := lease.next_queued(self.libraries[root].pk):
            done = pipeline.run(waiting[0])
            assert done is not None
            assert done.state != ScanState.FAILED, done.error
        assert done is not None
        return done

    def run(self, root: int, *, full: bool = False, accept_empty: bool = False) -> Scan:
        library = self.libraries[root]
        scans.request_scan(library, trigger=ScanTrigger.API, full=full, accept_empty=accept_empty, deliver=False)
        SEEN["scans"] += 1
        return self.run_queued(root)

    @rule(root=roots, full=st.booleans())
    def scan(self, root: int, full: bool) -> None:
        """One library alone: the other may not know yet what its files have become."""
        was_empty = not MediaFile.objects.present().filter(library=self.libraries[root]).exists()
        done = self.run(root, full=full)
        if not self.tree.is_on[root] and not was_empty:
            assert done.state == ScanState.OFFLINE

    @rule(root=roots, full=st.booleans(), commit=commits)
    def kill_scan(self, root: int, full: bool, commit: int) -> None:
        with dies_after(commit) as death:
            self.run(root, full=full)
        SEEN["kills"] += death.came

    @rule(root=roots, commit=commits)
    def cancel_scan(self, root: int, commit: int) -> None:
        at = Countdown(commit, lambda: Scan.objects.running().update(cancel_requested=True))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lease, "committed", at)
            self.run(root)

    @rule(root=roots, commit=commits, empty=st.booleans())
    def pull_the_plug(self, root: int, commit: int, empty: bool) -> None:
        """The storage of a library goes away while it is scanned."""
        if not self.tree.is_on[root]:
            return
        with watched(Countdown(commit, lambda: self.tree.switch_off(root, empty)), lambda _: None):
            self.run(root)

    @rule(root=roots, commit=commits, number=numbers)
    def lose_a_folder_meanwhile(self, root: int, commit: int, number: int) -> None:
        if not self.tree.is_on[root]:
            return
        with watched(Countdown(commit, lambda: self.tree.lose_folder(number)), lambda _: None):
            self.run(root)
        self.note_twins()
        self.tree.look_around()

    @rule(number=numbers)
    def fingerprint(self, number: int) -> None:
        for library in fingerprints.libraries_without_fingerprints():
            fingerprints.fill_in_fingerprints(library)

    @rule(root=roots, commit=st.none() | commits)
    def approve(self, root: int, commit: int | None) -> None:
        held = Scan.objects.filter(library=self.libraries[root], state=ScanState.HELD).order_by("-pk").first()
        if held is None:
            return
        with dies_after(commit or 0) as death:
            self.carry_out(held)
        SEEN["kills"] += death.came

    def carry_out(self, held: Scan) -> None:
        """Approve, and run what that may queue."""
        SEEN["approvals"] += 1
        try:
            scans.approve_scan(held)
        except (Conflict, Unavailable):
            return
        if Scan.objects.queued().filter(library=held.library_id).exists():
            self.run_queued([library.pk for library in self.libraries].index(held.library_id))

    @rule(root=roots)
    def discard(self, root: int) -> None:
        held = Scan.objects.filter(library=self.libraries[root], state=ScanState.HELD).order_by("-pk").first()
        if held is None:
            return
        try:
            scans.discard_scan(held)
        except Conflict:
            return

    # -- missing files

    @rule(number=st.none() | numbers, commit=st.none() | commits)
    def purge(self, number: int | None, commit: int | None) -> None:
        """All missing files, or one of them."""
        ids = sorted(MediaFile.objects.missing().values_list("pk", flat=True))
        if not ids:
            return
        wanted = ids if number is None else [ids[number % len(ids)]]
        before = known_ids()
        with dies_after(commit or 0) as death:
            purge_missing_files(select_missing(wanted))
        SEEN["kills"] += death.came
        went = before - known_ids()
        for file in self.tree.files:
            if file.identity and file.identity[0] in went:
                file.ops.add("purge")

    @rule(number=numbers, commit=st.none() | commits)
    def undo(self, number: int, commit: int | None) -> None:
        purges = list(Purge.objects.order_by("-pk"))
        if not purges:
            return
        with dies_after(commit or 0) as death:
            try:
                undo_purge(purges[number % len(purges)])
            except Conflict:
                return
        SEEN["kills"] += death.came
        for file in self.tree.files:
            if rows_of(file).count() > 1:
                file.is_sole = False

    # -- what must hold

    @rule(all_on=st.booleans())
    def settle(self, all_on: bool) -> None:
        """One quick scan of each library, with what it holds approved; then look at everything."""
        for root in (0, 1):
            if all_on and not self.tree.is_on[root]:
                self.tree.switch_on(root)
        on = [root for root in (0, 1) if self.tree.is_on[root]]
        away = {root: self.catalog.present(root) for root in (0, 1) if root not in on}
        for root in on:
            self.scan_to_the_end(root)
        for root in on:
            self.catalog.check_rows(root)
        self.catalog.check_sums(on)
        seen = [shown(self.libraries[root]) for root in on]
        for root in on:
            done = self.run(root)
            assert not counts(done).keys() & CHANGES, f"a second scan: {counts(done)}"
            self.catalog.check_digests(root)
        wrong = [difference(before, shown(self.libraries[root])) for root, before in zip(on, seen, strict=True)]
        assert not any(wrong), f"a second scan: {wrong}"
        assert {root: self.catalog.present(root) for root in away} == away, "a library that is away"
        if not away:
            self.catalog.check_ids()
            self.catalog.learn()
        SEEN["settled"] += 1

    def scan_to_the_end(self, root: int) -> None:
        done = self.run(root)
        if done.state == ScanState.OFFLINE:
            assert not any(self.tree.roots[root].iterdir()), done.error
            done = self.run(root, accept_empty=True)
        if done.state == ScanState.HELD:
            self.carry_out(done)
            done.refresh_from_db()
        assert done.state == ScanState.FINISHED, f"{done.state}: {done.error}"


class Countdown:
    """Does something behind the n-th commit."""

    def __init__(self, commit: int, act: Callable[[], object]) -> None:
        self._left = commit
        self._act = act

    def __call__(self, _: str = "") -> None:
        self._left -= 1
        if self._left == 0:
            with suppress(Impossible):
                self._act()


@pytest.fixture
def small_steps(quick_reading: RememberingPool, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many transactions, so that a kill has somewhere to happen; and no broker that is asked in vain."""
    limit_scans(settings, batch_files=2, pairs=1, marks=1)
    monkeypatch.setattr(queue, "deliver", lambda _: None)


def live(lives: int) -> None:
    run_state_machine_as_test(
        TreeLife,
        settings=settings(
            max_examples=lives,
            stateful_step_count=at_most(25, 40),
            deadline=None,
            database=None,
            derandomize=not THOROUGH,
            phases=[Phase.generate, Phase.shrink] if THOROUGH else [Phase.generate],
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_every_life_ends_in_the_truth(small_steps: None, capsys: pytest.CaptureFixture[str]) -> None:
    SEEN.clear()
    end = time.monotonic() + HOURS * 3600
    live(at_most(10, 200))
    while time.monotonic() < end:
        live(200)
    if THOROUGH:
        with capsys.disabled():
            print(f"\nlives: {dict(SEEN)}")
    assert SEEN["settled"] > 10
