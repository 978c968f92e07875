"""A large purge is all or nothing, and yet nobody waits for it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from libraries import totals
from libraries.cleanup import delete_tracks
from libraries.models import Library, MediaFile, Participant
from missing import purges
from missing.models import Purge
from navidrome_lib.errors import Conflict
from tests.support.catalog import make_many, make_track
from tests.support.limits import limit_purges
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

COUNT = 5000
# far below the time after which a writer gives up, far above what it takes on a machine that does other things too
PATIENCE = 10.0


def test_other_requests_are_answered(as_admin: APIClient, admin: User, library: Library) -> None:
    ids = make_many(library, COUNT)
    done = threading.Event()
    results: list[purges.PurgeResult] = []

    def purge() -> None:
        try:
            results.append(purges.purge_missing_files(ids))
        finally:
            done.set()
            connection.close()

    thread = threading.Thread(target=purge)
    thread.start()
    slowest, answers, totals = 0.0, 0, set()
    while not done.is_set():
        start = time.perf_counter()
        # a write, a read of what is being removed, and a read of something else
        User.objects.filter(pk=admin.pk).update(name=f"name {answers}")
        response = as_admin.get("/api/missing?_start=0&_end=10")
        assert response.status_code == as_admin.get("/api/library").status_code == 200
        totals.add(response["X-Total-Count"])
        slowest = max(slowest, time.perf_counter() - start)
        answers += 1
    thread.join()
    assert len(results[0].ids) == COUNT
    assert answers
    assert slowest < PATIENCE
    # nobody ever saw a part of it
    assert totals <= {str(COUNT), "0"}


def test_two_purges_at_once_remove_each_file_once(library: Library) -> None:
    ids = make_many(library, 300)
    results: list[purges.PurgeResult] = []
    barrier = threading.Barrier(2)

    def purge() -> None:
        barrier.wait()
        try:
            results.append(purges.purge_missing_files(ids))
        finally:
            connection.close()

    threads = [threading.Thread(target=purge) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    removed = [pk for result in results for pk in result.ids]
    assert sorted(removed) == sorted(ids)
    assert not MediaFile.objects.in_catalog().exists()
    done = list(Purge.objects.all())
    assert sum(one.file_count for one in done) == sum(one.files.count() for one in done) == 300
    library.refresh_from_db()
    assert library.total_missing_files == 0


def test_two_undos_at_once_share_the_work(library: Library, settings: Settings) -> None:
    limit_purges(settings, batch=50)
    purge = purges.purge_missing_files(make_many(library, 300)).purge
    assert purge is not None
    outcomes: list[int] = []
    barrier = threading.Barrier(2)

    def undo() -> None:
        barrier.wait()
        try:
            outcomes.append(len(purges.undo_purge(purge).ids))
        except Conflict:
            outcomes.append(0)
        finally:
            connection.close()

    threads = [threading.Thread(target=undo) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(outcomes), sum(outcomes)) == (2, 300)
    purge.refresh_from_db()
    assert purge.restored_count == 300
    assert MediaFile.objects.missing().count() == 300
    library.refresh_from_db()
    assert library.total_missing_files == 300


def test_a_purge_and_returns_at_once_wait_for_each_other(library: Library) -> None:
    """Whatever their order, they hold tracks in one order: no deadlock, and no file that is both there and hidden."""
    ids = make_many(library, 60)
    failed: list[BaseException] = []

    def bring_back() -> None:
        for _ in range(5):
            with transaction.atomic():
                some = random.sample(ids, 40)
                totals.unpurge(some)
                MediaFile.objects.filter(pk__in=some).update(missing=False)
            with transaction.atomic():
                # in the order of ids, as every writer of ours: an UPDATE alone takes the rows as they lie
                list(MediaFile.objects.filter(pk__in=ids).order_by("pk").select_for_update().values_list("pk"))
                MediaFile.objects.filter(pk__in=ids).update(missing=True)

    def purge() -> None:
        for _ in range(5):
            purges.purge_missing_files(ids)

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in (bring_back, purge, purge)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert MediaFile.objects.filter(missing=True).count() == 60


def test_a_track_that_is_deleted_while_it_is_written_leaves_nothing(library: Library) -> None:
    """The database does not look after the people of a track: the order of the statements does."""
    track = make_track(library, "A/1.mp3")
    (people,) = [list(track.participants.values("artist_id", "role", "sub_role", "position"))]
    writing = threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                MediaFile.objects.filter(pk=track.pk).update(title="Other")
                Participant.objects.filter(media_file=track.pk).delete()
                writing.set()
                time.sleep(0.3)
                Participant.objects.bulk_create(Participant(media_file_id=track.pk, **each) for each in people)
        finally:
            connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    assert writing.wait(10)
    with transaction.atomic():
        delete_tracks([track.pk])
    thread.join()
    assert not MediaFile.objects.filter(pk=track.pk).exists()
    assert people
    assert not Participant.objects.exists()
