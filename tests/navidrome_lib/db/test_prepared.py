"""A prepared query finds what the query itself would find, with one statement."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Count
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from libraries.models import Library
from navidrome_lib.db.prepared import MANY, PreparedCount, PreparedIn, PreparedQuery, PreparedUpdate
from navidrome_lib.db.tuples import fetch_all
from users.models import ApiKey, LibraryAccess, User

pytestmark = pytest.mark.django_db


def test_values_change_from_call_to_call() -> None:
    first, second = (User.objects.create_user(name, email=f"{name}@example.org") for name in ("ann", "bob"))
    query = PreparedQuery(lambda name, pk: User.objects.filter(username=name).exclude(pk=pk), str, str)
    assert query.rows("ann", second.pk) == [first]
    assert query.rows("bob", first.pk) == [second]
    assert query.first("bob", second.pk) is None
    found = query.first("ann", second.pk)
    assert found is not None
    assert (found.email, found.created_at, found.is_active) == ("ann@example.org", first.created_at, True)


def test_each_call_asks_the_database_once() -> None:
    query = PreparedQuery(lambda: Library.objects.all().with_scan_state().order_by("pk"))
    assert query.rows() == []
    library = Library.objects.create(name="Music", path="/srv/music")
    with CaptureQueriesContext(connection) as asked:
        (found,) = query.rows()
    assert len(asked) == 1
    assert (found.pk, found.scan_active, found.last_scheduled_at) == (library.pk, False, None)
    Library.objects.all().delete()
    assert query.rows() == []


def test_related_rows_and_plain_values_are_found_too() -> None:
    user, library = User.objects.create_user("ann"), Library.objects.create(name="Music", path="/srv/music")
    LibraryAccess.objects.create(user=user, library=library)
    key = ApiKey.objects.create(user=user, name="phone", digest="0" * 64, hint="ndk_")
    with_user = PreparedQuery(lambda digest: ApiKey.objects.select_related("user").filter(digest=digest), str)
    (found,) = with_user.rows("0" * 64)
    with CaptureQueriesContext(connection) as asked:
        assert (found, found.user, found.expires_at) == (key, user, None)
    assert len(asked) == 0
    numbers = PreparedQuery(lambda pk: LibraryAccess.objects.filter(library=pk).values_list("user_id", flat=True), int)
    assert numbers.rows(library.pk) == [user.pk]
    assert numbers.rows(library.pk + 1) == []


@pytest.mark.django_db(transaction=True)
def test_threads_share_the_query_and_not_the_connection() -> None:
    user = User.objects.create_user("ann")
    query = PreparedQuery(lambda pk: User.objects.filter(pk=pk), str)
    found: list[User] = []

    def ask() -> None:
        found.extend(query.rows(user.pk))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [user] * 4


def test_a_value_that_the_query_changes_is_refused() -> None:
    query = PreparedQuery(lambda part: User.objects.filter(username__contains=part), str)
    with pytest.raises(ValueError, match="no parameter of its own"):
        query.rows("an")


def test_lists_of_any_length_choose_their_rows() -> None:
    users = [User.objects.create_user(f"user {number}") for number in range(9)]
    query = PreparedIn(lambda pks: User.objects.filter(pk__in=pks))
    for length in (0, 1, 2, 3, 4, 5, 9):
        chosen = users[:length]
        assert sorted(query.rows([*(user.pk for user in chosen), "nobody"]), key=str) == sorted(chosen, key=str)
        assert query.rows([user.pk for user in chosen[:1] * 3]) == chosen[:1]
    counts = PreparedIn(lambda pks: User.objects.filter(pk__in=pks).values_list("is_active").annotate(n=Count("pk")))
    assert counts.rows([user.pk for user in users[:5]]) == [(True, 5)]


def test_for_many_texts_all_rows_are_read_and_the_others_passed_over() -> None:
    ann, bob = (User.objects.create_user(name, email=name) for name in ("ann", "bob"))

    def by_email(email: str) -> Any:
        return User.objects.filter(email=email).values_list("username", "pk")

    query = PreparedIn(lambda pks, email: by_email(email).filter(pk__in=pks), str, whole=by_email, column=1)
    with CaptureQueriesContext(connection) as asked:
        for others in ([], [f"other {number}" for number in range(MANY)]):
            assert query.rows([bob.pk, *others], "bob") == [("bob", bob.pk)]
            assert query.rows([ann.pk, *others], "bob") == []
    assert [" IN (" in each["sql"] for each in asked] == [True, True, False, False]


def test_a_count_is_that_of_the_moment() -> None:
    count = PreparedCount(User.objects.filter(is_active=True))
    for number in range(3):
        assert count.read() == number
        User.objects.create_user(f"user {number}")
    nothing = PreparedCount(User.objects.filter(pk__in=[]))
    assert [nothing.read(), nothing.read()] == [0, 0]


def test_plain_values_are_what_the_query_itself_would_give() -> None:
    user = User.objects.create_user("ann", email="ann@example.org")
    columns = ("pk", "is_active", "created_at", "last_access_at")
    rows = PreparedQuery(lambda name: User.objects.filter(username=name).values_list(*columns), str)
    expected = [(user.pk, True, user.created_at, None)]
    assert list(User.objects.values_list(*columns)) == expected
    with CaptureQueriesContext(connection) as asked:
        assert rows.rows("ann") == expected
    assert len(asked) == 1
    # without anyone who looks, the driver is asked itself
    assert rows.rows("ann") == expected
    assert [type(value) for value in rows.rows("ann")[0]] == [type(value) for value in expected[0]]
    with pytest.raises(DatabaseError), transaction.atomic():
        fetch_all(connection, "SELECT * FROM nowhere WHERE id = %s", ["50%"])
    assert fetch_all(connection, "SELECT %s, '%%s'", ["50%"]) == [("50%", "%s")]


class TestUpdates:
    """An UPDATE whose SQL is built once."""

    update = PreparedUpdate(Library, ("name", "exclude_patterns", "offline_since", "totals_stale"), ("id", "name"))

    def test_what_is_written_is_read_again(self) -> None:
        library, other = (Library.objects.create(name=name, path=f"/srv/{name}") for name in ("Music", "Jazz"))
        now = timezone.now()
        rows: list[tuple[Any, ...]] = [("Music", ["ü", "*"], now, True), ("Rock", [], None, False)]
        for values in rows:
            with CaptureQueriesContext(connection) as asked:
                assert self.update.run(values, (library.pk, "Music")) == 1
            assert len(asked) == 1
            library.refresh_from_db()
            assert (library.name, library.exclude_patterns, library.offline_since, library.totals_stale) == values
        assert Library.objects.get(pk=other.pk).name == "Jazz"

    def test_a_row_that_has_other_values_is_left_alone(self) -> None:
        library = Library.objects.create(name="Music", path="/srv/music")
        assert self.update.run(("Rock", [], None, True), (library.pk, "Jazz")) == 0
        library.refresh_from_db()
        assert (library.name, library.totals_stale) == ("Music", False)

    def test_the_transaction_around_one_that_fails_is_taken_back(self) -> None:
        library = Library.objects.create(name="Music", path="/srv/music")
        with transaction.atomic():
            Library.objects.filter(pk=library.pk).update(name="Rock")
            with contextlib.suppress(IntegrityError):
                self.update.run((None, [], None, True), (library.pk, "Rock"))
        library.refresh_from_db()
        assert library.name == "Music"
