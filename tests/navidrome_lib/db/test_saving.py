"""A row is saved by what was changed: nothing that others did meanwhile is taken back."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import identify_hasher, make_password
from pytest_django.fixtures import Settings

from libraries.models import Library
from tests.conftest import PASSWORD
from users.models import User


def test_saves_what_was_changed(member: User) -> None:
    stale = User.objects.get(pk=member.pk)
    User.objects.filter(pk=member.pk).update(email="new@example.org", is_superuser=True, is_staff=True, token_epoch=7)
    stale.name = "Me"
    stale.save()
    member.refresh_from_db()
    assert (member.name, member.email, member.is_superuser, member.is_staff) == ("Me", "new@example.org", True, True)
    assert member.token_epoch == 7
    assert member.updated_at > member.created_at


def test_fields_that_are_named_bring_no_others(member: User) -> None:
    """As at every sign-in of the admin site, which saves the time only."""
    stale = User.objects.get(pk=member.pk)
    User.objects.filter(pk=member.pk).update(username="Other", username_key="other", is_staff=True)
    stale.name = "Me"
    stale.save(update_fields=["name"])
    member.refresh_from_db()
    assert (member.username, member.username_key, member.is_staff) == ("Other", "other", True)


def test_what_follows_from_a_field_is_saved_with_it(member: User) -> None:
    member.username, member.is_active = "Other", False
    member.save(update_fields=["username", "is_active"])
    assert User.objects.filter(pk=member.pk, username_key="other", token_epoch=1).exists()


def test_a_deleted_row_stays_deleted(member: User) -> None:
    stale = User.objects.get(pk=member.pk)
    User.objects.filter(pk=member.pk).delete()
    stale.name = "Me"
    with pytest.raises(User.DoesNotExist):
        stale.save()
    assert not User.objects.filter(pk=member.pk).exists()


def test_a_list_that_was_changed_in_place(library: Library) -> None:
    library.exclude_patterns.append("*.tmp")
    library.save()
    library.refresh_from_db()
    assert library.exclude_patterns == ["*.tmp"]
    Library.objects.filter(pk=library.pk).update(total_songs=5)
    library.save()  # nothing was changed since
    assert Library.objects.get(pk=library.pk).total_songs == 5


def test_an_outdated_hash_is_renewed_unless_the_password_was_changed(member: User, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    stale = User.objects.get(pk=member.pk)
    User.objects.filter(pk=member.pk).update(password=make_password("changed meanwhile", hasher="md5"))
    assert stale.check_password(PASSWORD)  # it was right when it was read
    current = User.objects.get(pk=member.pk)
    assert current.check_password("changed meanwhile")
    assert not current.check_password(PASSWORD)
    assert identify_hasher(User.objects.get(pk=member.pk).password).algorithm == "scrypt"
