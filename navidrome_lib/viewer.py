"""Who looks: what a request may see, and whose it is, for code that does not know accounts.

The rights of a request are those of its viewer and of nothing else: an account does not know by which credential it
is here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, Protocol, TypeVar, cast

from django.db.models import QuerySet
from django.http import HttpRequest

from navidrome_lib.db.prepared import PreparedQuery

if TYPE_CHECKING:
    from rest_framework.request import Request
    from typing_extensions import TypeIs


T = TypeVar("T")


class Viewer(Protocol):
    """The rights of a request; `users.models.Viewer` has them for an account and its API key."""

    @property
    def pk(self) -> str:
        """The id of the account; empty when there is none."""

    @property
    def name(self) -> str:
        """The user name of the account; empty when there is none."""

    @property
    def is_active(self) -> bool:
        """Whether anything may be seen at all."""

    @property
    def is_admin(self) -> bool:
        """Whether everything may be seen and changed."""

    @property
    def may_scan(self) -> bool:
        """Whether scans of the visible libraries may be started."""

    @property
    def may_manage(self) -> bool:
        """Whether more may be changed than what programs with few rights change, such as starting scans."""

    def granted_library_ids(self) -> QuerySet[Any, int] | Collection[int]:
        """The libraries that one who is no admin can access."""


class ViewerKind(NamedTuple):
    """What the queries of a viewer depend on, but for ids."""

    is_active: bool
    is_superuser: bool
    is_confined: bool


class ViewerOfKind(Viewer, Protocol):
    """A viewer whose queries are those of all of its kind, with its `ids` as values."""

    @property
    def kind(self) -> ViewerKind:
        """The same for viewers whose queries differ by ids only."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids that such a query has."""

    @staticmethod
    def of_kind(kind: ViewerKind, ids: tuple[str, ...]) -> Viewer:
        """A viewer that is in no database."""


def _is_of_kind(viewer: Viewer) -> TypeIs[ViewerOfKind]:
    """As `isinstance`, which looks at every attribute of a protocol each time: longer than a small query takes."""
    return _has_kind(type(viewer))


@cache
def _has_kind(viewer: type[Any]) -> bool:
    return all(hasattr(viewer, name) for name in ("kind", "ids", "of_kind"))


class ViewerQuery(Generic[T]):
    """A query of what a viewer can see, and of values of the types `kinds`; built once for each kind of viewer."""

    def __init__(self, build: Callable[..., QuerySet[Any, T]], *kinds: type[str] | type[int]) -> None:
        self._build = build
        self._kinds = kinds
        self._queries: dict[ViewerKind, PreparedQuery[T]] = {}

    def rows(self, viewer: Viewer, *values: str | int) -> list[T]:
        """What the viewer can see now."""
        if not _is_of_kind(viewer):
            return list(self._build(viewer, *values))
        query = self._queries.get(viewer.kind) or self._prepare(viewer.of_kind, viewer.kind, len(viewer.ids))
        return query.rows(*viewer.ids, *values)

    def first(self, viewer: Viewer, *values: str | int) -> T | None:
        """The first row; the query itself should ask for no more."""
        return next(iter(self.rows(viewer, *values)), None)

    def _prepare(self, of_kind: Callable[..., Viewer], kind: ViewerKind, ids: int) -> PreparedQuery[T]:
        def build(*values: Any) -> QuerySet[Any, T]:
            return self._build(of_kind(kind, values[:ids]), *values[ids:])

        return self._queries.setdefault(kind, PreparedQuery(build, *[str] * ids, *self._kinds))


@dataclass(frozen=True)
class SignedOut:
    """The viewer of a request without valid credentials: it sees nothing."""

    pk: str = ""
    name: str = ""
    is_active: bool = False
    is_admin: bool = False
    may_scan: bool = False
    may_manage: bool = False

    def granted_library_ids(self) -> Collection[int]:
        return ()


SIGNED_OUT: Final = SignedOut()


def is_confined(viewer: Viewer) -> bool:
    """True for one who has fewer libraries than the account: what acts for the account would give them more."""
    return _is_of_kind(viewer) and viewer.kind.is_confined


def rights_of(viewer: Viewer) -> tuple[Hashable, ...]:
    """All that the queries of a viewer follow from, to keep them by: two credentials of one account may differ."""
    return (
        (viewer.pk, viewer.kind, viewer.ids) if _is_of_kind(viewer) else (viewer.pk, viewer.is_active, viewer.is_admin)
    )


def viewer_of(request: HttpRequest | Request) -> Viewer:
    """The viewer of a request: on pages that of the session, on the API that of the credential that was accepted."""
    if isinstance(request, HttpRequest):
        user: Any = request.user
        return cast("Viewer", user.as_viewer()) if user.is_authenticated else SIGNED_OUT
    return cast("Viewer", request.auth or SIGNED_OUT)


def is_admin(request: HttpRequest | Request) -> bool:
    """Whether a request is from an admin."""
    viewer = viewer_of(request)
    return viewer.is_active and viewer.is_admin
