"""People and what they may hear. Who is an admin is Django's `is_superuser`, one column under one more name."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import AnonymousUser, Group, PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import Q, QuerySet

from libraries.fields import id_field
from libraries.models import Library
from libraries.querysets import Viewer
from users.querysets import UserQuerySet


def username_key(username: str) -> str:
    """The form in which two user names are the same: case and surrounding space do not count."""
    return username.strip().casefold()


class UserManager(BaseUserManager["User"]):
    """Users are found by name without regard to case."""

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def visible_to(self, viewer: Viewer | AnonymousUser) -> UserQuerySet:
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
        """A new admin."""
        return self.create_user(username, password, **{**fields, "is_superuser": True, "is_staff": True})


class User(AbstractBaseUser, PermissionsMixin):
    """An account. Rights are read from here at each request, so that every change holds from the next one on."""

    id = id_field()
    username = models.CharField(
        "user name",
        max_length=150,
        unique=True,
        validators=[RegexValidator(r"\A[^\x00-\x1f\x7f]+\Z", "A user name has no control characters.")],
    )
    username_key = models.CharField(max_length=300, unique=True, editable=False)
    name = models.CharField(max_length=255, blank=True, help_text="How the person is called.")
    email = models.EmailField(blank=True)
    is_staff = models.BooleanField(
        "may open the admin site", default=False, help_text="Sees the admin site; admins always do."
    )
    is_active = models.BooleanField("active", default=True, help_text="Clear this instead of deleting an account.")
    may_scan = models.BooleanField(default=False, help_text="May start scans of the libraries they can hear.")
    # tokens carry this number: raising it ends all of them
    token_epoch = models.PositiveIntegerField(default=0, editable=False)
    # the password for Subsonic clients, encrypted: the protocol needs it in the clear to check `t` and `s`
    subsonic_secret = models.BinaryField(default=b"", editable=False)
    last_access_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    libraries = models.ManyToManyField(Library, through="users.LibraryAccess", related_name="users", blank=True)

    objects = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.username

    def save(self, **options: Any) -> None:
        """Keep the key in step, let admins into the admin site, and give a new regular user the default libraries."""
        adding = self._state.adding
        self.username_key = username_key(self.username)
        self.is_staff = self.is_staff or self.is_superuser
        if not self.is_active:
            self.token_epoch += 1  # tokens from before stay dead when the account is opened again
        fields = options.get("update_fields")
        if fields is not None:
            options["update_fields"] = {*fields, "username_key", "is_staff", "token_epoch"}
        with transaction.atomic():
            super().save(**options)
            if adding and not self.is_superuser:
                grant_default_libraries(self)

    @property
    def is_admin(self) -> bool:
        return self.is_superuser

    def visible_libraries(self) -> QuerySet[Library]:
        """The libraries that this person may hear."""
        return Library.objects.visible_to(self)

    def granted_library_ids(self) -> QuerySet[Any, int]:
        """The libraries that were granted to this person or to one of their groups."""
        through_group = Q(group_access__group__user=self.pk)
        granted = Library.objects.active().filter(Q(users=self.pk) | through_group)
        return granted.order_by().values_list("pk", flat=True).distinct()


class LibraryAccess(models.Model):
    """One user may hear one library."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, db_index=False, related_name="library_access")
    library = models.ForeignKey(Library, on_delete=models.CASCADE, related_name="user_access")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "library access"
        constraints = [models.UniqueConstraint(fields=["user", "library"], name="library_access_unique")]

    def __str__(self) -> str:
        return f"{self.user} may hear {self.library}"


class GroupAccess(models.Model):
    """Every member of one group may hear one library."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, db_index=False, related_name="library_access")
    library = models.ForeignKey(Library, on_delete=models.CASCADE, related_name="group_access")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "group access"
        constraints = [models.UniqueConstraint(fields=["group", "library"], name="group_access_unique")]

    def __str__(self) -> str:
        return f"{self.group} may hear {self.library}"


def grant_default_libraries(user: User) -> None:
    """Give `user` the libraries that are marked for new users."""
    LibraryAccess.objects.bulk_create(
        [
            LibraryAccess(user=user, library=library)
            for library in Library.objects.active().filter(default_new_users=True)
        ],
        ignore_conflicts=True,
    )
