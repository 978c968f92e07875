"""Answers of `/rest` against the schemas of the protocol."""

from __future__ import annotations

import json
import re

from django.http.response import HttpResponseBase

from tests.subsonic.schema.json_form import check_json
from tests.subsonic.schema.xml_form import check_xml

_METHOD = re.compile(r"/rest/([^/]*?)(?:\.view)?/?")


def check_answer(path: str, response: HttpResponseBase) -> bool:
    """Assert that what a path below `/rest` answers is as the protocol says; False for media, which are not looked at.

    A number, an instant or a list that is none, a key that is missing, and a status that is unknown are errors.
    """
    found = _METHOD.fullmatch(path)
    content_type = response.get("Content-Type", "").partition(";")[0]
    content = getattr(response, "content", b"")
    if not content or found is None:
        return False
    if content_type == "application/json":
        check_json(found[1], json.loads(content))
    elif content_type == "application/javascript":
        text = content.decode()
        check_json(found[1], json.loads(text[text.index("(") + 1 : text.rindex(")")]))
    elif content_type in ("application/xml", "text/xml"):
        check_xml(found[1], content)
    else:
        return False
    return True
