"""What can be done with accounts. Each function checks its rules and changes all or nothing."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from libraries.models import Library
from libraries.storage.roots import is_storable_text
from navidrome_lib.api.wire import parse_library_id
from navidrome_lib.audit.models import SignInOutcome
from navidrome_lib.audit.services import difference, record
from navidrome_lib.audit.sign_ins import note_sign_in
from navidrome_lib.db.attached import count_attached
from navidrome_lib.db.bulk import keep_rows
from navidrome_lib.db.ids import can_be_id
from navidrome_lib.db.locks import lock_accounts
from navidrome_lib.db.prepared import PreparedQuery
from navidrome_lib.errors import Conflict, InvalidInput, NotAllowed, NotFound
from users import app_passwords
from users.hashing import hashing_slot
from users.login_secrets import keep_login_password
from users.models import ApiKey, GroupAccess, LibraryAccess, User, username_key
from users.passwords import check_admin_password
from users.tokens import AuthenticatedUser

MAX_KEY = 300
# what makes an account an active admin, and its wire name
ADMIN_RIGHTS = {"is_superuser": "isAdmin", "is_active": "isActive"}
WIRE_NAMES = {"username": "userName", **ADMIN_RIGHTS}
LAST_ADMIN = "This is the last admin. Make another user an admin first."
# what a sign-out everywhere ends, in the list of sign-ins
EVERYTHING = "everything"
_user_by_name: Final = PreparedQuery(lambda key: User.objects.filter(username_key=key)[:1], str)
_user_by_id: Final = PreparedQuery(lambda pk: User.objects.filter(pk=pk)[:1], str)


def find_by_name(username: str) -> User | None:
    """The account of that name, whatever the case; None also for texts that no database could hold."""
    key = username_key(username)
    if not key or len(key) > MAX_KEY or "\0" in key or not is_storable_text(key):
        return None
    return _user_by_name.first(key)


def check_credentials(username: str, password: str) -> AuthenticatedUser | None:
    """What this password opens, which may be the app password. An unknown name takes as long as a wrong password."""
    user, now = find_by_name(username), int(time.time())
    if app_passwords.check_app_password(user, password) and user is not None:
        return AuthenticatedUser(user, now, is_app=True)
    if user is None:
        hash_password(password)
        return None
    return AuthenticatedUser(user, now) if user.check_password(password) and user.is_active else None


def hash_password(password: str) -> str:
    """The hash of a password, computed behind the gate."""
    with hashing_slot():
        return make_password(password)


def sign_in(username: str, password: str) -> AuthenticatedUser | None:
    """Like `check_credentials`, and remembers that the person signed in."""
    authenticated = check_credentials(username, password)
    if authenticated is None:
        return None
    user = authenticated.user
    user.last_login = timezone.now()
    if not User.objects.filter(pk=user.pk, is_active=True).update(last_login=user.last_login):
        return None  # deleted or deactivated at this moment
    if not authenticated.is_app:
        keep_login_password(user, password)
    return authenticated


def create_user(*, username: str, password: str, library_ids: Collection[object] | None = None, **fields: Any) -> User:
    """A new account; `fields` are further fields of the model. A taken name (whatever the case) is a conflict.

    A regular one can access the libraries in `library_ids`; where None is given, those that are for new users.
    """
    hashed = hash_password(password)  # before the transaction: it takes a while
    with transaction.atomic():
        lock_accounts()
        user = add_user(username=username, hashed=hashed, **fields)
        if library_ids is not None:
            grant_libraries(user, library_ids)
        return user


def create_first_admin(*, username: str, password: str) -> User:
    """The first account, an admin; not allowed once any account exists. Of two racing calls one creates it.

    `InvalidInput` for a password that is too short.
    """
    require_no_account()
    check_admin_password(password)
    hashed = hash_password(password)
    with transaction.atomic():
        lock_accounts()
        require_no_account()  # again, now that the lock keeps others from creating one
        now = timezone.now()  # the person is signed in with it
        return add_user(username=username, hashed=hashed, name=username.strip(), is_superuser=True, last_login=now)


def require_no_account() -> None:
    """Refuse when there is any account."""
    if User.objects.exists():
        raise NotAllowed("The first account exists already. Sign in instead.")


def add_user(*, username: str, hashed: str, **fields: Any) -> User:
    """Insert the row, inside the caller's transaction."""
    if find_by_name(username) is not None:
        raise name_taken(username)
    user = User(username=username.strip(), password=hashed, **fields)
    check_account(user)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise name_taken(username) from error
    return user


def check_account(user: User, fields: Collection[str] | None = None) -> None:
    """Apply the model's rules (to `fields`, unless to all), for callers without a form.

    `InvalidInput` names every field that breaks one.
    """
    others = {"password"} if fields is None else {field.name for field in User._meta.fields} - {*fields}
    try:
        user.clean_fields(exclude=others)
    except ValidationError as error:
        texts = error.message_dict.items()
        raise InvalidInput(errors={WIRE_NAMES.get(field, field): " ".join(lines) for field, lines in texts}) from error


def name_taken(username: str) -> Conflict:
    return Conflict(errors={"userName": f"The user name “{username.strip()}” is taken."})


def update_user(
    user_id: str,
    values: Mapping[str, Any],
    *,
    end_keys: bool = False,
    library_ids: Collection[object] | None = None,
) -> User:
    """Change some fields (by model field; `password` in the clear). The last admin stays one.

    A new password, a deactivation and a demotion end all that signing in has given; `end_keys` ends the API keys with
    it, which a deactivation does anyway. `library_ids` are the libraries of a regular account from now on.
    """
    changes = dict(values)
    if "password" in changes:
        changes["password"] = hash_password(changes["password"])
    with transaction.atomic():
        lock_accounts()
        user = lock_user(user_id)
        lost = [wire for field, wire in ADMIN_RIGHTS.items() if changes.get(field) is False]
        if lost:
            keep_one_admin(user, fields=lost)
        demoted = changes.get("is_superuser") is False and user.is_superuser
        if demoted:
            changes.setdefault("is_staff", False)
        before = {field: getattr(user, field) for field in changes}
        for field, value in changes.items():
            setattr(user, field, value)
        check_account(user, changes.keys() & {"username", "name"})
        try:
            with transaction.atomic():
                user.save(update_fields=[*changes, "updated_at"])
        except IntegrityError as error:
            raise name_taken(user.username) from error
        note_changes(user, before, changes)
        if end_keys and (demoted or "password" in changes):
            user.api_keys.all().revoke()
        if library_ids is not None:
            grant_libraries(user, library_ids)
    return user


def sign_out_everywhere(user_id: str, *, end_keys: bool) -> int:
    """End the tokens, the sessions and the app password of an account; returns how many API keys were ended, too."""
    with transaction.atomic():
        user = lock_user(user_id)
        user.save(update_fields=user.end_sign_ins())
        keys: int = user.api_keys.all().revoke() if end_keys else 0
        record("user.sign_out", {"keys": keys}, kind="user", pk=user.pk, name=user.username)
        note_sign_in(SignInOutcome.SIGNED_OUT, username=user.username, user_id=user.pk, credential=EVERYTHING)
    return keys


def note_changes(user: User, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Record what changed; of a password only that it did."""
    changed = difference(before, after)
    if "password" in changed:
        changed["password"] = ["", "changed"]
    if changed:
        record("user.update", changed, kind="user", pk=user.pk, name=user.username)


def delete_user(user_id: str) -> None:
    """Remove an account. The last admin stays."""
    with transaction.atomic():
        lock_accounts()
        user = lock_user(user_id)
        keep_one_admin(user)
        told = {"admin": user.is_superuser, "attached": attached_to_user(user.pk)}
        record("user.delete", told, kind="user", pk=user.pk, name=user.username)
        user.delete()


def attached_to_user(user_id: str) -> dict[str, int]:
    """What a person has that goes with the account, by kind: API keys, playlists, plays and so on."""
    keys = {str(ApiKey._meta.verbose_name_plural): ApiKey.objects.filter(user=user_id).count()}
    found = {str(label): count for label, count in count_attached(User, pk=user_id)}
    return {label: count for label, count in {**keys, **found}.items() if count}


def get_user(user_id: str) -> User:
    """The account with that id."""
    user = _user_by_id.first(user_id) if can_be_id(user_id) else None
    if user is None:
        raise NotFound
    return user


def lock_user(user_id: str) -> User:
    """The account with that id as it is now, locked until the commit; `NotFound` when it was deleted meanwhile."""
    user = User.objects.select_for_update().filter(pk=get_user(user_id).pk).first()
    if user is None:
        raise NotFound
    return user


def keep_one_admin(user: User, *, fields: Iterable[str] = ()) -> None:
    """Refuse to lose `user` as an admin when there is no other active one; holds the lock until the commit.

    `fields` are those (by their wire names) whose values would do it.
    """
    lock_accounts()
    admins = User.objects.active_admins()
    if admins.filter(pk=user.pk).exists() and not admins.exclude(pk=user.pk).exists():
        raise Conflict(LAST_ADMIN, errors=dict.fromkeys(fields, LAST_ADMIN))


def set_user_libraries(user_id: str, library_ids: Iterable[object]) -> User:
    """Make these the libraries that were granted to a regular user; an empty list takes all away."""
    asked = list(library_ids)
    with transaction.atomic():
        user = lock_user(user_id)
        grant_libraries(user, asked)
    return user


def grant_libraries(user: User, library_ids: Collection[object]) -> None:
    """Make these the granted libraries of a locked account that is no admin."""
    require_regular(user)
    save_access(user, known_library_ids(library_ids))


def change_user_libraries(user_id: str, *, added: Collection[int], removed: Iterable[int]) -> None:
    """Grant and take away some libraries, and leave the others as they are now."""
    with transaction.atomic():
        user = lock_regular_user(user_id)
        # one of the others may have been deleted, and not be cleared away yet
        present = set(LibraryAccess.objects.filter(user=user).values_list("library_id", flat=True))
        save_access(user, present - set(removed) | known_library_ids(added))


def lock_regular_user(user_id: str) -> User:
    """Like `lock_user`, for an account whose access can be set.

    One at a time for one account: parallel calls end in the set that one of them asked for, never in a mix.
    """
    user = lock_user(user_id)
    require_regular(user)
    return user


def require_regular(user: User) -> None:
    """Refuse to set the access of an admin."""
    if user.is_superuser:
        raise InvalidInput(errors={"libraryIds": "An admin can access every library; there is nothing to set."})


def save_access(user: User, wanted: set[int]) -> None:
    """Make these the granted libraries of a locked account."""
    before = set(LibraryAccess.objects.filter(user=user).values_list("library_id", flat=True))
    LibraryAccess.objects.filter(user=user).exclude(library__in=wanted).delete()
    LibraryAccess.objects.bulk_create(
        [LibraryAccess(user=user, library_id=pk) for pk in sorted(wanted - before)], ignore_conflicts=True
    )
    if before != wanted:
        changed = {"libraries": [sorted(before), sorted(wanted)]}
        record("access.set", changed, kind="user", pk=user.pk, name=user.username)


def change_group_libraries(group_id: str, *, added: Iterable[int], removed: Iterable[int]) -> None:
    """Grant and take away some libraries of a group, and leave the others as they are now."""
    with transaction.atomic():
        group = Group.objects.select_for_update().filter(pk=parse_library_id(group_id) or 0).first()
        if group is None:
            raise NotFound
        rows = GroupAccess.objects.filter(group=group)
        before = set(rows.values_list("library_id", flat=True))
        after = before - set(removed) | known_library_ids(list(added))
        rows.exclude(library__in=after).delete()
        GroupAccess.objects.bulk_create(
            [GroupAccess(group=group, library_id=pk) for pk in sorted(after - before)], ignore_conflicts=True
        )
        if before != after:
            changed = {"libraries": [sorted(before), sorted(after)]}
            record("access.set", changed, kind="group", pk=group.pk, name=group.name)


def known_library_ids(asked: Collection[object]) -> set[int]:
    """The asked ids as numbers; those that no library has are named in one refusal.

    Inside a transaction: the libraries cannot be cleared away before its commit.
    """
    # read all of them rather than ask for the named ones: a body may name more than a statement may hold
    existing = set(Library.objects.active().values_list("pk", flat=True))
    numbers = {str(item): parse_library_id(item) for item in asked}
    unknown = [text for text, number in numbers.items() if number is None or number not in existing]
    if unknown:
        named = ", ".join(text[:40] for text in unknown[:20]) + (" …" if len(unknown) > 20 else "")
        raise InvalidInput(errors={"libraryIds": f"There is no library with the id {named}."})
    asked_ids = {number for number in numbers.values() if number is not None}
    # one that was cleared away since is named by the second look
    return asked_ids if keep_rows(Library, asked_ids) == asked_ids else known_library_ids(asked)
