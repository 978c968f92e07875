"""User management: getUser."""

from __future__ import annotations

from navidrome_lib.errors import NotAllowed, NotFound
from subsonic import payloads
from subsonic.caller import Caller
from subsonic.params import Params
from subsonic.renderers import Payload
from users.models import User, username_key


def get_user(caller: Caller, params: Params) -> Payload:
    """`/rest/getUser`: oneself, or anybody for an admin."""
    key = username_key(params.text("username") or caller.user.username)
    if key == caller.user.username_key:
        account: User | None = caller.user
    elif caller.user.is_admin:
        account = User.objects.filter(username_key=key).first()
    else:
        raise NotAllowed
    if account is None:
        raise NotFound("This user does not exist.")
    libraries = caller.libraries() if account == caller.user else account.visible_libraries()
    return {"user": payloads.user(account, libraries.order_by("pk").values_list("pk", flat=True))}
