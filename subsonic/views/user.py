"""User management: getUser, getUsers, createUser, updateUser, deleteUser, changePassword."""

from __future__ import annotations

from typing import Any, Final

from libraries.models import Library
from navidrome_lib.errors import NotAllowed, NotFound
from subsonic import payloads
from subsonic.authentication import decode
from subsonic.errors import GENERIC, NOT_AUTHORIZED, SubsonicError
from subsonic.folders import named_folders
from subsonic.forms import checked, given
from subsonic.params import Params
from subsonic.renderers import Payload
from users import services
from users.grants import libraries_of
from users.models import User, Viewer, username_key
from users.serializers import UserInputSerializer

NO_USER: Final = "This user does not exist."
OWN_PASSWORD: Final = "Your own password is changed by a call that has the present one as “p”."  # noqa: S105
# keys of `/api/user` and the parameters that they come in
NAMES: Final = {"userName": "username", "email": "email", "password": "password", "isAdmin": "adminRole"}


def get_user(caller: Viewer, params: Params) -> Payload:
    """`/rest/getUser`: oneself, or any account for an admin."""
    name = params.required("username")
    if username_key(name) == caller.user.username_key:
        shown = caller
    elif caller.is_admin:
        shown = find_user(name).as_viewer()
    else:
        raise NotAllowed
    libraries = Library.objects.visible_to(shown).order_by("pk")
    return {"user": payloads.user(shown, libraries.values_list("pk", flat=True))}


def get_users(caller: Viewer, params: Params) -> Payload:
    """`/rest/getUsers`: all accounts, by name."""
    if not caller.is_admin:
        raise NotAllowed("Only an admin may do this.")
    people = list(User.objects.visible_to(caller).order_by("username_key"))
    grants = libraries_of(people, caller)
    shown = [
        payloads.user(person.as_viewer(), sorted(grant.library.pk for grant in grants[person.pk])) for person in people
    ]
    return {"users": {"user": shown}}


def create_user(caller: Viewer, params: Params) -> Payload:
    """`/rest/createUser`: a new account, with the libraries that are named or, without any, those for new users."""
    for name in ("username", "password", "email"):
        params.required(name)
    services.create_user(**account_values(params), library_ids=folders(caller, params))
    return {}


def update_user(caller: Viewer, params: Params) -> Payload:
    """`/rest/updateUser`: change the password, the email address, the rights of an admin, or the libraries."""
    user = find_user(params.required("username"))
    values = account_values(params, partial=True)
    del values["username"]  # it says whose account it is
    if "password" in values:
        require_present_password(caller, params, user)
    services.update_user(user.pk, values, end_keys=user.pk != caller.pk, library_ids=folders(caller, params))
    return {}


def delete_user(caller: Viewer, params: Params) -> Payload:
    """`/rest/deleteUser`: remove an account. The last admin stays."""
    services.delete_user(find_user(params.required("username")).pk)
    return {}


def change_password(caller: Viewer, params: Params) -> Payload:
    """`/rest/changePassword`: a new login password, one's own or for an admin that of any account.

    It ends what the one before has given: tokens, sessions and the app password.
    """
    name = params.required("username")
    params.required("password")
    own = username_key(name) == caller.user.username_key
    if not own and not caller.is_admin:
        raise NotAllowed("Only an admin may change the passwords of others.")
    user = caller.user if own else find_user(name)
    require_present_password(caller, params, user)
    services.update_user(user.pk, {"password": account_values(params, partial=True)["password"]}, end_keys=not own)
    return {}


def account_values(params: Params, *, partial: bool = False) -> dict[str, Any]:
    """The values of an account as a call has them, by field of the model."""
    values: dict[str, Any] = given(params, NAMES)
    if "password" in values:
        values["password"] = decode(values["password"])
    if not values.get("password"):
        values.pop("password", None)
        if params.text("password"):
            raise SubsonicError(GENERIC, "password: it cannot be read.")
    if "isAdmin" in values:
        values["isAdmin"] = params.flag(NAMES["isAdmin"])
    return checked(UserInputSerializer, values, NAMES, partial=partial)


def folders(caller: Viewer, params: Params) -> list[int] | None:
    """The libraries that a call names by `musicFolderId`; None where it names none."""
    return named_folders(caller, params) or None


def require_present_password(caller: Viewer, params: Params, user: User) -> None:
    """Let through who may set the password of an account: for one's own, who has just typed the present one.

    A token, a key or an app password may have been read from a screen or a log: that must not be enough.
    """
    if user.pk == caller.pk:
        if caller.key is not None or caller.is_app or not params.text("p"):
            raise SubsonicError(NOT_AUTHORIZED, OWN_PASSWORD)
    elif not caller.may_manage:
        raise SubsonicError(NOT_AUTHORIZED, "An app password cannot change the passwords of others.")


def find_user(name: str) -> User:
    """The account of that name, or `NotFound`."""
    found = services.find_by_name(name)
    if found is None:
        raise NotFound(NO_USER)
    return found
