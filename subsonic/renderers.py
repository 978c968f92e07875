"""One answer in three notations: XML, JSON, and JSON in a function call."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree

import orjson
from django.http import HttpResponse

from navidrome_lib.version import SERVER_VERSION
from subsonic.errors import GENERIC, SubsonicError, missing_parameter
from subsonic.params import Params

PROTOCOL_VERSION = "1.16.1"
NAMESPACE = "http://subsonic.org/restapi"
CALLBACK = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*", re.ASCII)
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

TEXT = "value"
# what has a `value` that is an attribute all the same
VALUE_IS_ATTRIBUTE = {"cueLine"}
# lists whose elements are called otherwise in XML
ELEMENTS = {"agents": "agent"}
# objects that are left out of XML where nothing is known; JSON has `{}`
LEFT_OUT_EMPTY = {"originalReleaseDate", "releaseDate"}


class Text(str):
    """A single value that is an element with a text in XML, as those of the info answers; all others are attributes."""

    __slots__ = ()


class Listed:
    """A list whose objects are made when the notation is known: JSON is put together of what was written before."""

    def __init__(self, as_json: Callable[[], bytes], as_objects: Callable[[], list[dict[str, Any]]]) -> None:
        self.as_json = as_json
        self.as_objects = as_objects


Payload = Mapping[str, Any]


def success(payload: Payload, params: Params) -> HttpResponse:
    """`status="ok"` with the payload."""
    return render({**envelope("ok"), **payload}, params)


def failure(error: SubsonicError, params: Params, *, help_url: str = "") -> HttpResponse:
    """`status="failed"` with the code, the sentence, and where a page helps, its address."""
    response = render(failed(error, help_url), params)
    response.status_code = error.status
    return response


def failed(error: SubsonicError, help_url: str = "") -> dict[str, Any]:
    """The body of a failure, before its notation."""
    found = {"code": error.code, "message": error.message, **({"helpUrl": help_url} if help_url else {})}
    return {**envelope("failed"), "error": found}


def envelope(status: str) -> dict[str, Any]:
    return {
        "status": status,
        "version": PROTOCOL_VERSION,
        "type": "navidrome-lib",
        "serverVersion": SERVER_VERSION,
        "openSubsonic": True,
    }


def render(body: Payload, params: Params) -> HttpResponse:
    """The answer as `f` asks for it; XML when it asks for nothing known."""
    notation = params.text("f").lower()
    if notation == "json":
        return HttpResponse(as_json(body), content_type="application/json")
    if notation == "jsonp":
        return render_call(body, params)
    return HttpResponse(as_xml(body), content_type="application/xml; charset=utf-8")


def render_call(body: Payload, params: Params) -> HttpResponse:
    """JSON in a call of the client's function; a name that could be more than a name is never repeated."""
    callback = params.text("callback")
    if CALLBACK.fullmatch(callback) and len(callback) <= 128:
        script = b"/**/" + callback.encode() + b"(" + as_json(body).replace(b"\xe2\x80\xa8", b"\\u2028") + b");"
        response = HttpResponse(script, content_type="application/javascript; charset=utf-8")
        response["X-Content-Type-Options"] = "nosniff"
        return response
    no_name = SubsonicError(GENERIC, "The callback is not a function name.")
    body = failed(no_name if callback else missing_parameter("callback"))
    return HttpResponse(as_json(body), content_type="application/json")


def as_json(body: Payload) -> bytes:
    return orjson.dumps({"subsonic-response": body}, default=_fragment)


def _fragment(value: object) -> orjson.Fragment:
    if isinstance(value, Listed):
        return orjson.Fragment(value.as_json())
    raise TypeError


def as_xml(body: Payload) -> bytes:
    root = element("subsonic-response", body)
    root.set("xmlns", NAMESPACE)
    document: bytes = ElementTree.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + document


def element(name: str, values: Payload) -> ElementTree.Element:
    """Scalars become attributes, objects children, lists repeated children (of a scalar: its text).

    A scalar under `value` is the text of the element itself.
    """
    node = ElementTree.Element(name)
    for key, found in values.items():
        value = found.as_objects() if isinstance(found, Listed) else found
        is_list = isinstance(value, list)
        for item in value if is_list else [value]:
            if isinstance(item, Mapping):
                if item or key not in LEFT_OUT_EMPTY:
                    node.append(element(ELEMENTS.get(key, key), item))
            elif key == TEXT and name not in VALUE_IS_ATTRIBUTE:
                node.text = scalar(item)
            elif is_list or isinstance(item, Text):
                ElementTree.SubElement(node, key).text = scalar(item)
            else:
                node.set(key, scalar(item))
    return node


def scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return NOT_XML.sub("\ufffd", str(value))
