"""User management: getUser."""

from __future__ import annotations

from libraries.models import Library
from navidrome_lib.errors import NotAllowed, NotFound
from subsonic import payloads
from subsonic.params import Params
from subsonic.renderers import Payload
from users.models import User, Viewer, username_key


def get_user(caller: Viewer, params: Params) -> Payload:
    """`/rest/getUser`: oneself, or any account for an admin."""
    key = username_key(params.required("username"))
    if key == caller.user.username_key:
        account: User | None = caller.user
    elif caller.is_admin:
        account = User.objects.filter(username_key=key).first()
    else:
        raise NotAllowed
    if account is None:
        raise NotFound("This user does not exist.")
    shown = caller if account == caller.user else account.as_viewer()
    libraries = Library.objects.visible_to(shown).order_by("pk")
    return {"user": payloads.user(shown, libraries.values_list("pk", flat=True))}
