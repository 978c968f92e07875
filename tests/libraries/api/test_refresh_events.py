"""`refreshResource` in `/api/events`: what a client should ask again, and who is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from rest_framework.test import APIClient

from libraries.events.hub import Hub
from libraries.models import Library, Scan
from navidrome_lib.audit.models import AuditEntry
from tests.conftest import MakeScan
from tests.support.catalog import make_track
from tests.support.event_streams import Stream
from users.models import GroupAccess, LibraryAccess, User

pytestmark = pytest.mark.django_db

EVERYTHING = {"*": "*"}


class Listeners:
    """One stream of each account, told one round after the other."""

    def __init__(self, *users: User) -> None:
        self.hub = Hub(threaded=False)
        self.streams = [Stream.of(self.hub, user.as_viewer()) for user in users]
        self.told()

    def told(self) -> list[list[Any]]:
        """What each is told to ask again since the last call."""
        self.hub.tick()
        return [[event.data for event in stream.so_far() if event.name == "refreshResource"] for stream in self.streams]


@pytest.fixture
def listeners(admin: User, member: User, outsider: User) -> Listeners:
    return Listeners(admin, member, outsider)


def test_nothing_new_is_told_to_nobody(listeners: Listeners) -> None:
    assert listeners.told() == [[], [], []]


class TestScans:
    def end(self, scan: Scan, **fields: Any) -> None:
        Scan.objects.filter(pk=scan.pk).update(**{"state": "finished", **fields})

    @pytest.mark.parametrize("counter", ["added", "updated", "moved", "restored", "missing"])
    def test_one_that_changed_something_refreshes_everything_for_who_can_access_it(
        self, listeners: Listeners, library: Library, make_scan: MakeScan, counter: str
    ) -> None:
        scan = make_scan(library, "running")
        assert listeners.told() == [[], [], []]
        self.end(scan, **{counter: 1})
        expected = [{"library": [str(library.pk)]}, EVERYTHING]
        assert listeners.told() == [expected, expected, []]
        assert listeners.told() == [[], [], []]

    def test_of_a_foreign_library(self, listeners: Listeners, other_library: Library, make_scan: MakeScan) -> None:
        self.end(make_scan(other_library, "running"), added=1)
        assert listeners.told() == [[{"library": [str(other_library.pk)]}, EVERYTHING], [], []]

    def test_one_that_changed_nothing_refreshes_its_library(
        self, listeners: Listeners, library: Library, make_scan: MakeScan
    ) -> None:
        make_scan(library, skipped=5)  # too short to be seen running
        expected = [{"library": [str(library.pk)]}]
        assert listeners.told() == [expected, expected, []]

    def test_a_held_one_is_told_once(self, listeners: Listeners, library: Library, make_scan: MakeScan) -> None:
        scan = make_scan(library, "running")
        listeners.told()
        self.end(scan, state="held", added=1)
        expected = [{"library": [str(library.pk)]}, EVERYTHING]
        assert listeners.told() == [expected, expected, []]
        self.end(scan, added=1)
        assert listeners.told() == [[], [], []]


class TestLibraries:
    def test_a_new_one(self, listeners: Listeners, as_admin: APIClient, admin: User, tmp_path: Any) -> None:
        (tmp_path / "new").mkdir()
        created = as_admin.post("/api/library", {"name": "New", "path": str(tmp_path / "new")})
        assert created.status_code == 201
        assert listeners.told() == [[{"library": ["*"], "user": [admin.pk]}, EVERYTHING], [], []]

    def test_a_renamed_one(
        self, listeners: Listeners, as_admin: APIClient, library: Library, other_library: Library
    ) -> None:
        as_admin.put(f"/api/library/{library.pk}", {"name": "Hard Rock"})
        named = [{"library": [str(library.pk)]}]
        assert listeners.told() == [named, named, []]
        as_admin.put(f"/api/library/{other_library.pk}", {"name": "Cool Jazz"})
        assert listeners.told() == [[{"library": [str(other_library.pk)]}], [], []]

    def test_a_removed_one(
        self, listeners: Listeners, as_admin: APIClient, admin: User, member: User, library: Library
    ) -> None:
        as_admin.delete(f"/api/library/{library.pk}")
        assert listeners.told() == [
            [{"library": ["*"], "user": [admin.pk]}, EVERYTHING],
            [{"library": ["*"], "user": [member.pk]}, EVERYTHING],
            [],
        ]


class TestAccounts:
    def test_are_told_to_admins_and_themselves(
        self, listeners: Listeners, as_admin: APIClient, as_member: APIClient, member: User, outsider: User
    ) -> None:
        as_admin.put(f"/api/user/{outsider.pk}", {"name": "Out"})
        assert listeners.told() == [[{"user": [outsider.pk]}], [], [{"user": [outsider.pk]}]]
        as_member.put(f"/api/user/{member.pk}", {"name": "Me"})
        assert listeners.told() == [[{"user": [member.pk]}], [{"user": [member.pk]}], []]
        as_admin.post("/api/user", {"userName": "new", "password": "long enough", "name": "New"})
        assert listeners.told() == [[{"user": ["*"]}], [], []]
        as_admin.delete(f"/api/user/{member.pk}")
        assert listeners.told()[0] == [{"user": [member.pk]}]

    def test_access_that_is_given_and_taken(
        self, listeners: Listeners, as_admin: APIClient, member: User, library: Library, other_library: Library
    ) -> None:
        changed = [{"library": ["*"], "user": [member.pk]}, EVERYTHING]
        for ids in ([library.pk, other_library.pk], []):
            as_admin.put(f"/api/user/{member.pk}/library", {"libraryIds": ids})
            assert listeners.told() == [[{"user": [member.pk]}], changed, []]

    def test_access_of_a_group(
        self, listeners: Listeners, member: User, outsider: User, other_library: Library
    ) -> None:
        group = Group.objects.create(name="Friends")
        GroupAccess.objects.create(group=group, library=other_library)
        outsider.groups.add(group)
        LibraryAccess.objects.filter(user=member).delete()
        for account in (member, outsider):
            listeners.hub.check_rights_of(account.pk)
        assert listeners.told() == [
            [],
            [{"library": ["*"], "user": [member.pk]}, EVERYTHING],
            [{"library": ["*"], "user": [outsider.pk]}, EVERYTHING],
        ]

    def test_an_account_that_loses_its_rights_is_told_nothing_more(
        self, as_admin: APIClient, member: User, library: Library
    ) -> None:
        hub, stream = Hub(threaded=False), Stream()
        hub.open(stream, member.as_viewer(), lambda: None)  # whose credentials are bad at the next check
        hub.tick()
        stream.so_far()
        as_admin.put(f"/api/user/{member.pk}", {"isActive": False})
        hub.tick()
        assert (stream.ended, stream.so_far(), hub.count()) == (True, [], 0)


def test_missing_files(listeners: Listeners, as_admin: APIClient, library: Library) -> None:
    track = make_track(library, "a.mp3")
    purge = as_admin.delete(f"/api/missing?id={track.pk}").json()["purgeId"]
    songs = [{"song": ["*"]}]
    assert listeners.told() == [songs, songs, []]
    as_admin.post(f"/api/missing/purge/{purge}/undo")
    assert listeners.told() == [songs, songs, []]


def test_entries_that_are_numbered_before_others_and_committed_after_them(
    listeners: Listeners, as_admin: APIClient, library: Library, outsider: User
) -> None:
    """A transaction takes its number early: an entry may turn up below one that was read."""
    as_admin.put(f"/api/user/{outsider.pk}", {"name": "Out"})
    late = AuditEntry.objects.latest("pk")
    kept = {**AuditEntry.objects.filter(pk=late.pk).values()[0]}
    late.delete()
    as_admin.put(f"/api/library/{library.pk}", {"name": "Hard Rock"})
    assert listeners.told()[2] == []
    AuditEntry.objects.create(**kept)
    assert listeners.told()[2] == [{"user": [outsider.pk]}]
    assert listeners.told() == [[], [], []]
