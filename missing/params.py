"""What a `DELETE /api/missing` asks for. Whatever could be a slip of the pen is refused: it would remove everything."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.http import QueryDict

from navidrome_lib.errors import InvalidInput

ID_KEY = re.compile(r"id(\[\d*\])?", re.ASCII)
# no id was ever made in another form; what is not one is an unknown id
ID = re.compile(r"[0-9A-Za-z]{22}", re.ASCII)
# as many as a database takes in one statement
MAX_IDS = 30_000
# a token may travel in the query, and a cache may be fooled
IGNORED = frozenset({"jwt", "_"})
TRUE, FALSE = ("true", "1", "on", "yes"), ("false", "0", "off", "no")


def asked_ids(query: QueryDict) -> list[str] | None:
    """The ids in `?id=a&id=b`, `?id=a,b`, `?id[]=a&id[]=b` and `?id[0]=a`; None when there is no such parameter."""
    keys = [key for key in query if ID_KEY.fullmatch(key)]
    if not keys:
        return None
    texts = [text for key in keys for text in query.getlist(key)]
    ids = [part.strip() for text in texts for part in text.split(",") if part.strip()]
    if not ids:
        raise InvalidInput(errors={"id": "Name at least one file, or leave the parameter out to remove all."})
    return at_most(ids, "id")


def ids_in_body(body: Any) -> list[str] | None:
    """The ids in `{"ids": ["a", "b"]}`; None when there is no body, or an empty object."""
    if body is None or body == {}:
        return None
    if not isinstance(body, dict):
        raise InvalidInput(errors={"body": 'The body must be a JSON object: {"ids": ["…"]}. Nothing was removed.'})
    errors = {
        str(key)[:60]: "Unknown key. Nothing was removed. Name the files in “ids”." for key in body if key != "ids"
    }
    ids = body.get("ids", [])
    if not isinstance(ids, list) or not all(isinstance(pk, str) for pk in ids):
        errors["ids"] = "Must be a list of ids as strings. Nothing was removed."
    if errors:
        raise InvalidInput(errors=errors)
    named = [pk.strip() for pk in ids if pk.strip()]
    if not named:
        raise InvalidInput(errors={"ids": "Name at least one file, or send no body to remove all."})
    return at_most(named, "ids")


def named_ids(query: QueryDict, body: Any) -> list[str] | None:
    """The ids in the address or in the body, which are never in both; None when neither names any."""
    in_address, in_body = asked_ids(query), ids_in_body(body)
    if in_address is not None and in_body is not None:
        raise InvalidInput(errors={"ids": "Name the files in the address or in the body, not in both."})
    return in_address if in_body is None else in_body


def at_most(ids: list[str], field: str) -> list[str]:
    """`ids`, if those are not too many."""
    if len(ids) > MAX_IDS:
        raise InvalidInput(errors={field: f"At most {MAX_IDS} files can be named at once."})
    return ids


def possible(ids: Iterable[str]) -> list[str]:
    """`ids` with every impossible one replaced by one that no file has, so that they count but never reach SQL."""
    return [pk if ID.fullmatch(pk) else "-" for pk in ids]


def dry_run(query: QueryDict) -> bool:
    """Whether to answer only what would happen."""
    if "dryRun" not in query:
        return False
    text = str(query["dryRun"]).strip().lower()
    if text not in (*TRUE, *FALSE):
        raise InvalidInput(errors={"dryRun": "Must be true or false."})
    return text in TRUE


def refuse_unknown(query: QueryDict, known: Iterable[str]) -> None:
    """400 for a parameter that means nothing here: it may name files that we would not see."""
    allowed = {*known, *IGNORED, "dryRun"}
    errors = {
        key[:60]: "Unknown parameter. Nothing was removed."
        for key in query
        if key not in allowed and not ID_KEY.fullmatch(key)
    }
    if errors:
        raise InvalidInput(errors=errors)
