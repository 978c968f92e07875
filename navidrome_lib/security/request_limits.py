"""Bodies of requests: refused before anything reads them when they are too long, of unknown length, or files."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NoReturn

from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase

from navidrome_lib.api import handlers
from navidrome_lib.security.uploads import longest_body

UNKNOWN_LENGTH = "The length of the body is not given. Send it with a Content-Length; nothing was changed."
TOO_LONG = "The request body is too large: at most {} bytes are read. Nothing was changed."
NO_FILES = "This server takes no files. Nothing was changed."


def measured_bodies(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Refuse a body of unknown length (chunked) with 411, one above the limit with 413; no byte of either is read.

    Django takes a body of unknown length for an empty one, which can mean the opposite of what was sent: a
    `DELETE /api/missing` that names some files would remove all.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH")
        if request.META.get("HTTP_TRANSFER_ENCODING") and not length:
            return handlers.answer(request, HTTPStatus.LENGTH_REQUIRED, UNKNOWN_LENGTH)
        limit = longest_body(request.path_info)
        if declared_length(length) > limit:
            return handlers.answer(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LONG.format(f"{limit:,}"))
        return get_response(request)

    return middleware


def declared_length(text: str | None) -> int:
    """The bytes that `Content-Length` announces; 0 for what is no number, of which Django reads nothing either."""
    try:
        return int(text or 0)
    except ValueError:
        return 0


class RefuseFiles(FileUploadHandler):
    """The upload handler of all addresses but those of pictures.

    A form with a file in it is refused with 400, and no byte of it is kept anywhere.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise MultiPartParserError(NO_FILES)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> NoReturn:
        raise MultiPartParserError(NO_FILES)

    def file_complete(self, file_size: int) -> None:
        return None
