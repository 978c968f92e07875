"""How an operation of the API is described: its answers, its refusals, and the ways to sign in."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS, AllowAny

from navidrome_lib.api.parsers import CredentialsParser
from navidrome_lib.api.permissions import IsSignedIn
from navidrome_lib.api.schema import BODY_OF_DELETE

MEANINGS: Final = {
    400: "The request breaks a rule; `errors` has a sentence for each field or parameter.",
    401: "No account is signed in, or the sign-in has ended.",
    403: "The account, or the API key, may not do this.",
    404: "It does not exist, or the account may not know that it does.",
    409: "The state does not allow it now.",
    411: "The body came without its length.",
    413: "The body is too large.",
    415: "The body is not `application/json`.",
    422: "The body is not what signing in needs.",
    429: "Too many attempts; `Retry-After` says when to go on.",
    503: "The database, the broker or the disk is away or full; the sentence says which.",
}
TOTAL_COUNT: Final = {
    "X-Total-Count": {
        "description": "Rows in the whole list.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    }
}


class ErrorSerializer(serializers.Serializer[Any]):
    """Every refusal: a sentence for a person, and one for each field where fields are wrong."""

    error = serializers.CharField()
    errors = serializers.DictField(child=serializers.CharField(), required=False)  # type: ignore[assignment]

    class Meta:
        ref_name = "Error"


class DeletedSerializer(serializers.Serializer[Any]):
    """The id of what was removed."""

    id = serializers.CharField()


def refused(*codes: int) -> dict[int, OpenApiResponse]:
    """Refusals that a view names itself, for the `responses` of `extend_schema`."""
    return {code: OpenApiResponse(ErrorSerializer, description=MEANINGS[code]) for code in codes}


class OperationSchema(AutoSchema):
    """Describes an operation with the refusals that follow from what it reads and who may call it."""

    def get_auth(self) -> list[dict[str, Any]]:
        """Every way to sign in by itself: one of them is enough."""
        found = super().get_auth()
        return [{name: scopes} for way in found for name, scopes in way.items()] + [way for way in found if not way]

    def _get_request_body(self, direction: Any = "request") -> dict[str, Any] | None:
        """The body; one that comes in several forms is not called required.

        openapi-python-client writes a module that cannot be imported for several required ones. 422 says it instead.
        """
        body: dict[str, Any] | None = super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        return {**body, "required": False} if body and len(body["content"]) > 1 else body

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        responses = super()._get_response_bodies(direction)
        for code, answer in responses.items():
            answer["description"] = answer["description"] or HTTPStatus(int(code)).phrase
        if self._is_list_view() and getattr(self.view, "pagination_class", None):
            responses["200"]["headers"] = TOTAL_COUNT
        for number, response in refused(*self.refusals()).items():
            described = self._get_response_for_code(response, str(number))  # type: ignore[no-untyped-call]
            responses.setdefault(str(number), described)
        return dict(sorted(responses.items()))

    def refusals(self) -> set[int]:
        """The codes of the refusals that can happen before a view says its own."""
        codes = {503} if self.view.authentication_classes else set()
        parameters = self._get_parameters()
        body = self._get_request_body()
        has_body = body is not None or self.has_body_of_delete()
        if has_body or any(parameter["in"] == "query" for parameter in parameters):
            codes.add(400)
        if has_body:
            codes |= {411, 413}
            if CredentialsParser not in self.view.parser_classes:
                codes.add(415)
        if any(parameter["in"] == "path" for parameter in parameters):
            codes.add(404)
        return codes | self.refusals_of_people()

    def refusals_of_people(self) -> set[int]:
        """The codes for who is not signed in, or may not do this."""
        permissions = self.view.get_permissions()
        if all(isinstance(permission, AllowAny) for permission in permissions):
            return set()
        free = all(isinstance(permission, IsSignedIn) for permission in permissions) and self.method in SAFE_METHODS
        return {401} if free and not getattr(self.view, "refuses_keys", False) else {401, 403}

    def has_body_of_delete(self) -> bool:
        """Whether the view describes a body of its DELETE by itself."""
        return BODY_OF_DELETE in self.get_extensions()
