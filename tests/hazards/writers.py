"""A small server with everything in it, and a table of all that writes to it, each with what it promises."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models, transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from libraries import cleanup, tasks
from libraries.choices import ScanState, ScanTrigger
from libraries.models import HeldMark, Library, MediaFile, Scan
from libraries.scanner import lease, pipeline
from libraries.services import libraries, scans
from missing.models import MissingFile
from missing.purges import purge_missing_files, undo_purge
from missing.relink import relink
from navidrome_lib.db.bulk import table
from navidrome_lib.errors import Conflict
from tests.conftest import PASSWORD
from tests.hazards.files import put, song
from tests.support.scans import scan
from tests.support.search import rebuild_index
from users import api_keys, app_passwords, tokens
from users import services as accounts
from users.models import ApiKey, GroupAccess, LibraryAccess, User

LIBRARY, USER, GROUP = "/admin/libraries/library/", "/admin/users/user/", "/admin/auth/group/"
# what the form of a library sends besides the fields that are text
_SWITCHES: Final = ("recursive", "default_new_users", "watch")


class World:
    """Two libraries with files that have changed since their scan, one whose worker died, one removed; four people."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rock = self._library("Rock", 4)
        self.jazz = self._library("Jazz", 3)
        self.dead = self._library("Dead", 0)
        self.gone = Library.objects.create(name="Gone", path=str(folder / "Gone"), deleted_at=timezone.now())
        self._change_files()
        self.chief = User.objects.create_superuser("chief", PASSWORD)
        self.deputy = User.objects.create_superuser("deputy", PASSWORD)
        self.member = User.objects.create_user("member", PASSWORD)
        self.family = Group.objects.create(name="Family")
        self.member.groups.add(self.family)
        LibraryAccess.objects.create(user=self.member, library=self.rock)
        GroupAccess.objects.create(group=self.family, library=self.rock)
        self.key, _ = api_keys.create_key(self.member, name="phone", scope="read", library_ids=[self.rock.pk])
        now = timezone.now()
        self.stale = Scan.objects.create(
            library=self.dead, trigger=ScanTrigger.API, state=ScanState.RUNNING, fence=1, attempts=1, worker="dead",
            started_at=now - timedelta(hours=1), lease_expires_at=now - timedelta(minutes=5),
        )  # fmt: skip
        self.held = Scan.objects.create(library=self.jazz, trigger=ScanTrigger.API, state=ScanState.HELD)
        HeldMark.objects.create(scan=self.held, media_file=MediaFile.objects.get(path="Jazz 1.mp3"))
        self.token = tokens.issue(self.chief)
        self.site = Client()
        self.site.force_login(self.chief)
        # what only migrations write stays as it is
        fixed = (ContentType, Permission)
        self._tables = [
            table(model)
            for model in apps.get_models(include_auto_created=True)
            if not model._meta.proxy and model not in fixed
        ]
        with connection.cursor() as cursor:
            for name in self._tables:
                cursor.execute(f"CREATE TEMPORARY TABLE {_kept(name)} AS SELECT * FROM {name}")  # noqa: S608 - own names

    def _library(self, name: str, songs: int) -> Library:
        for number in range(songs):
            put(self.folder / name / f"{name} {number}.mp3", self._song(name, number))
        (self.folder / name).mkdir(exist_ok=True)
        library = Library.objects.create(name=name, path=str(self.folder / name))
        scan(library)
        return library

    def _song(self, name: str, number: int) -> bytes:
        mark = number + 20 * len(name) + ord(name[0])
        return song(f"{name} {number}", number=number + 1, mark=mark, frames=4 + number, TALB=name, TPE1=f"Band {name}")

    def _change_files(self) -> None:
        """One file was lost and noticed, one was purged; then one comes, and one goes to the other library."""
        rock, jazz = self.folder / "Rock", self.folder / "Jazz"
        for number in (0, 1):
            (rock / f"Rock {number}.mp3").unlink()
            scan(self.rock)
            if number == 0:
                purged = purge_missing_files(list(MissingFile.objects.values_list("pk", flat=True)))
                assert purged.purge is not None
                self.purge = purged.purge
        self.lost = MissingFile.objects.get()
        self.found = MediaFile.objects.get(path="Jazz 0.mp3")
        put(rock / "Rock 9.mp3", self._song("Rock", 9))
        shutil.move(rock / "Rock 2.mp3", jazz / "Rock 2.mp3")
        shutil.copytree(rock, self.folder / "Elsewhere")
        (self.folder / "New").mkdir()

    def restore(self) -> None:
        """Every row as it was. The rows of a table refer to others, but are looked at when all of them are there."""
        statements = [f"DELETE FROM {name}" for name in self._tables]  # noqa: S608 - own names
        statements += [f"INSERT INTO {name} SELECT * FROM {_kept(name)}" for name in self._tables]  # noqa: S608
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                statements = ["; ".join(statements)]
            for statement in statements:
                cursor.execute(statement)
            rebuild_index()

    def close(self) -> None:
        with connection.cursor() as cursor:
            for name in self._tables:
                cursor.execute(f"DROP TABLE {_kept(name)}")

    # -- clients

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """The answer of the API to the chief; a refusal is raised as the services do."""
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {self.token}")
        return _checked(getattr(client, method)(path, body, format="json"))

    def page(self, path: str, body: dict[str, Any]) -> Any:
        """The answer of the admin site to a form of the chief."""
        client = Client()
        client.cookies = self.site.cookies
        answer = _checked(client.post(path, body))
        if answer.status_code != 302 or "/login/" in answer["Location"] or _has_errors(client):
            raise Conflict(f"the form was refused: {answer.status_code}")
        return answer

    def library_form(self, library: Library, **changes: Any) -> dict[str, Any]:
        """The form of a library as it was shown before anything happened, with what is changed on it."""
        texts = {name: getattr(library, name) for name in ("name", "path", "held_percent", "held_count", "schedule")}
        return _sent(texts, library, _SWITCHES) | changes

    def user_form(self, user: User, **changes: Any) -> dict[str, Any]:
        """The form of an account, in the same way; a change to None leaves a box empty."""
        texts = {"username": user.username, "name": user.name, "email": user.email, "groups": [self.family.pk]}
        body = _sent(texts, user, ("is_active", "is_superuser", "is_staff", "may_scan"))
        rows = {"library_access-TOTAL_FORMS": 0, "library_access-INITIAL_FORMS": 0}
        return {key: value for key, value in (body | rows | changes).items() if value is not None}


def _sent(texts: dict[str, Any], row: models.Model, boxes: tuple[str, ...]) -> dict[str, Any]:
    """What a browser sends of an unchanged form: the fields, and beside each what the page showed."""
    ticked = {name: "on" for name in boxes if getattr(row, name)}
    shown = texts | {name: str(getattr(row, name)) for name in boxes}
    return texts | ticked | {f"initial-{name}": value for name, value in shown.items()}


def _kept(name: str) -> str:
    return f"{name[:-1]}_kept{name[-1]}"


def _has_errors(client: Client) -> bool:
    answer: Any = client.get("/admin/")
    told = answer.context["messages"] if answer.status_code == 200 and answer.context else ()
    return any(message.level_tag in ("error", "danger") for message in told)


def _checked(answer: Any) -> Any:
    if answer.status_code >= 500:
        raise AssertionError(f"{answer.status_code}: {answer.content[:500]!r}")
    if answer.status_code >= 400:
        raise Conflict(f"{answer.status_code}: {answer.content[:300]!r}")
    return answer


@dataclass(frozen=True)
class Writer:
    """`run` does it; when it came to its end, `holds` is true from then on, unless another one says so too.

    `writes` names the fact that it promises, `voids` those of which nothing is left. If time is
    short, writers meet where they share a room, and another way to do the same (`again`) meets only those that write
    to the same thing.
    """

    run: Callable[[World], Any]
    writes: str = ""
    holds: Callable[[World], bool] = field(default=lambda world: True)
    voids: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ("catalog",)
    again: bool = False

    @property
    def thing(self) -> str:
        return self.writes.partition(".")[0]


def _is(model: type[models.Model], which: str, **values: Any) -> Callable[[World], bool]:
    """That a row of the world has these values now."""
    return lambda world: model._default_manager.filter(pk=getattr(world, which).pk, **values).exists()


def _no(model: type[models.Model], which: str, **values: Any) -> Callable[[World], bool]:
    return lambda world: not _is(model, which, **values)(world)


def _can_access(library: str) -> Callable[[World], bool]:
    return lambda world: world.member.library_access.filter(library=getattr(world, library).pk).exists()


def _run_scan(world: World, library: Library) -> None:
    pipeline.run(scans.request_scan(library, trigger=ScanTrigger.COMMAND, deliver=False).pk)


def _remove(world: World) -> None:
    libraries.delete_library(world.rock)
    cleanup.clear_library(world.rock.pk, pause=0)


def _revoke(world: World) -> None:
    api_keys.revoke_key(ApiKey.objects.get(pk=world.key.pk))


def _sign_in(world: World) -> None:
    if not (grant := accounts.sign_in("member", PASSWORD)):
        raise Conflict
    app_passwords.subsonic_token(grant.user)


def _is_ended(world: World) -> bool:
    """Whether the member is signed out everywhere, and has no key of an API any more."""
    is_inactive = _is(User, "member", is_active=False, token_epoch=1)(world)
    return is_inactive and not ApiKey.objects.filter(user=world.member.pk).exists()


_again: Final = partial(Writer, again=True)
_account: Final = partial(Writer, rooms=("member",))
_access: Final = partial(Writer, rooms=("member", "access"))
_admin: Final = partial(Writer, rooms=("admins",))
_account_again: Final = partial(_account, again=True)
_access_again: Final = partial(_access, again=True)
_shared: Final = partial(Writer, rooms=("catalog", "access"))
ROCK, MEMBER = ("rock.",), ("member.",)
WRITERS: Final[dict[str, Writer]] = {
    # libraries
    "rename": Writer(
        lambda w: w.api("put", f"/api/library/{w.rock.pk}", {"name": "Renamed"}),
        "rock.name", _is(Library, "rock", name="Renamed", name_key="renamed")),
    "change options": Writer(
        lambda w: w.api("patch", f"/api/library/{w.rock.pk}", {"scanOptions": {"excludePatterns": ["*.tmp"]}}),
        "rock.patterns", _is(Library, "rock", exclude_patterns=["*.tmp"])),
    "library form": Writer(
        lambda w: w.page(f"{LIBRARY}{w.rock.pk}/change/", w.library_form(w.rock, schedule="@daily", watch="on")),
        "rock.schedule", _is(Library, "rock", schedule="@daily", watch=True)),
    "relocate": Writer(
        lambda w: w.page(f"{LIBRARY}{w.rock.pk}/relocate/", {"path": str(w.folder / "Elsewhere")}),
        "rock.path", lambda w: Library.objects.get(pk=w.rock.pk).path == str(w.folder / "Elsewhere")),
    "create": _shared(
        lambda w: w.api("post", "/api/library", {"name": "Renamed", "path": str(w.folder / "New")}),
        "new", lambda w: Library.objects.active().filter(name="Renamed").exists()),
    "delete": _shared(
        lambda w: w.api("delete", f"/api/library/{w.rock.pk}"),
        "rock", _no(Library, "rock", deleted_at=None), voids=ROCK),
    "delete form": _again(
        lambda w: w.page(f"{LIBRARY}{w.rock.pk}/delete/", {"post": "yes", "confirm": "Rock"}),
        "rock", _no(Library, "rock", deleted_at=None), voids=ROCK),
    "delete and clear": _shared(_remove, "rock", _no(Library, "rock", deleted_at=None), voids=ROCK),
    "clear": _shared(lambda w: cleanup.clear_library(w.gone.pk, pause=0), "gone", _no(Library, "gone")),
    # scans
    "request": Writer(lambda w: w.api("post", "/api/scan", {"libraryId": w.rock.pk, "full": True})),
    "request dead": Writer(lambda w: w.api("post", "/api/scan", {"libraryId": w.dead.pk})),
    "schedule": Writer(lambda w: tasks.start_scheduled(Library.objects.get(pk=w.rock.pk))),
    "schedule dead": _again(lambda w: tasks.start_scheduled(w.dead), "dead.scan"),
    "reap": Writer(lambda w: lease.reap_stale(), "dead.lease"),
    "cancel": Writer(lambda w: w.api("delete", f"/api/scan/{w.stale.pk}")),
    "delete dead": Writer(
        lambda w: libraries.delete_library(w.dead), "dead", _no(Library, "dead", deleted_at=None)),
    "approve": Writer(lambda w: w.api("post", f"/api/scan/{w.held.pk}/approve")),
    "discard": Writer(
        lambda w: w.api("post", f"/api/scan/{w.held.pk}/discard"), "held", _is(Scan, "held", state=ScanState.FINISHED)
    ),
    "scan": Writer(lambda w: _run_scan(w, w.rock)),
    "scan jazz": Writer(lambda w: _run_scan(w, w.jazz)),
    # missing files
    "purge": Writer(lambda w: purge_missing_files([w.lost.pk])),
    "undo": Writer(lambda w: undo_purge(w.purge)),
    "relink": Writer(lambda w: relink(MissingFile.objects.get(pk=w.lost.pk), w.found)),
    # accounts
    "edit": _account(
        lambda w: w.api("put", f"/api/user/{w.member.pk}", {"email": "me@example.org"}),
        "member.email", _is(User, "member", email="me@example.org")),
    "user form": _account(
        lambda w: w.page(f"{USER}{w.member.pk}/change/", w.user_form(w.member, name="Me")),
        "member.name", _is(User, "member", name="Me")),
    "user form access": _account_again(
        lambda w: w.page(f"{USER}{w.member.pk}/change/", w.user_form(w.member) | {
            "library_access-TOTAL_FORMS": 1, "library_access-0-library": w.jazz.pk,
            "library_access-0-user": w.member.pk}),
        "member.jazz", _can_access("jazz")),
    "deactivate": _account(
        lambda w: w.api("patch", f"/api/user/{w.member.pk}", {"isActive": False}),
        "member.active", _is_ended, voids=("member.key",)),
    "rename user": _account_again(
        lambda w: accounts.update_user(w.member.pk, {"username": "Someone"}),
        "member.username", _is(User, "member", username="Someone", username_key="someone")),
    "password form": _account(
        lambda w: w.page(f"{USER}{w.member.pk}/password/", {
            "password1": "another battery", "password2": "another battery", "usable_password": "true"}),
        "member.password", lambda w: User.objects.get(pk=w.member.pk).check_password("another battery")),
    "app password": _account_again(
        lambda w: app_passwords.renew_app_password(User.objects.get(pk=w.member.pk)), "member.app password"),
    "sign in": _account(_sign_in),
    "delete user": _account(
        lambda w: w.api("delete", f"/api/user/{w.member.pk}"), "member", _no(User, "member"), voids=MEMBER),
    "delete user form": _account_again(
        lambda w: w.page(f"{USER}{w.member.pk}/delete/", {"post": "yes"}), "member", _no(User, "member"), voids=MEMBER),
    "create user": _account_again(
        lambda w: w.api("post", "/api/user", {"userName": "Someone", "password": PASSWORD}),
        "someone", lambda w: User.objects.filter(username_key="someone").exists()),
    "demote deputy": _admin(
        lambda w: accounts.update_user(w.deputy.pk, {"is_superuser": False}),
        "deputy.admin", _is(User, "deputy", is_superuser=False), voids=()),
    "deputy form": _admin(
        lambda w: w.page(f"{USER}{w.deputy.pk}/change/", w.user_form(w.deputy, is_superuser=None)),
        "deputy.admin", _is(User, "deputy", is_superuser=False)),
    "deputy mail": _admin(
        lambda w: w.page(f"{USER}{w.deputy.pk}/change/", w.user_form(w.deputy, email="two@example.org")),
        "deputy.email", _is(User, "deputy", email="two@example.org")),
    "demote chief": _admin(
        lambda w: accounts.update_user(w.chief.pk, {"is_superuser": False}),
        "chief.admin", _is(User, "chief", is_superuser=False)),
    "delete chief": _admin(
        lambda w: accounts.delete_user(w.chief.pk), "chief", _no(User, "chief"), voids=("chief.",)),
    # access
    "set access": _access(
        lambda w: w.api("put", f"/api/user/{w.member.pk}/library", {"libraryIds": [w.rock.pk, w.jazz.pk]}),
        "member.jazz", _can_access("jazz"), voids=("member.rock",)),
    "take access": _access_again(
        lambda w: accounts.change_user_libraries(w.member.pk, added=[], removed=[w.rock.pk]),
        "member.rock", lambda w: not _can_access("rock")(w)),
    "matrix": _access_again(
        lambda w: w.page(f"{USER}access/", {
            "user": [w.member.pk], f"was-user-{w.member.pk}": f"{w.rock.pk}",
            f"user-{w.member.pk}": [w.rock.pk, w.jazz.pk],
            "group": [w.family.pk], f"was-group-{w.family.pk}": f"{w.rock.pk}", f"group-{w.family.pk}": [w.jazz.pk]}),
        "member.jazz", _can_access("jazz")),
    "group access": _access_again(
        lambda w: accounts.change_group_libraries(str(w.family.pk), added=[w.jazz.pk], removed=[]),
        "family.jazz", lambda w: GroupAccess.objects.filter(group=w.family.pk, library=w.jazz.pk).exists()),
    "group form": _access(
        lambda w: w.page(f"{GROUP}{w.family.pk}/change/", {
            "name": "Kin", "library_access-TOTAL_FORMS": 1, "library_access-INITIAL_FORMS": 0,
            "library_access-0-library": w.jazz.pk, "library_access-0-group": w.family.pk}),
        "family.name", _is(Group, "family", name="Kin")),
    "delete group": _access(
        lambda w: w.page(f"{GROUP}{w.family.pk}/delete/", {"post": "yes"}),
        "family", _no(Group, "family"), voids=("family.",)),
    "create key": _access(
        lambda w: api_keys.create_key(w.member, name="car", scope="read", library_ids=[w.rock.pk]),
        "member.key", lambda w: ApiKey.objects.filter(user=w.member.pk, name="car").exists()),
    "revoke key": _access(_revoke, "member.phone", _no(ApiKey, "key")),
}  # fmt: skip
