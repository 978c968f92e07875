"""The accounts of people at other services: made, changed, ended, and told of without their secrets."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final, NamedTuple, TypeVar

from django.conf import settings
from django.db import transaction
from django.utils.http import urlencode

from libraries import visible
from listening.forwarding import lastfm, listenbrainz
from listening.models import Service, ServiceAccount, WaitingPlay
from listening.services.forwarding import enabled_services
from navidrome_lib.audit.services import record
from navidrome_lib.errors import Conflict, InvalidInput, NotAllowed, Unavailable
from navidrome_lib.outgoing.problems import Problem, TryLater
from navidrome_lib.viewer import Viewer
from users.app_passwords import box

Answer = TypeVar("Answer")
# what a token may be made of: it goes into a header
IN_A_HEADER: Final = r"^[ -~]*\Z"


class Link(NamedTuple):
    """What a person is told of their account at a service."""

    account: ServiceAccount | None
    left_out: list[int]
    waiting: int
    refused: int


def find_link(viewer: Viewer, service: Service) -> Link:
    """The account of the viewer at a service, with what waits for it."""
    account = ServiceAccount.objects.filter(user=viewer.pk, service=service).first()
    if account is None:
        return Link(None, [], 0, 0)
    seen = set(visible.library_ids(viewer))
    left_out = sorted(seen & set(account.left_out.values_list("pk", flat=True)))
    plays = WaitingPlay.objects.filter(account=account)
    return Link(account, left_out, plays.filter(refused="").count(), plays.exclude(refused="").count())


def require_enabled(service: Service) -> None:
    """Refuse what this server does not send to."""
    if service not in enabled_services():
        option = f"ND_{service.value.upper()}_ENABLED"
        raise NotAllowed(f"{service.label} is switched off on this server. {option}=true switches it on.")


def begin(service: Service) -> tuple[str, str]:
    """A token of Last.fm, and the address of the page on which a person allows it."""
    require_enabled(service)
    if service is not Service.LASTFM:
        raise Conflict(f"{service.label} needs a token from the page of the person's account there.")
    token = answer_of(lastfm.new_token)
    conf = settings.CONF.lastfm
    return token, f"{conf.auth_url}/?{urlencode({'api_key': conf.api_key, 'token': token})}"


def link(viewer: Viewer, service: Service, *, token: str = "", left_out: Collection[int] | None = None) -> None:
    """Have the plays of the viewer sent on with a token that the service accepts; without one, change the account.

    `left_out` are the libraries whose plays are not sent from now on.
    """
    require_enabled(service)
    values: dict[str, Any] = {}
    if token:
        name, secret = answer_of(lambda: proven(service, token))
        values = {"name": name, "secret": box().encrypt(secret.encode()), "stopped_at": None, "failures": 0}
        values |= {"last_error": "", "next_try_at": None}
    hidden = set(left_out or ()) - set(visible.library_ids(viewer))
    if hidden:
        raise InvalidInput(errors={"leftOutLibraryIds": f"There is no library with the id {min(hidden)}."})
    with transaction.atomic():
        account = ServiceAccount.objects.select_for_update().filter(user=viewer.pk, service=service).first()
        if account is None and not token:
            raise InvalidInput(errors={"token": "A token is needed."})
        if values:
            account, _ = ServiceAccount.objects.update_or_create(user_id=viewer.pk, service=service, defaults=values)
            # what it would not take before, it is asked again
            WaitingPlay.objects.filter(account=account).exclude(refused="").update(refused="")
            record("service.link", {"service": service.value}, kind="user", pk=viewer.pk, name=viewer.name)
        if left_out is not None and account is not None:
            account.left_out.set(left_out)


def unlink(viewer: Viewer, service: Service) -> None:
    """Forget the token and what waits to be sent."""
    with transaction.atomic():
        count, _ = ServiceAccount.objects.filter(user=viewer.pk, service=service).delete()
        if count:
            record("service.unlink", {"service": service.value}, kind="user", pk=viewer.pk, name=viewer.name)


def proven(service: Service, token: str) -> tuple[str, str]:
    """The name of the person whose token it is, and what plays are sent with."""
    return lastfm.session_of(token) if service is Service.LASTFM else (listenbrainz.person_of(token), token)


def answer_of(ask: Callable[[], Answer]) -> Answer:
    """What a service answers; its complaints as those of this server."""
    try:
        return ask()
    except TryLater as problem:
        raise Unavailable(problem.message) from problem
    except Problem as problem:
        raise InvalidInput(errors={"token": problem.message}) from problem
