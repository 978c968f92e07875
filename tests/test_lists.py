"""No list asks the database more when there is more to list: neither the pages of the admin site nor the API."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext, override_settings

from bench import catalog, pages

pytestmark = pytest.mark.alike

MOST = 15


def queries_of(songs: int) -> dict[str, int]:
    """The queries of the first page of every list, by its name, over a catalog that is gone afterwards."""
    found = {}
    with transaction.atomic():
        catalog.fill(songs)
        for page in pages.all_pages():
            if page.kind == pages.FIRST:
                pages.ask(page)  # permissions and the like are remembered by the process
                with CaptureQueriesContext(connection) as asked:
                    pages.ask(page)
                found[page.where] = len(asked)
        transaction.set_rollback(True)
    return found


@pytest.mark.django_db
@override_settings(ALLOWED_HOSTS=["*"])
def test_lists_ask_as_much_for_few_rows_as_for_many() -> None:
    few = queries_of(200)
    assert queries_of(1200) == few
    assert {name: count for name, count in few.items() if count > MOST} == {}
    assert len(few) >= len(pages.LISTS) + len(pages.RESTRICTED_LISTS) + len(pages.PAGES) + 8
