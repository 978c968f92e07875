"""API keys: made, found by the key itself, ended."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction

from libraries.models import Library
from navidrome_lib.audit.services import record
from navidrome_lib.controls import NAME_RULE, has_controls
from navidrome_lib.db.bulk import keep_rows
from navidrome_lib.db.prepared import PreparedQuery
from navidrome_lib.errors import InvalidInput, NotFound
from navidrome_lib.moments import showable
from users.last_use import note_use
from users.models import ApiKey, User

PREFIX = "ndk_"
HINT_LENGTH = 10
MAX_LENGTH = 200
MAX_PER_USER = 100
_key_by_digest: Final = PreparedQuery[ApiKey](
    lambda digest: ApiKey.objects.select_related("user").filter(digest=digest)[:1], str
)


def digest_of(text: str) -> str:
    """What is stored of a key. It needs no slow hash: 256 random bits cannot be guessed."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def create_key(
    user: User,
    *,
    name: str,
    scope: str,
    library_ids: Iterable[int] | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text, which is not stored. `library_ids` None: every library of its owner."""
    if has_controls(name):
        raise InvalidInput(errors={"name": NAME_RULE})
    text = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        # the lock: the number of keys has a limit, and the account may be deleted at this moment
        if not User.objects.select_for_update().filter(pk=user.pk, token_epoch=user.token_epoch).exists():
            raise NotFound  # or signed out everywhere at this moment
        if user.api_keys.count() >= MAX_PER_USER:
            raise InvalidInput(f"An account has at most {MAX_PER_USER} keys. Revoke one first.")
        libraries = [] if library_ids is None else visible(user, set(library_ids))
        key = ApiKey.objects.create(
            user=user,
            name=name,
            scope=scope,
            digest=digest_of(text),
            hint=text[:HINT_LENGTH],
            restricted=library_ids is not None,
            expires_at=showable(expires_at) if expires_at is not None else None,
        )
        key.libraries.set(libraries)
        confined = [library.pk for library in libraries] if key.restricted else None
        said = {"owner": user.username, "scope": scope, "libraries": confined}
        record("key.create", said, kind="key", pk=key.pk, name=name)
    return key, text


def visible(user: User, library_ids: set[int]) -> list[Library]:
    """The named libraries, all of which `user` must have access to."""
    found = list(Library.objects.visible_to(user.as_viewer()).order_by("pk"))
    unknown = sorted(library_ids - {library.pk for library in found})
    if unknown:
        raise InvalidInput(errors={"libraryIds": f"There is no library with the id {', '.join(map(str, unknown))}."})
    kept = keep_rows(Library, library_ids)  # none may be cleared away before the commit
    return [library for library in found if library.pk in library_ids & kept]


def revoke_key(key: ApiKey) -> None:
    """End a key: it is not accepted from now on; `NotFound` when that is so already."""
    with transaction.atomic():
        if not ApiKey.objects.filter(pk=key.pk).revoke():
            raise NotFound


def looks_like_key(text: str) -> bool:
    return text.startswith(PREFIX)


def find_key(text: str) -> ApiKey | None:
    """The usable key with that text, with its `user`. What it may do is for `Viewer(key.user, key)` to say."""
    if not looks_like_key(text) or len(text) > MAX_LENGTH:
        return None
    key = _key_by_digest.first(digest_of(text))
    if key is None or not key.is_usable:
        return None
    note_use(key, "last_used_at")
    return key
