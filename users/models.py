"""Users, their access to libraries, and API keys. An admin is Django's `is_superuser` under another name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Set
from dataclasses import dataclass
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import Group, PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from libraries.models import Library
from navidrome_lib.audit.services import record
from navidrome_lib.controls import NAME_RULE, has_controls
from navidrome_lib.db.bulk import keep_rows
from navidrome_lib.db.fields import id_field
from navidrome_lib.db.saving import SavesChanges
from navidrome_lib.errors import InvalidInput
from navidrome_lib.viewer import Viewer as AnyViewer
from navidrome_lib.viewer import ViewerKind
from users.hashing import hashing_slot
from users.passwords import check_admin_password
from users.querysets import ApiKeyQuerySet, UserQuerySet


def username_key(username: str) -> str:
    """The form in which two user names are the same: case and surrounding space do not count."""
    return username.strip().casefold()


class Scope(models.TextChoices):
    """What an API key may do, from less to more; `listen`: change what its owner adds, such as playlists."""

    READ = "read", _("Read")
    SCAN = "scan", _("Scan")
    LISTEN = "listen", _("Listen")
    MANAGE = "manage", _("Manage")


SCOPES = [str(scope) for scope in Scope]
# what one may do who signed in with an app password
APP_SCOPES = (Scope.READ, Scope.SCAN, Scope.LISTEN)


class UserManager(BaseUserManager["User"]):
    """Users are found by name without regard to case."""

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def visible_to(self, viewer: AnyViewer) -> UserQuerySet:
        return self.get_queryset().visible_to(viewer)

    def active_admins(self) -> UserQuerySet:
        return self.get_queryset().active_admins()

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username_key=username_key(username or ""))

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        """A new user; a regular one gets the libraries that are marked for new users."""
        user = self.model(username=username.strip(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> User:
        """A new admin. `ValidationError` for a password that is too short, which a command says to who typed it."""
        if password is not None:
            try:
                check_admin_password(password)
            except InvalidInput as error:
                raise ValidationError(error.message) from error
        return self.create_user(username, password, **{**fields, "is_superuser": True, "is_staff": True})


class User(SavesChanges, AbstractBaseUser, PermissionsMixin):
    """An account. Rights are read from here at each request, so that every change holds from the next one on."""

    id = id_field()
    username = models.CharField(
        _("user name"),
        max_length=150,
        unique=True,
        validators=[RegexValidator(r"\A[^\x00-\x1f\x7f]+\Z", _("A user name must not contain control characters."))],
    )
    username_key = models.CharField(max_length=300, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=255, blank=True, help_text=_("The display name."))
    email = models.EmailField(_("email"), blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, default="", editable=False)
    is_staff = models.BooleanField(_("can open the admin site"), default=False, help_text=_("Admins always can."))
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Clear this to disable the account without deleting it.")
    )
    is_superuser = models.BooleanField(
        _("admin"), default=False, help_text=_("Can access every library, and manages libraries, users and purges.")
    )
    may_scan = models.BooleanField(
        _("can scan"), default=False, help_text=_("Can start scans of the libraries that the user can access.")
    )
    # tokens carry this number: raising it ends all of them
    token_epoch = models.PositiveIntegerField(default=0, editable=False)
    # the password for Subsonic clients, encrypted: the protocol needs it in the clear to check `t` and `s`
    subsonic_secret = models.BinaryField(default=b"", editable=False)
    # the login password, encrypted, only with ND_SUBSONICPASSWORDS=login
    login_secret = models.BinaryField(default=b"", editable=False)
    last_access_at = models.DateTimeField(_("last access"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    libraries = models.ManyToManyField(Library, through="users.LibraryAccess", related_name="users", blank=True)

    objects = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.username

    def save(self, **options: Any) -> None:
        """Keep the key in step, let admins into the admin site, and give a new regular user the default libraries."""
        adding, new_password = self._state.adding, getattr(self, "_password", None) is not None
        fields = options.get("update_fields")
        named = None if fields is None else set(fields)
        if named is None or "username" in named:
            self.username_key = username_key(self.username)
        if named is None or named & {"is_superuser", "is_staff"}:
            self.is_staff = self.is_staff or self.is_superuser
        # what follows from a field is saved with it, and with no other: it was read a while ago
        follows = {"username": "username_key", "is_superuser": "is_staff"}
        if named is not None:
            options["update_fields"] = named | {follows[name] for name in named if name in follows}
        ending = not adding and self.is_losing(named)
        if ending:
            options["update_fields"] = {*(options.get("update_fields") or self.changed_fields()), *self.end_sign_ins()}
        with transaction.atomic():
            super().save(**options)
            if ending:
                self.refresh_from_db(fields=["token_epoch"])
            if ending and not self.is_active:
                self.api_keys.all().revoke()
            if adding and not self.is_superuser:
                grant_default_libraries(self)
            # recorded here because accounts are made, and passwords set, by commands of Django too
            if adding:
                granted = list(self.libraries.values_list("pk", flat=True))
                said = {"admin": self.is_superuser, "libraries": granted}
                record("user.create", said, kind="user", pk=self.pk, name=self.username)
            elif new_password:
                record("user.password", kind="user", pk=self.pk, name=self.username)

    def is_losing(self, named: Set[str] | None) -> bool:
        """True when saving these fields (None: all) takes the password, the right to sign in, or that of an admin."""
        fields = set(self.changed_fields())
        changed = fields if named is None else fields & named
        if named is not None and "is_active" in named:
            changed.add("is_active")  # it may have been activated since this row was loaded
        lost = {name for name in ("is_active", "is_superuser") if not getattr(self, name)}
        return bool(changed & (lost | {"password"}))

    def end_sign_ins(self) -> list[str]:
        """End all that signing in has given: tokens, sessions, the app password and what was made of it.

        Returns the fields to save. The number is raised by the database: another request may do so at this moment.
        """
        self.token_epoch = F("token_epoch") + 1
        self.subsonic_secret = b""
        if self.password != self.loaded_value("password") or not self.is_active:
            self.login_secret = b""
        return ["token_epoch", "subsonic_secret", "login_secret"]

    def get_session_auth_hash(self) -> str:
        """What a session must have been begun with: another password, or a sign-out everywhere, ends it."""
        return self.session_hash(None)

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same with the secret keys of before."""
        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self.session_hash(secret)

    def session_hash(self, secret: str | bytes | None) -> str:
        state = f"{self.password}\0{self.token_epoch}"
        return salted_hmac("users.models.session", state, secret=secret, algorithm="sha256").hexdigest()

    def check_password(self, raw_password: str | None) -> bool:
        """Whether this is the password. An outdated hash is renewed, unless the password is changed meanwhile."""

        def upgrade(password: str) -> None:
            known, hashed = self.password, make_password(password)
            if User.objects.filter(pk=self.pk, password=known).update(password=hashed):
                self.password = hashed
                self.remember(["password"])  # it is the same password: saving the account ends nothing

        with hashing_slot():
            return check_password(raw_password, self.password, upgrade)

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Apply the rules of the fields, and those of names, which are newer than the fields."""
        errors: dict[str, Any] = {}
        try:
            super().clean_fields(exclude)
        except ValidationError as error:
            errors = error.error_dict
        for field in {"username", "name"} - {*(exclude or ()), *errors}:
            if has_controls(getattr(self, field)):
                errors[field] = [ValidationError(_(NAME_RULE))]
        if errors:
            raise ValidationError(errors)

    def set_password(self, raw_password: str | None) -> None:
        """Hash a new password, or with None make sure that no password opens the account."""
        with hashing_slot():
            super().set_password(raw_password)

    def as_viewer(self) -> Viewer:
        """The viewer with all rights of this account, as when its owner signs in."""
        return Viewer(self)


class LibraryAccess(models.Model):
    """Access of one user to one library."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, db_index=False, related_name="library_access")
    library = models.ForeignKey(
        Library, verbose_name=_("library"), on_delete=models.CASCADE, related_name="user_access"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("library access")
        verbose_name_plural = _("library access")
        constraints = [models.UniqueConstraint(fields=["user", "library"], name="library_access_unique")]

    def __str__(self) -> str:
        return f"{self.user} can access {self.library}"


class GroupAccess(models.Model):
    """Access of every member of one group to one library."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, db_index=False, related_name="library_access")
    library = models.ForeignKey(
        Library, verbose_name=_("library"), on_delete=models.CASCADE, related_name="group_access"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("group access")
        verbose_name_plural = _("group access")
        constraints = [models.UniqueConstraint(fields=["group", "library"], name="group_access_unique")]

    def __str__(self) -> str:
        return f"{self.group} can access {self.library}"


class ApiKey(models.Model):
    """A credential for a program that acts for one account: at most with its rights, and with fewer if so chosen."""

    id = id_field()
    user = models.ForeignKey(User, verbose_name=_("user"), on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(_("name"), max_length=255)
    # of the key itself only this is kept, which cannot be reversed: the key has 256 random bits
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(_("hint"), max_length=16, editable=False, help_text=_("The first characters of the key."))
    scope = models.CharField(_("scope"), max_length=8, choices=Scope.choices, default=Scope.READ)
    # said by itself: when the last of its libraries is removed, a confined key must not become a free one
    restricted = models.BooleanField(
        _("only some libraries"), default=False, help_text=_("Works only for the selected libraries.")
    )
    libraries = models.ManyToManyField(Library, related_name="api_keys", blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return self.name

    @property
    def scopes(self) -> list[str]:
        """What it may do; each scope includes the ones before it."""
        return SCOPES[: SCOPES.index(self.scope) + 1]

    @property
    def is_usable(self) -> bool:
        """Whether it is accepted now, of a row with its `user`."""
        return self.user.is_active and (self.expires_at is None or self.expires_at > timezone.now())


@dataclass(frozen=True)
class Viewer:
    """Who looks: an account, and the API key or app password by which it is here, which can only take rights away."""

    user: User
    key: ApiKey | None = None
    is_app: bool = False

    @property
    def pk(self) -> str:
        """The id of the account."""
        return str(self.user.pk)

    @property
    def name(self) -> str:
        """The user name of the account."""
        return self.user.username

    @property
    def is_active(self) -> bool:
        return self.user.is_active

    @property
    def is_admin(self) -> bool:
        """True for admins, unless they use an API key that is confined to some libraries."""
        return self.user.is_superuser and not (self.key is not None and self.key.restricted)

    @property
    def may_scan(self) -> bool:
        """True when this viewer may start scans of the libraries that it can access."""
        return self.is_active and (self.user.is_superuser or self.user.may_scan) and self.has_scope(Scope.SCAN)

    @property
    def may_listen(self) -> bool:
        """True when this viewer may change what it adds to the catalog: favourites, plays, playlists."""
        return self.is_active and self.has_scope(Scope.LISTEN)

    @property
    def may_manage(self) -> bool:
        """True for one who signed in with the login password, or has a key that may change what its owner can."""
        return self.is_active and self.has_scope(Scope.MANAGE)

    def has_scope(self, scope: Scope | str) -> bool:
        """True when the key or the app may do what needs `scope`; without one, what the account may do is allowed."""
        return (self.key is None or scope in self.key.scopes) and not (self.is_app and scope not in APP_SCOPES)

    @property
    def kind(self) -> ViewerKind:
        """What `granted_library_ids` depends on, but for `ids`."""
        return ViewerKind(self.is_active, self.user.is_superuser, self.key is not None and self.key.restricted)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids in `granted_library_ids`: of an account that is no admin, and of a key that is confined."""
        kind = self.kind
        account = () if kind.is_superuser else (self.pk,)
        return (*account, self.key.pk) if kind.is_confined and self.key is not None else account

    @staticmethod
    def of_kind(kind: ViewerKind, ids: tuple[str, ...]) -> Viewer:
        """A viewer with these ids that is in no database."""
        user = User(
            pk=ids[0] if not kind.is_superuser else "", is_active=kind.is_active, is_superuser=kind.is_superuser
        )
        return Viewer(user, ApiKey(pk=ids[-1], user=user, restricted=True) if kind.is_confined else None)

    def granted_library_ids(self) -> QuerySet[Any, int]:
        """The libraries that were granted to the account or to one of its groups, and to the key that is used."""
        granted = Library.objects.active()
        if not self.user.is_superuser:
            granted = granted.filter(Q(users=self.user.pk) | Q(group_access__group__user=self.user.pk))
        if self.key is not None and self.key.restricted:
            granted = granted.filter(api_keys=self.key.pk)
        return granted.order_by().values_list("pk", flat=True).distinct()


def grant_default_libraries(user: User) -> None:
    """Give `user` the libraries that are marked for new users."""
    defaults = Library.objects.active().filter(default_new_users=True)
    kept = keep_rows(Library, defaults.values_list("pk", flat=True))  # none may be cleared away before the commit
    LibraryAccess.objects.bulk_create(
        [LibraryAccess(user=user, library_id=pk) for pk in sorted(kept)], ignore_conflicts=True
    )
