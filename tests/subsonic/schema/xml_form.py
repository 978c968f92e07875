"""The XML form: which attributes, children and texts each element has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

_DOCUMENT = json.loads(Path(__file__).with_name("xml.json").read_text(encoding="utf-8"))
_NAMESPACE = f"{{{_DOCUMENT['namespace']}}}"
_WHOLE, _NUMBER = re.compile(r"-?\d+"), re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
# what we send besides: the page that explains an error, and what a client of ours may show
_MORE = {"Error": {"helpUrl": "string"}}
_ERROR = {"attributes": {"required": {"code": "integer"}, "optional": {"message": "string"}}}
# what is an element of an artist reference in a list of artists
Node = ElementTree.Element


def check_xml(method: str, content: bytes) -> None:
    """Assert that a body is an answer of a method, or a failure."""
    root = ElementTree.fromstring(content)
    assert root.tag == f"{_NAMESPACE}subsonic-response"
    wanted = {**_DOCUMENT["root"], "text": None}
    errors = list(_differences(root, wanted, "Root", ""))
    assert errors == [], (method, errors[:10])
    names = {_name(child) for child in root}
    failed = root.attrib["status"] == "failed"
    assert ("error" in names) == failed, method
    for name in names - {"error"}:
        assert method in _DOCUMENT["root"]["children"][name]["methods"], (method, name)


def _name(node: Node) -> str:
    return node.tag.removeprefix(_NAMESPACE)


def _differences(node: Node, wanted: Mapping[str, Any], kind: str, place: str) -> Iterator[str]:
    """What is wrong with an element and all below it."""
    place = f"{place}/{_name(node)}"
    attributes = wanted.get("attributes", {})
    required = attributes.get("required", {})
    known = {**required, **attributes.get("optional", {}), **attributes.get("practice", {}), **_MORE.get(kind, {})}
    yield from (f"{place} lacks {name}" for name in required if name not in node.attrib)
    for name, value in node.attrib.items():
        if name not in known:
            yield f"{place} has {name}"
        elif not _is(known[name], value):
            yield f"{place}: {name} is {value!r}, no {known[name]}"
    if (node.text or "").strip() and not wanted.get("text"):
        yield f"{place} has a text"
    yield from _differences_below(node, wanted.get("children", {}), place)


def _differences_below(node: Node, children: Mapping[str, Any], place: str) -> Iterator[str]:
    seen: set[str] = set()
    for child in node:
        name = _name(child)
        if name not in children:
            yield f"{place} has the element {name}"
            continue
        wanted = children[name]
        if name in seen and not wanted["many"]:
            yield f"{place} has {name} twice"
        seen.add(name)
        if "text" in wanted:
            if child.attrib or len(child) or not _is(wanted["text"], child.text or ""):
                yield f"{place}/{name} is no text of the kind {wanted['text']}"
        else:
            kind = wanted["type"]
            yield from _differences(child, _DOCUMENT["types"].get(kind, _ERROR), kind, place)


def _is(kind: str, value: str) -> bool:
    if kind == "integer":
        return _WHOLE.fullmatch(value) is not None
    if kind == "number":
        return _NUMBER.fullmatch(value) is not None
    if kind == "boolean":
        return value in ("true", "false")
    if kind == "instant":
        try:
            return datetime.fromisoformat(value).tzinfo is not None
        except ValueError:
            return False
    return kind == "string" or value in kind.removeprefix("enum:").split("|")
