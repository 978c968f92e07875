"""From a path to its view: the same as Django finds, whether it was asked for before or not."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, path, re_path

from navidrome_lib.addresses import RememberingResolver


def view(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError


def other(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError


def resolver(**limits: int) -> RememberingResolver:
    patterns = [path("song", view, name="songs"), path("song/<str:pk>", other), re_path("^any/", other, name="any")]
    return RememberingResolver(patterns, **limits)


def test_a_path_that_was_asked_for_leads_to_the_same_again() -> None:
    found = resolver()
    for _ in range(2):
        match = found.resolve("song")
        assert (match.func, match.url_name, match.route, match.kwargs) == (view, "songs", "song", {})


def test_each_path_with_an_id_has_its_own() -> None:
    found = resolver()
    assert [found.resolve(f"song/{pk}").kwargs for pk in "aba"] == [{"pk": "a"}, {"pk": "b"}, {"pk": "a"}]


def test_what_is_unknown_stays_unknown() -> None:
    found = resolver()
    for _ in range(2):
        with pytest.raises(Resolver404):
            found.resolve("songs")


def test_not_more_is_kept_than_there_are_addresses() -> None:
    found = resolver(most=3)
    for number in range(10):
        assert found.resolve(f"any/{number}").url_name == "any"
        assert len(found.remembered) <= 3
    assert found.resolve("any/" + "x" * 1000).url_name == "any"
    assert not any(len(path) > 100 for path in found.remembered)
