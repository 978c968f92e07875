"""Queries that are built once for each kind of viewer find what each single viewer can access, and nothing else."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from libraries import visible
from libraries.models import Library, Scan
from libraries.services import scans
from navidrome_lib.viewer import SIGNED_OUT, Viewer
from users.models import ApiKey, GroupAccess, LibraryAccess, User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


def confined(user: User, *libraries: Library) -> Viewer:
    """A viewer by a key that is confined to some libraries."""
    number = ApiKey.objects.count()
    key = ApiKey.objects.create(user=user, name=f"key {number}", digest=f"{number:064}", restricted=True)
    key.libraries.set(libraries)
    return type(user.as_viewer())(user, key)


def make_viewers() -> list[Viewer]:
    one, two, three = (
        Library.objects.create(name=f"Music {number}", path=f"/srv/{number}", total_songs=number, total_folders=1)
        for number in (1, 2, 3)
    )
    gone = Library.objects.create(name="Gone", path="/srv/gone", deleted_at=timezone.now())
    for library in (one, two, gone):
        Scan.objects.create(library=library, state="finished", finished_at=timezone.now())
    Scan.objects.create(library=two, state="running", seen=5, folder_count=2)
    ann, bob, eve, boss, other = (
        User.objects.create_user(name, is_superuser=name in ("boss", "other"), is_active=name != "eve")
        for name in ("ann", "bob", "eve", "boss", "other")
    )
    for user, library in ((ann, one), (ann, gone), (bob, three), (eve, one)):
        LibraryAccess.objects.create(user=user, library=library)
    group = Group.objects.create(name="family")
    bob.groups.add(group)
    for library in (two, three):
        GroupAccess.objects.create(group=group, library=library)
    unconfined = ApiKey.objects.create(user=bob, name="free", digest="f" * 64)
    people = [user.as_viewer() for user in (ann, bob, eve, boss, other)]
    by_key = [confined(ann, one, two), confined(bob, two), confined(boss, one, gone), confined(other), confined(eve)]
    return [*people, *by_key, type(people[0])(bob, unconfined), SIGNED_OUT]


def test_each_viewer_finds_its_own_libraries_and_scans() -> None:
    found = []
    for viewer in make_viewers():
        allowed = Library.objects.visible_to(viewer)
        libraries = visible.libraries(viewer)
        assert libraries == list(allowed.order_by("name_key", "pk"))
        assert visible.libraries_with_state(viewer) == libraries
        assert set(visible.library_ids(viewer)) == {library.pk for library in libraries}
        for library in Library.objects.all():
            one = visible.library_with_state(viewer, library.pk)
            assert one == (library if library in libraries else None)
        assert scans.visible_scan_status(viewer) == scans.scan_status(allowed)
        found.append([library.name[-1] for library in libraries])
    people = [["1"], ["2", "3"], [], ["1", "2", "3"], ["1", "2", "3"]]
    assert found == [*people, ["1"], ["2"], ["1"], [], [], ["2", "3"], []]
