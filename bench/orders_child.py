"""`python -m bench.orders_child SONGS ROUNDS OUTPUT`: fill an empty catalog and time its orders, in one process."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from django.db import connection  # noqa: E402 - models exist only after the setup
from django.db.models import Model  # noqa: E402
from django.test.utils import CaptureQueriesContext, override_settings  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

from bench import catalog  # noqa: E402
from bench.orders import OWN, SHARES, Answer, ask, pages_of  # noqa: E402
from bench.pages import CATALOG  # noqa: E402
from libraries.models import Album, Artist, Library, MediaFile  # noqa: E402
from listening.models import AlbumAnnotation, ArtistAnnotation, TrackAnnotation  # noqa: E402
from listening.services.annotations import Model as Notes  # noqa: E402
from users.models import LibraryAccess, User  # noqa: E402

# of this many things the member has a favourite, a rating or plays of one
NOTED = 200
ADDRESSES = {view: f"/api/{view.__name__.removesuffix('ListView').lower()}" for view in CATALOG}


def make_member() -> User:
    """Who can access two libraries, and has favourites, ratings and plays."""
    member = User.objects.filter(username="member").first()
    if member is None:
        member = User.objects.create_user("member")
        for library in Library.objects.filter(name__in=OWN):
            LibraryAccess.objects.create(user=member, library=library)
        kinds: tuple[tuple[Notes, type[Model]], ...] = (
            (TrackAnnotation, MediaFile), (AlbumAnnotation, Album), (ArtistAnnotation, Artist),
        )  # fmt: skip
        for notes, things in kinds:
            add_notes(member, notes, things)
    return member


def add_notes(member: User, notes: Notes, things: type[Model]) -> None:
    """Say something of some things, as many in each library as it has a share of them."""
    ids = list(things._default_manager.order_by("pk").values_list("pk", flat=True).iterator())[::NOTED]
    times = [catalog.START + timedelta(minutes=number * 7 % 9999) for number in range(len(ids))]
    notes._default_manager.bulk_create(
        (
            notes(**{f"{notes.thing}_id": pk, "user": member, "starred_at": at if number % 2 else None,
                     "rating": number % 6, "rated_at": at if number % 6 else None, "play_count": number % 50,
                     "play_date": at if number % 50 else None})
            for number, (pk, at) in enumerate(zip(ids, times, strict=True))
        ),
        batch_size=1000,
    )  # fmt: skip


@override_settings(ALLOWED_HOSTS=["*"])
def measure(rounds: int) -> Iterator[Answer]:
    """Every page, `rounds` times after a first one, which may have to put a whole list in order."""
    member = make_member()
    client = APIClient()
    client.force_authenticate(member, member.as_viewer())  # type: ignore[arg-type]
    for view, address in ADDRESSES.items():
        for order, place, page in pages_of(client, address, list(view.all_sorts())):
            first = ask(client, page)
            with CaptureQueriesContext(connection) as asked:
                ask(client, page)
                queries = len(asked)
            yield Answer(address, order, place, first, [ask(client, page) for _ in range(rounds)], queries)


def main() -> None:
    songs, rounds, output = sys.argv[1:]
    catalog.fill(int(songs), SHARES)
    catalog.settle()
    Path(output).write_text(json.dumps(list(measure(int(rounds)))), encoding="utf-8")


if __name__ == "__main__":
    main()
