"""System: ping, getLicense, getOpenSubsonicExtensions, tokenInfo."""

from __future__ import annotations

from subsonic.params import Params
from subsonic.renderers import Payload
from users.models import Viewer

EXTENSIONS = {"apiKeyAuthentication": [1], "formPost": [1]}


def ping(caller: Viewer, params: Params) -> Payload:
    """`/rest/ping`: the credentials are good."""
    return {}


def get_license(caller: Viewer, params: Params) -> Payload:
    """`/rest/getLicense`: free software needs none."""
    return {"license": {"valid": True}}


def get_open_subsonic_extensions(caller: Viewer | None, params: Params) -> Payload:
    """`/rest/getOpenSubsonicExtensions`: what this server adds to the protocol; asked before signing in."""
    return {
        "openSubsonicExtensions": [{"name": name, "versions": versions} for name, versions in EXTENSIONS.items()],
    }


def token_info(caller: Viewer, params: Params) -> Payload:
    """`/rest/tokenInfo`: whose credentials these are."""
    return {"tokenInfo": {"username": caller.user.username}}
