"""What a query must add to a row: to forget the query is an error, never a wrong answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from libraries.choices import LibraryStatus, ScanState, ScanTrigger
from libraries.models import Library, Scan
from libraries.models.watch_status import watcher_of
from libraries.schedule import next_scan_time
from libraries.serializers import LibrarySerializer, library_status
from missing.models import Purge

FORGOTTEN = r"was not read: query it by `with_scan_state\(\)`"


@pytest.mark.parametrize("read", [library_status, watcher_of, next_scan_time], ids=lambda read: str(read.__name__))
def test_forgetting_the_scan_state_is_an_error(library: Library, read: Callable[[Library], object]) -> None:
    Library.objects.update(watch=True)
    with pytest.raises(AttributeError, match=FORGOTTEN):
        read(Library.objects.get())
    read(Library.objects.with_scan_state().get())


def test_the_scan_state_of_a_query(library: Library) -> None:
    Scan.objects.create(library=library, trigger=ScanTrigger.API, state=ScanState.HELD)
    assert library_status(Library.objects.with_scan_state().get())[0] == LibraryStatus.ATTENTION
    with pytest.raises(AttributeError, match=FORGOTTEN):
        assert LibrarySerializer(library).data


def test_what_a_purge_can_bring_back(db: None) -> None:
    Purge.objects.create(created_by="admin")
    assert Purge.objects.with_restorable().get().restorable == 0
    with pytest.raises(AttributeError, match=r"Purge\.restorable was not read: query it by `with_restorable\(\)`"):
        assert Purge.objects.get().restorable
