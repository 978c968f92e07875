"""Who counts as one client, and who has waited the longest."""

from __future__ import annotations

import pytest

from navidrome_lib.web.crowd import Crowd, Deadlines, crowd_of


@pytest.mark.parametrize(
    ("peer", "client"),
    [
        (("203.0.113.5", 4000), "203.0.113.5"),
        (("::ffff:203.0.113.5", 4000, 0, 0), "203.0.113.5"),
        (("2001:db8:1:2:3::4", 4000, 0, 0), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:ffff::9", 1, 0, 0), "2001:db8:1:2::/64"),
        (("2001:db8:1:3::4", 4000, 0, 0), "2001:db8:1:3::/64"),
        (("10.1.2.3", 4000), None),
        (("::ffff:10.1.2.3", 4000, 0, 0), None),
        (("", 0), ""),
        ("", None),
        (None, None),
    ],
)
def test_a_client_is_an_address_or_a_household_and_a_proxy_is_many(peer: object, client: str | None) -> None:
    assert crowd_of(peer, ("10.0.0.0/8", "@")) == client


def test_the_oldest_of_a_client_goes_first() -> None:
    crowd: Crowd[str] = Crowd(2)
    assert [crowd.add(member, "a") for member in ("a1", "a2")] == [None, None]
    assert crowd.add("b1", "b") is None
    assert crowd.add("a1", "a") is None, "a member stays where it is"
    assert crowd.surplus("a") == []
    assert crowd.add("a3", "a") == "a1"
    assert (crowd.surplus("a"), crowd.surplus("b"), crowd.surplus("c"), crowd.surplus(None)) == (["a1"], [], [], [])
    crowd.discard("a1")
    crowd.discard("a1")
    assert (list(crowd), crowd.oldest(), len(crowd), "a1" in crowd) == (["a2", "b1", "a3"], "a2", 3, False)
    assert crowd.add("a4", "a") == "a2"


def test_members_without_a_client_are_not_limited() -> None:
    crowd: Crowd[int] = Crowd(1)
    assert not any(crowd.add(number, None) is not None for number in range(100))
    crowd.discard(0)
    assert (crowd.oldest(), len(crowd)) == (1, 99)


def test_deadlines_end_in_their_order() -> None:
    deadlines: Deadlines[str] = Deadlines(10)
    for now, member in enumerate("abc"):
        deadlines.start(member, now)
    deadlines.start("a", 5)
    deadlines.stop("c")
    deadlines.stop("nobody")
    assert (deadlines.oldest(), list(deadlines.take_expired(10.9))) == ("b", [])
    assert list(deadlines.take_expired(11)) == ["b"]
    assert list(deadlines.take_expired(100)) == ["a"]
    assert (len(deadlines), deadlines.oldest()) == (0, None)
