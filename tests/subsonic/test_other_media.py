"""Methods of media that this server does not have: clients get an empty list, or a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from tests.subsonic.conftest import Call
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

EMPTY = {
    "getVideos": ("videos", "video"),
    "getChatMessages": ("chatMessages", "chatMessage"),
    "getPodcasts": ("podcasts", "channel"),
    "getNewestPodcasts": ("newestPodcasts", "episode"),
}

# method → what it needs, and the code of its refusal
REFUSED: dict[str, tuple[dict[str, str], int]] = {
    "search": ({}, 0),
    "getVideoInfo": ({"id": "1"}, 70),
    "getCaptions": ({"id": "1"}, 70),
    "hls": ({"id": "1"}, 70),
    "hls.m3u8": ({"id": "1"}, 70),
    "getPodcastEpisode": ({"id": "1"}, 70),
    "addChatMessage": ({"message": "hello"}, 0),
    "refreshPodcasts": ({}, 0),
    "createPodcastChannel": ({"url": "https://example.org/feed"}, 0),
    "deletePodcastChannel": ({"id": "1"}, 0),
    "deletePodcastEpisode": ({"id": "1"}, 0),
    "downloadPodcastEpisode": ({"id": "1"}, 0),
    "jukeboxControl": ({"action": "get"}, 0),
}


@pytest.mark.parametrize("method", sorted(EMPTY))
def test_lists_are_empty(call: Call, member: User, method: str) -> None:
    answer, (name, inside) = call(method, member), EMPTY[method]
    assert (answer["status"], answer[name]) == ("ok", {inside: []})


@pytest.mark.parametrize("method", sorted(REFUSED))
def test_the_rest_is_refused_with_a_sentence(call: Call, member: User, method: str) -> None:
    needed, code = REFUSED[method]
    error: dict[str, Any] = call(method, member, **needed)["error"]
    assert error["code"] == code
    assert error["message"].endswith((".", "itself."))
    assert call(f"{method}.view", member, **needed)["error"] == error
    for name in needed:
        assert call(method, member)["error"] == {"code": 10, "message": f"Required parameter is missing: {name}"}


@pytest.mark.parametrize("method", [*EMPTY, *REFUSED])
def test_sign_in_comes_first(call: Call, method: str) -> None:
    assert call(method)["error"]["code"] == 10
    assert call(method, u="member", p="wrong")["error"]["code"] == 40


def test_a_method_that_does_not_exist_is_named(call: Call, member: User) -> None:
    for path, name in (("noSuchThing.view", "noSuchThing"), ("a/b", "a/b"), ("x" * 100, "x" * 64)):
        error = call(path, member)["error"]
        assert error == {"code": 0, "message": f"This server does not have the method “{name}”."}
