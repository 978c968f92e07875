"""Write the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction

from navidrome_lib.audit import actor, tabs
from navidrome_lib.audit.models import AuditEntry

MAX_TEXT = 255


def record(
    action: str, changes: Mapping[str, Any] | None = None, *, kind: str, pk: object = "", name: str = ""
) -> AuditEntry:
    """Write an audit entry: the present actor did `action` (`user.update`) to one object.

    Call it inside the transaction of the change itself, so that there is never one without the other. `changes` never
    hold a secret: a caller names a changed password, and does not show it.
    """
    who = actor.current()
    entry = AuditEntry.objects.create(
        actor_id=who.user_id[:64],
        actor=clean(who.name)[:MAX_TEXT],
        key=clean(who.key)[:MAX_TEXT],
        address=who.address[:64],
        channel=who.channel,
        action=action,
        object_type=kind,
        object_id=str(pk)[:64],
        object_name=clean(name)[:MAX_TEXT],
        changes=plain(changes or {}),
    )
    if who.tab:
        transaction.on_commit(partial(tabs.note, entry.pk, who.tab))
    return entry


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """`{field: [old, new]}` of what changed."""
    return {field: [before.get(field), value] for field, value in after.items() if before.get(field) != value}


def clean(text: str) -> str:
    """`text` without lone surrogates and NUL, which a database refuses."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def plain(value: Any) -> Any:
    """`value` as JSON can hold it, of bounded size."""
    if isinstance(value, Mapping):
        return {clean(str(key))[:MAX_TEXT]: plain(item) for key, item in list(value.items())[:100]}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in list(value)[:1000]]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return clean(str(value))[:2000]
