"""`python -m bench.orders_child SONGS ROUNDS OUTPUT`: fill an empty catalog and time its orders, in one process."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import django

django.setup()

from django.db import connection  # noqa: E402 - models exist only after the setup
from django.db.models import Model  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext, override_settings  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

from bench import catalog  # noqa: E402
from bench.orders import CALLS, OWN, SHARES, Answer, ask, pages_of  # noqa: E402
from bench.pages import CATALOG, words_to_find  # noqa: E402
from bench.subsonic_calls import COPIED, subsonic_calls  # noqa: E402
from libraries.models import Album, Artist, Library, MediaFile  # noqa: E402
from libraries.visible import library_facts  # noqa: E402
from listening.models import AlbumAnnotation, ArtistAnnotation, TrackAnnotation  # noqa: E402
from listening.services.annotations import Model as Notes  # noqa: E402
from users import api_keys  # noqa: E402
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
            yield measured(client, page, rounds)._replace(where=address, order=order, place=place)
    word, caller = words_to_find()["a frequent word"], Client()
    for what, address in [*subsonic_calls(member, word), *copies(member)]:
        yield measured(caller, address, rounds)._replace(where=CALLS, order=what)


def measured(client: Client, address: str, rounds: int) -> Answer:
    """What one address takes: the first time, and `rounds` times more."""
    backend = backend_process()
    first = ask(client, address, backend)
    with CaptureQueriesContext(connection) as asked:
        ask(client, address, backend)
        queries = len(asked)
    return Answer("", "", "first", first, [ask(client, address, backend) for _ in range(rounds)], queries)


def copies(member: User) -> Iterator[tuple[str, str]]:
    """Pages of a client that copies everything, far down, and not where another page of it has ended."""
    _, key = api_keys.create_key(member, name="copies", scope="read")
    total = sum(library.songs for library in library_facts(member.as_viewer()).values())
    for place, first in (("middle", total // 2), ("last", total * 9 // 10)):
        query = {"query": "", "artistCount": 0, "albumCount": 0, "songCount": COPIED, "songOffset": first}
        signed = {"apiKey": key, "v": "1.16.1", "c": "bench", "f": "json"}
        yield f"search3, 500 songs, {place}", f"/rest/search3?{urlencode({**query, **signed})}"


def backend_process() -> int | None:
    """The process of the database that works for us, where it has one."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def main() -> None:
    songs, rounds, output = sys.argv[1:]
    if not MediaFile.objects.exists():
        catalog.fill(int(songs), SHARES)
        catalog.settle()
    Path(output).write_text(json.dumps(list(measure(int(rounds)))), encoding="utf-8")


if __name__ == "__main__":
    main()
