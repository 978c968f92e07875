"""The body of an upload: a form with one file, kept in memory and never written anywhere."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

FIELD: Final = "image"


class _Kept(FileUploadHandler):
    """Keeps the file of one field; the length of the whole body is bounded before."""

    def __init__(self) -> None:
        super().__init__()
        self._data = io.BytesIO()

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, *args, **kwargs)
        if field_name != FIELD or self._data.tell():
            raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._data.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self._data.seek(0)
        return InMemoryUploadedFile(self._data, FIELD, "picture", None, file_size, None)


class PictureForm(BaseParser):
    """`multipart/form-data` with the file `image`."""

    media_type = "multipart/form-data"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        files: Any
        request = (parser_context or {})["request"]
        meta = {**request.META, "CONTENT_TYPE": media_type}
        try:
            _, files = MultiPartParser(meta, stream, [_Kept()], settings.DEFAULT_CHARSET).parse()
        except (MultiPartParserError, RequestDataTooBig, TooManyFilesSent) as error:
            raise ParseError("The request body is no form with a picture.") from error
        return {name: file.read() for name, file in files.items()}
