"""One answer in three notations: XML, JSON, and JSON in a function call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
from django.http import HttpResponse

from navidrome_lib.version import SERVER_VERSION
from subsonic.errors import GENERIC, SubsonicError, missing_parameter
from subsonic.params import Params

PROTOCOL_VERSION = "1.16.1"
NAMESPACE = "http://subsonic.org/restapi"
CALLBACK = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*", re.ASCII)
# what is not written as it stands
SPECIAL = re.compile('[&<>"\x00-\x1f\ud800-\udfff\ufffe\uffff]')
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
    """A list of objects that is put together of what was written as JSON before, when the notation is known."""

    def __init__(self, as_json: Callable[[], bytes]) -> None:
        self.as_json = as_json

    def as_objects(self) -> list[dict[str, Any]]:
        """The same objects, for other notations."""
        found: list[dict[str, Any]] = orjson.loads(self.as_json())
        return found


def listed(texts: Iterable[bytes]) -> Listed:
    """A list of objects that are written already."""
    return Listed(lambda: b"[" + b",".join(texts) + b"]")


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
        script = b"/**/" + callback.encode() + b"(" + _as_script(body) + b");"
        response = HttpResponse(script, content_type="application/javascript; charset=utf-8")
        response["X-Content-Type-Options"] = "nosniff"
        return response
    no_name = SubsonicError(GENERIC, "The callback is not a function name.")
    body = failed(no_name if callback else missing_parameter("callback"))
    return HttpResponse(as_json(body), content_type="application/json")


def _as_script(body: Payload) -> bytes:
    """JSON that older browsers read as a script, too: they end a line at two characters more."""
    return as_json(body).replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029")


def as_json(body: Payload) -> bytes:
    return orjson.dumps({"subsonic-response": body}, default=_fragment)


def _fragment(value: object) -> orjson.Fragment:
    if isinstance(value, Listed):
        return orjson.Fragment(value.as_json())
    raise TypeError


def as_xml(body: Payload) -> bytes:
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    _write("subsonic-response", body, parts, f' xmlns="{NAMESPACE}"')
    return "".join(parts).encode()


def _write(name: str, values: Payload, parts: list[str], more: str = "") -> None:
    """Scalars become attributes, objects children, lists repeated children (of a scalar: its text).

    A scalar under `value` is the text of the element itself.
    """
    inner, text = list[str](), ""
    parts.append(f"<{name}")
    for key, found in values.items():
        if isinstance(found, str) and type(found) is not Text and key != TEXT:
            parts.append(f' {key}="{_attribute(found)}"')
            continue
        value = found.as_objects() if isinstance(found, Listed) else found
        is_list = isinstance(value, list)
        for item in value if is_list else [value]:
            if isinstance(item, Mapping):
                if item or key not in LEFT_OUT_EMPTY:
                    _write(ELEMENTS.get(key, key), item, inner)
            elif key == TEXT and name not in VALUE_IS_ATTRIBUTE:
                text = _text(item)
            elif is_list or isinstance(item, Text):
                shown = _text(item)
                inner.append(f"<{key}>{shown}</{key}>" if shown else f"<{key} />")
            else:
                parts.append(f' {key}="{_attribute(item)}"')
    if not text and not inner:
        parts.append(f"{more} />")
        return
    parts.append(f"{more}>{text}")
    parts += inner
    parts.append(f"</{name}>")


def _attribute(value: object) -> str:
    found = scalar(value)
    if not SPECIAL.search(found):
        return found
    found = _escaped(found).replace('"', "&quot;")
    return found.replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#09;")


def _text(value: object) -> str:
    found = scalar(value)
    return _escaped(found) if SPECIAL.search(found) else found


def _escaped(text: str) -> str:
    return NOT_XML.sub("\ufffd", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def scalar(value: object) -> str:
    """A value as a text that may have characters which XML has not."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
