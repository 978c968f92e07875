"""Who may create the first admin: the person who holds the server, and no web page that its browser happens to show."""

from __future__ import annotations

import ipaddress
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host

from navidrome_lib.audit.models import SignInOutcome
from navidrome_lib.audit.sign_ins import note_sign_in
from navidrome_lib.errors import NotAllowed
from navidrome_lib.security.proxies import TRUSTED, UNDECLARED
from users import services, throttling
from users.authentication import is_foreign_page
from users.setup_code import is_setup_code

CREDENTIAL: Final = "set-up code"
FOREIGN_PAGE: Final = "A page of another server cannot create the first account."
FOREIGN_HOST: Final = (
    "The first account is only created under an IP address of this server, localhost, or a name in ND_ALLOWEDHOSTS."
)
CODE_NEEDED: Final = (
    "From another machine the first account needs the set-up code, which the server's console and log show: "
    "send it as X-Setup-Code."
)
WRONG_CODE: Final = "This is not the set-up code. The server's console and log show it."


def check_asker(request: HttpRequest) -> None:
    """Refuse the first account to pages of other servers, and when there is any account; `NotAllowed`."""
    if is_foreign_page(request):
        raise NotAllowed(FOREIGN_PAGE)
    services.require_no_account()
    check_host(request)


def check_host(request: HttpRequest) -> None:
    """Refuse a name that is not this server's own: a page can let its own name point here (DNS rebinding)."""
    host = host_of(request)
    named = [name for name in settings.ALLOWED_HOSTS if name != "*"]
    if address_of(host) is None and not is_local_name(host) and not validate_host(host, named):
        raise NotAllowed(FOREIGN_HOST)


def check_code(request: HttpRequest, given: str) -> None:
    """Require the set-up code of who is not at this machine; `NotAllowed`, or `TooManyAttempts` for who guesses."""
    if not needs_code(request):
        return
    if not given:
        raise NotAllowed(CODE_NEEDED)
    address = throttling.client_address(request)
    throttling.setup.enter(address, "")
    if not is_setup_code(given):
        note_sign_in(SignInOutcome.FAILED, username="", credential=CREDENTIAL)
        raise NotAllowed(WRONG_CODE)
    throttling.setup.passed(address, "")


def needs_code(request: HttpRequest) -> bool:
    """False only for who is certainly at this machine.

    Behind a proxy on this machine everybody seems to be here. Without a header that tells of it, it is known by the
    name that it was asked for, or by speaking HTTP/1.0, which browsers and programs of today do not.
    """
    address = address_of(request.META.get("REMOTE_ADDR") or "")
    by_proxy = request.META.get(TRUSTED) or request.META.get(UNDECLARED)
    if address is None or not address.is_loopback or by_proxy or request.META.get("SERVER_PROTOCOL") == "HTTP/1.0":
        return True
    host = host_of(request)
    named = address_of(host)
    return not (named.is_loopback if named is not None else is_local_name(host))


def host_of(request: HttpRequest) -> str:
    """The host of the request without its port, and without the brackets of IPv6."""
    return split_domain_port(request.get_host())[0].strip("[]")


def is_local_name(host: str) -> bool:
    """Whether no name server is asked for it."""
    return host == "localhost" or host.endswith(".localhost")


def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that a text is; None for a name."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
