"""From a request to an answer: parameters, caller, right, call, notation."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Literal

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.urls import get_script_prefix
from django.views.decorators.csrf import csrf_exempt

from navidrome_lib.errors import DomainError
from navidrome_lib.outages import outage_of
from subsonic import errors, renderers
from subsonic.authentication import authenticate
from subsonic.errors import SubsonicError
from subsonic.params import Params
from users.models import Viewer
from users.throttling import client_address

log = logging.getLogger(__name__)

NOT_MANAGING = (
    "An app password cannot do this: sign in with the login password, or with an API key that has the scope “manage”."
)
# of a name that is no method, as much is repeated
MAX_NAME = 64

CallerRole = Literal["public", "user", "scan", "listen", "manage"]
Call = Callable[[Any, Params], renderers.Payload | HttpResponseBase]


def endpoint(call: Call, role: CallerRole) -> Callable[..., HttpResponseBase]:
    """A Django view that answers `call` for users with `role`."""

    @csrf_exempt  # no cookie is looked at here: a foreign page has no credentials to use
    def view(request: HttpRequest) -> HttpResponseBase:
        return answer(request, call, role)

    view.role = role  # type: ignore[attr-defined]
    return view


def answer(request: HttpRequest, call: Call, role: CallerRole) -> HttpResponseBase:
    """Always an answer of the protocol, whatever goes wrong; of calls for media the media themselves."""
    params = Params({})
    try:
        params = Params.of(request)
        if request.method not in ("GET", "HEAD", "POST"):
            raise SubsonicError(errors.GENERIC, "Only GET and POST are allowed.")
        found = call(permitted(request, params, role), params)
        return found if isinstance(found, HttpResponseBase) else renderers.success(found, params)
    except SubsonicError as error:
        shows_help = error.code == errors.WRONG_CREDENTIALS
        return renderers.failure(error, params, help_url=account_page(request) if shows_help else "")
    except DomainError as error:
        response = renderers.failure(errors.from_domain(error), params)
        seconds = getattr(error, "retry_after", None)
        if seconds is not None:
            response["Retry-After"] = str(seconds)
        return response
    except (RequestDataTooBig, TooManyFieldsSent, MultiPartParserError, UnicodeDecodeError):
        return renderers.failure(SubsonicError(errors.GENERIC, "The request could not be read."), params)
    except Exception as error:
        outage = outage_of(error)
        if outage is not None:
            log.warning("%s %s: %s", request.method, request.path, outage.sentence)
            return renderers.failure(SubsonicError(errors.GENERIC, outage.sentence), params)
        log.exception("a Subsonic call failed")
        return renderers.failure(
            SubsonicError(errors.GENERIC, "Something went wrong on the server. See its log."), params
        )


def account_page(request: HttpRequest) -> str:
    """The address of the page that shows the app password and makes API keys."""
    return request.build_absolute_uri(f"{get_script_prefix()}account")


def permitted(request: HttpRequest, params: Params, role: CallerRole) -> Viewer | None:
    """The caller, who has the right that the call needs."""
    if role == "public":
        return None
    caller = authenticate(params, client_address(request))
    if role == "scan" and not caller.may_scan:
        raise SubsonicError(errors.NOT_AUTHORIZED, "You are not authorized to start a scan.")
    if role == "listen" and not caller.may_listen:
        raise SubsonicError(errors.NOT_AUTHORIZED, "The API key lacks the scope “listen”.")
    if role == "manage":
        require_manager(caller)
    return caller


def require_manager(caller: Viewer) -> None:
    """Refuse who is no admin, and the app passwords and API keys of admins that may not manage."""
    if not caller.is_admin:
        raise SubsonicError(errors.NOT_AUTHORIZED, "Only an admin may do this.")
    if not caller.may_manage:
        raise SubsonicError(errors.NOT_AUTHORIZED, NOT_MANAGING)


def unknown_method(caller: Viewer | None, params: Params) -> renderers.Payload:
    """Any other name."""
    name = params.request.path.rsplit("/rest/", 1)[-1].strip("/").removesuffix(".view")[:MAX_NAME]
    raise SubsonicError(errors.GENERIC, f"This server does not have the method “{name}”.")
