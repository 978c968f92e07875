"""Radios, shares and transcodings in the admin site: for admins, and recorded."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from libraries.models import Library
from listening.models import Radio, Share, ShareItem, Transcoding
from navidrome_lib.audit.models import AuditEntry
from tests.support.catalog import make_track
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


def test_transcodings_are_only_shown(site: Client) -> None:
    row = Transcoding.objects.create(name="ogg audio", target_format="ogg", command="ffmpeg")
    assert "ogg audio" in site.get(f"{SITE}transcoding/").content.decode()
    assert site.post(f"{SITE}transcoding/{row.pk}/change/", {"command": "rm"}).status_code == 403
    assert site.get(f"{SITE}transcoding/add/").status_code == 403


def test_staff_that_are_no_admins_see_nothing(as_staff: Client, staff: User) -> None:
    staff.user_permissions.set(Permission.objects.all())
    for page in ("radio/", "radio/add/", "share/", "transcoding/"):
        assert as_staff.get(SITE + page).status_code == 403
