"""A crawl of everything by people who may not see one library: none of its strings comes back."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from libraries.events.hub import Hub
from libraries.models import Library, Scan
from listening.models import Playlist, ShareItem
from listening.models import Share as SharedMusic
from media.choices import CoverKind
from media.external import answers
from navidrome_lib.audit.services import record
from subsonic import dispatch
from tests.access import added_canary, canary
from tests.access.read_params import NotedParams, NotedValues
from tests.access.read_queries import ReadQueries
from tests.access.rest_table import REST
from tests.access.routes import READS_NO_QUERY, routes
from tests.conftest import Configure, MakeUser, SignIn
from tests.support.catalog import make_track
from tests.support.event_streams import Stream
from tests.support.sharing import THOROUGH, Share
from users import api_keys, app_passwords, services
from users.models import GroupAccess, LibraryAccess, User, Viewer

pytestmark = pytest.mark.alike

# what a query may try: the ids of the hidden things, and every way to sort, to page and to filter
QUERIES = (
    "", "all=true", "_start=0&_end=100", "_sort=name&_order=DESC", "_sort=path", "_sort=libraryName",
    "library_id={library}", "libraryId={library}", "id={library}", "id={track}", "state=running", "name=a", "path=/",
    "album=a", "userName=a", "action=", "include=libraries", "expand=library", "format=api", "dryRun=true",
    "userId={owner}", "musicFolderId={library}",
)  # fmt: skip
# what can be asked of songs and of what they belong to
CATALOG = tuple(f"/api/{name}" for name in ("song", "album", "artist", "genre", "tag", "folder"))
CATALOG_QUERIES = (
    "", "_start=0&_end=9", "_sort=title&_order=DESC", "_sort=random&seed=1", "library_id={library}", "id={track}",
    f"title={canary.MARK}", f"name={canary.MARK}", "missing=true", "folder_id={folder}", "artist_id={artist}",
    "artists_id={artist}", "album_id={album}", f"genre={canary.MARK}-genre", f"path={canary.MARK}",
    "album_artist_id={artist}", "role_artist_id={artist}", "role=artist", "tag_name=genre",
    f"tag_value={canary.MARK}", "id={artist}", "id={album}", "_sort=songCount&_order=DESC",
)  # fmt: skip
NUMBERS = ("47114711", "471147114711")


# what a person gives to the things that these addresses name
OF_CATALOG = (*CATALOG, "/api/artwork/")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What services outside are to be asked about."""
    found: list[Any] = []
    monkeypatch.setattr(answers, "wish", lambda kind, item, sources: found.append((kind, item)) if sources else None)
    return found


@pytest.fixture
def hidden(
    db: None, tmp_path: Path, library: Library, configure: Configure, settings: Settings, asked: list[Any]
) -> Iterator[list[str]]:
    """The ids of what is hidden; services outside are asked, and about nothing of that."""
    configure(
        external=dataclasses.replace(settings.CONF.external, enabled=True),
        lastfm=dataclasses.replace(settings.CONF.lastfm, api_key="k"),
    )
    yield canary.fill(tmp_path)
    assert asked == []


@pytest.fixture
def owner(make_user: MakeUser, hidden: list[str]) -> User:
    """Somebody who may see what is hidden, through themselves and through a group."""
    user = make_user(f"{canary.MARK}-owner")
    LibraryAccess.objects.create(user=user, library_id=canary.LIBRARY_ID)
    group = Group.objects.create(name=f"{canary.MARK}-group")
    GroupAccess.objects.create(group=group, library_id=canary.LIBRARY_ID)
    user.groups.add(group)
    api_keys.create_key(user, name=f"{canary.MARK}-key", scope="manage", library_ids=[canary.LIBRARY_ID])
    hidden[:0] = added_canary.add(user, canary.MARK, canary.LIBRARY_ID)
    return user


def content(response: HttpResponseBase) -> bytes:
    """Return the body; a stream of events has none here (see `test_events`)."""
    if isinstance(response, HttpResponse):
        return response.content
    assert isinstance(response, StreamingHttpResponse)
    return b"".join(map(bytes, response))


def clean(response: HttpResponseBase, asked: str, ids: list[str]) -> None:
    """Nothing hidden in the answer: no mark, no figure, no id that was not asked for."""
    text = content(response).decode("utf-8", "replace") + str(dict(response.items()))
    found = [mark for mark in (canary.MARK, *NUMBERS) if mark in text]
    unasked = (*ids, str(canary.LIBRARY_ID), str(canary.SCAN_ID), str(canary.PROBLEM_ID))
    found += [pk for pk in unasked if pk in text and pk not in asked]
    assert not found, f"{asked}: {found}"
    assert response.status_code < 500, asked


def addresses(hidden: list[str], user: User, owner: User) -> list[str]:
    """Every route with every id, hidden ones and one's own, and every query."""
    # a playlist, a player and a share of the owner come first
    ids = [str(canary.LIBRARY_ID), str(canary.SCAN_ID), *hidden[:3], hidden[-2], hidden[-1], user.pk, owner.pk]
    names = dict(zip(("folder", "artist", "album"), hidden[3:6], strict=True))
    names |= {"library": str(canary.LIBRARY_ID), "track": hidden[-2], "owner": owner.pk}
    found = []
    for route in routes():
        if route.startswith(("/admin/", "/rest/")):
            continue
        known = hidden if route.startswith(OF_CATALOG) else ids
        kinds = map(str, CoverKind) if "{kind}" in route else [""]
        forms = [route.replace("{kind}", kind) for kind in kinds]
        paths = [form.replace("{pk}", pk) for form in forms for pk in known] if "{pk}" in route else [route]
        for path, query in itertools.product(paths, CATALOG_QUERIES if route in CATALOG else QUERIES):
            if query and ("{pk}" in route or route in READS_NO_QUERY) and not path.startswith(f"/api/user/{user.pk}"):
                continue
            filled = query.format(**names)
            found.append(f"{path}?{filled}" if filled else path)
    return found


@pytest.mark.parametrize("role", ["member", "anonymous", "confined"])
def test_api(
    hidden: list[str],
    member: User,
    admin: User,
    owner: User,
    sign_in: SignIn,
    library: Library,
    share: Share,
    role: str,
) -> None:
    user = admin if role == "confined" else member
    own = added_canary.fill_with(user, "Own", canary.LIBRARY_ID)
    client = sign_in(user) if role == "member" else APIClient()
    if role == "confined":  # even an admin's key, when it is confined to another library
        _, text = api_keys.create_key(user, name="k", scope="manage", library_ids=[library.pk])
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    crawled = addresses(hidden, user, owner)
    for pk in (own, Playlist.objects.get(public=True).pk):
        crawled += [f"/api/playlist/{pk}", f"/api/playlist/{pk}/tracks", f"/api/playlist/{pk}/tracks/1"]
    crawled += [f"/api/share/{pk}" for pk in SharedMusic.objects.filter(user=user).values_list("pk", flat=True)]
    assert len(crawled) > 300

    def ask(url: str) -> HttpResponseBase:
        response = client.get(url)
        clean(response, url, hidden)
        return response

    reader = ReadQueries(client, ask)
    for url in share.of(crawled):
        if THOROUGH or reader.differs(url):
            ask(url)
    for url in share.of(dict.fromkeys(url.partition("?")[0] for url in crawled)):
        for verb in ("post", "put", "patch"):
            body = {"libraryId": canary.LIBRARY_ID, "libraryIds": [canary.LIBRARY_ID], "name": "x", "username": "x"}
            clean(getattr(client, verb)(url, body, format="json"), url + str(body), hidden)


def test_shares(hidden: list[str], member: User, owner: User, library: Library, configure: Configure) -> None:
    """A guest meets nothing that the owner of the share cannot access any more."""
    configure(enable_sharing=True)
    added_canary.fill_with(member, "Own", canary.LIBRARY_ID)
    share = SharedMusic.objects.get(user=member)
    SharedMusic.objects.update(downloadable=True)
    parts = ["", "/cover", "/download"]
    parts += [f"/{kind}/{pk}" for kind in ("cover", "download", "stream") for pk in hidden]
    for part in parts:
        url = f"/share/{share.pk}{part}"
        answer = Client().get(url)
        assert answer.status_code == 404, url
        clean(answer, url, hidden)
    Path(library.path, "A").mkdir()
    Path(library.path, "A", "1.mp3").write_bytes(b"music")
    ShareItem.objects.create(share=share, position=99, media_file=make_track(library, "A/1.mp3", missing=False))
    for part in parts:
        url = f"/share/{share.pk}{part}"
        clean(Client().get(url), url, hidden)
    assert Client().get(f"/share/{share.pk}").status_code == 200


@pytest.mark.parametrize("role", ["member", "confined"])
def test_events(
    hidden: list[str],
    member: User,
    admin: User,
    owner: User,
    library: Library,
    role: str,
    django_capture_on_commit_callbacks: Any,
) -> None:
    viewer = member.as_viewer()
    if role == "confined":
        key = api_keys.create_key(admin, name="k", scope="manage", library_ids=[library.pk])[0]
        viewer = Viewer(admin, key)
    hub = Hub(threaded=False)
    stream, of_admin = Stream.of(hub, viewer), Stream.of(hub, admin.as_viewer())
    hub.tick()
    Scan.objects.filter(pk=canary.SCAN_ID).update(heartbeat_at=timezone.now(), seen=47114712)
    services.update_user(owner.pk, {"name": f"{canary.MARK}-renamed"})
    services.set_user_libraries(owner.pk, [library.pk])
    record("library.update", {"name": [canary.MARK, "x"]}, kind="library", pk=canary.LIBRARY_ID, name=canary.MARK)
    hub.tick()
    with django_capture_on_commit_callbacks(execute=True):
        added_canary.change(owner)
    hub.tick()
    Scan.objects.filter(pk=canary.SCAN_ID).update(state="finished", added=47114711)
    hub.tick()
    text = str([event for event in stream.so_far() if event.name != "serverStart"])
    assert "scanStatus" in text
    assert "'nowPlayingCount', data={'count': 1}" in str(of_admin.so_far())
    unseen = (canary.MARK, *NUMBERS, *hidden, str(canary.LIBRARY_ID), str(canary.SCAN_ID), owner.pk)
    unseen += ("refreshResource", "nowPlayingCount")
    assert [mark for mark in unseen if mark in text] == []


def tried_with(hidden: list[str], owner: User, library: Library) -> list[dict[str, Any]]:
    """What each method of the protocol is asked with."""
    artist, album = hidden[4:6]
    return [
        {}, {"username": owner.username[len(canary.MARK) :]}, {"target": f"{canary.LIBRARY_ID}:"},
        {"target": [f"{library.pk}:", f"{canary.LIBRARY_ID}:x"]}, {"musicFolderId": canary.LIBRARY_ID},
        {"id": hidden[0]}, {"id": hidden[-2]}, {"fullScan": "true"},
        # covers by every prefix, what was decided about a hidden song, words of a hidden song
        {"id": f"ar-{artist}"}, {"id": f"al-{album}_0123456789abcdef"}, {"id": f"dc-{album}:1"},
        {"id": f"mf-{hidden[-2]}", "size": 50}, {"id": hidden[2]}, {"id": hidden[1]},
        # what services outside have told of them
        {"id": artist, "includeNotPresent": "true"}, {"id": album, "includeNotPresent": "true"},
        {"mediaId": hidden[-2], "mediaType": "song", "transcodeParams": "x"},
        {"artist": f"{canary.MARK}-artist", "title": f"{canary.MARK}-title"},
        {"type": "newest", "size": 500}, {"type": "byYear", "fromYear": 0, "toYear": 9999}, {"query": canary.MARK},
        {"type": "byGenre", "genre": f"{canary.MARK}-genre"}, {"type": "starred"}, {"query": "", "songCount": 500},
        {"type": "random", "musicFolderId": [library.pk, canary.LIBRARY_ID]}, {"size": 500, "ifModifiedSince": "0"},
        {"playlistId": hidden[0], "songIdToAdd": hidden[-2]}, {"name": "x", "songId": hidden[-2]},
        {"id": hidden[-2], "position": 1}, {"id": [hidden[-2]], "currentIndex": 0},
    ]  # fmt: skip


@pytest.mark.parametrize("role", ["member", "outsider", "scanner", "key"])
def test_rest(
    hidden: list[str],
    member: User,
    outsider: User,
    owner: User,
    make_user: MakeUser,
    library: Library,
    share: Share,
    monkeypatch: pytest.MonkeyPatch,
    role: str,
) -> None:
    scanner = make_user("scanner", may_scan=True)
    LibraryAccess.objects.create(user=scanner, library=library)
    user = {"member": member, "outsider": outsider, "scanner": scanner, "key": member}[role]
    credentials = {"u": user.username, "p": app_passwords.app_password(user)}
    if role == "key":
        credentials = {"apiKey": api_keys.create_key(user, name="k", scope="manage")[1]}
    client = Client()
    monkeypatch.setattr(dispatch, "Params", NotedParams)

    def ask(method: str, parameters: Mapping[str, Any], notation: str) -> NotedValues:
        query = {"v": "1.16.1", "c": "test", "f": notation, **credentials, **parameters}
        clean(client.get(f"/rest/{method.replace('.*', 'x')}", query), f"{method} {parameters}", hidden)
        return NotedParams.last

    # each call in one notation for every other role: the canaries are the same in both
    turn = ("member", "outsider", "scanner", "key").index(role)
    read: dict[str, NotedValues] = {}
    for number, (method, parameters) in share.of(
        enumerate(itertools.product(REST, tried_with(hidden, owner, library)))
    ):
        notations = ("xml", "json")[(number + turn) % 2], ("json", "xml")[(number + turn) % 2]
        if method not in read:
            read[method] = ask(method, {"unknown": 1}, notations[1])
        if THOROUGH or not parameters or read[method].may_matter(parameters):
            ask(method, parameters, notations[0])


def test_staff_that_are_no_admins(
    hidden: list[str], make_user: MakeUser, library: Library, owner: User, share: Share
) -> None:
    """Somebody with every permission of the admin site sees there the libraries that they can access, and no more."""
    clerk = make_user("clerk", is_staff=True)
    LibraryAccess.objects.create(user=clerk, library=library)
    clerk.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(clerk)
    ids = [str(canary.LIBRARY_ID), str(canary.SCAN_ID), str(canary.PROBLEM_ID), *hidden, owner.pk]
    opened = 0
    for route in share.of(routes()):
        if not route.startswith("/admin/") or "logout" in route:
            continue
        for pk in ids if "{" in route else [""]:
            url = route.replace("{object_id}", pk).replace("{id}", pk).replace("{content_type_id}", "1")
            for query in ("", "?q=a", f"?library__id__exact={canary.LIBRARY_ID}", "?o=1", "?e=1", "?s=a", "?term=a"):
                if query and "{" in route:
                    continue
                response = client.get(url + query)
                clean(response, url + query + str(ids), hidden)  # a later page may say that an id does not exist
                opened += response.status_code == 200
    assert opened > 20
