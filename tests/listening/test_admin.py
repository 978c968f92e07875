"""Radios, shares and transcodings in the admin site: for admins, and recorded."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from libraries.models import Library
from listening.models import Radio, Share, ShareItem, Transcoding
from listening.services.shares import create_share, update_share
from navidrome_lib.audit.models import AuditEntry
from tests.conftest import Configure
from tests.support.catalog import make_track
from users import api_keys
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

SITE = "/admin/listening/"


def test_radios(site: Client) -> None:
    body = {"name": "Jazz", "stream_url": "radio.example/stream", "home_page_url": ""}
    assert site.post(f"{SITE}radio/add/", body).status_code == 302
    radio = Radio.objects.get()
    assert radio.stream_url == "https://radio.example/stream"
    assert site.post(f"{SITE}radio/add/", {**body, "stream_url": "javascript:alert(1)", "name": "x"}).status_code == 200
    assert "Jazz" in site.get(f"{SITE}radio/?q=jazz").content.decode()
    assert site.post(f"{SITE}radio/{radio.pk}/change/", {**body, "name": "Blues"}).status_code == 302
    assert site.post(f"{SITE}radio/{radio.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Radio.objects.exists()
    recorded = AuditEntry.objects.filter(object_type="radio").order_by("pk").values_list("action", "object_id")
    assert list(recorded) == [(f"radio.{done}", radio.pk) for done in ("create", "update", "delete")]


def test_shares(site: Client, member: User, library: Library) -> None:
    track = make_track(library, "A/1.mp3", missing=False)
    for name in ("One", "Two"):
        share = Share.objects.create(
            user=member, resource_type="media_file", contents=name, expires_at="2999-01-01T00:00:00Z"
        )
        ShareItem.objects.create(share=share, position=0, media_file=track)
    page = site.get(f"{SITE}share/?q=member").content.decode()
    assert "One" in page
    assert "Two" in page
    assert site.get(f"{SITE}share/{share.pk}/change/").status_code == 200
    assert site.get(f"{SITE}share/add/").status_code == 403
    site.post(f"{SITE}share/", {"action": "end", "_selected_action": [share.pk]})
    assert [row.contents for row in Share.objects.all()] == ["One"]
    site.post(f"{SITE}share/{Share.objects.get().pk}/delete/", {"post": "yes"})
    assert not Share.objects.exists()
    assert AuditEntry.objects.filter(action="share.delete").count() == 2


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_no_date_of_a_person_keeps_admins_from_their_lists(
    site: Client, admin: User, member: User, library: Library, configure: Configure, zone: str
) -> None:
    """At the ends of the calendar there is no moment to show in some time zones."""
    configure(enable_sharing=True)
    User.objects.filter(pk=admin.pk).update(time_zone=zone)
    track = make_track(library, "A/1.mp3", missing=False)
    last, first = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
    share = create_share(member.as_viewer(), [track.pk], None, {"expires_at": last})
    create_share(member.as_viewer(), [track.pk], None, {"expires_at": first})
    api_keys.create_key(member, name="k", scope="read", expires_at=last)
    for page in (f"{SITE}share/", "/admin/users/apikey/"):
        assert site.get(page).status_code == 200
    update_share(share, {"expires_at": first})
    assert site.get(f"{SITE}share/").status_code == 200


def test_transcodings_are_only_shown(site: Client) -> None:
    row = Transcoding.objects.create(name="ogg audio", target_format="ogg", command="ffmpeg")
    assert "ogg audio" in site.get(f"{SITE}transcoding/").content.decode()
    assert site.post(f"{SITE}transcoding/{row.pk}/change/", {"command": "rm"}).status_code == 403
    assert site.get(f"{SITE}transcoding/add/").status_code == 403


def test_staff_that_are_no_admins_see_nothing(as_staff: Client, staff: User) -> None:
    staff.user_permissions.set(Permission.objects.all())
    for page in ("radio/", "radio/add/", "share/", "transcoding/"):
        assert as_staff.get(SITE + page).status_code == 403
