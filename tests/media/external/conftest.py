"""A server on this machine that speaks as the services outside do."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pytest_django.fixtures import Settings

from media.choices import CoverKind, Source
from media.covers.service import looks
from media.external.fetching import ask_outside
from media.external.wishes import wishes
from media.limits import MediaLimits
from media.models import OutsideInfo
from navidrome_lib.celery import app
from navidrome_lib.outgoing.exchange import Limits
from synth import make_png
from tests.conftest import Configure
from tests.support.limits import change_limits
from tests.support.listening_service import Answer, Asked, Handler, Service, listening_service, says

QUICK = Limits(step=0.5, whole=1.0)
KEY = "an-api-key"
MBZ = "00000000-0000-4000-8000-00000000000{}".format
LINK = "https://www.last.fm/music/Ada"
BIO = f'Ada &amp; <b>friends</b>.<script>alert(1)</script> &lt;i&gt; <a href="{LINK}">Read more on Last.fm</a>.'
Fetch = Callable[..., int]


class Outside:
    """What the services know; each answer can be replaced by another `Answer`, by a part of the address."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.answers: dict[str, Answer] = {
            "artist.getInfo": says(200, {"artist": {"url": LINK, "bio": {"content": BIO}}}),
            "artist.getSimilar": says(200, {"similarartists": {"artist": self.alike("Zoë Elsewhere", "Bob", "Eve")}}),
            "artist.getTopTracks": says(200, {"toptracks": {"track": self.alike("Dawn", "Not here", "Opening too")}}),
            "album.getInfo": says(200, {"album": {"url": f"{LINK}/First", "wiki": {"content": "The <i>first</i>."}}}),
            "/mb/artist": says(200, {"artists": [{"id": MBZ(1), "name": "ada", "score": 100}]}),
            "/mb/release": says(200, {"releases": [self.release(MBZ(2))]}),
            "similar-artists": says(200, [{"artist_mbid": MBZ(7), "name": "The Cure"}]),
            "top-recordings": says(200, [{"recording_mbid": MBZ(8), "recording_name": "Overture"}]),
            "/caa/": says(200, make_png(64, (250, 20, 20))),
        }

    def alike(self, *names: str) -> list[dict[str, str]]:
        return [{"name": name, "mbid": ""} for name in names]

    def release(self, mbz: str, group: str = MBZ(3)) -> dict[str, Any]:
        credit = [{"name": "Ada", "artist": {"name": "Ada"}}]
        return {
            "id": mbz, "title": "First", "score": 100, "artist-credit": credit, "release-group": {"id": group},
        }  # fmt: skip

    def __call__(self, handler: Handler, asked: Asked) -> None:
        found = [answer for part, answer in self.answers.items() if part in asked.path]
        (found[0] if found else says(404, {}))(handler, asked)

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.service.asked]

    @property
    def told(self) -> list[dict[str, str]]:
        return [dict(parse_qsl(urlsplit(path).query)) for path in self.paths]


@pytest.fixture
def outside(configure: Configure, settings: Settings, tmp_path: Path) -> Iterator[Outside]:
    """Services outside, switched on, and nothing that other tests have asked or kept."""
    change_limits(
        settings, MediaLimits, outside_spacing=0.0, outside_wish_seconds=0.0, cover_seconds=0, known_cover_seconds=0
    )
    settings.PICTURES_FOLDER, settings.CACHE_FOLDER = tmp_path / "pictures", tmp_path / "cache"
    wishes.forget()
    looks.forget()
    with listening_service(says(500, {})) as service:
        found = Outside(service)
        service.usual = found
        conf, url = settings.CONF, service.url
        configure(
            lastfm=dataclasses.replace(conf.lastfm, api_key=KEY, base_url=f"{url}/2.0"),
            listenbrainz=dataclasses.replace(conf.listenbrainz, base_url=f"{url}/1"),
            external=dataclasses.replace(
                conf.external, enabled=True, labs_url=f"{url}/labs", musicbrainz_url=f"{url}/mb",
                cover_art_archive_url=f"{url}/caa",
            ),
        )  # fmt: skip
        yield found
        wishes.join()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The messages to the workers, in the place of a broker."""
    messages: list[tuple[Any, ...]] = []
    monkeypatch.setattr(app, "send_task", lambda name, args, **_: messages.append((name.rpartition(".")[2], *args)))
    return messages


def fetch(kind: CoverKind, item: str, *sources: Source) -> int:
    """What a worker does with such a message."""
    return ask_outside(str(kind), item, [str(source) for source in sources or Source], limits=QUICK)


def row(kind: CoverKind, item: str, source: Source) -> OutsideInfo:
    return OutsideInfo.objects.get(kind=str(kind), item_id=item, source=str(source))


def nested(depth: int) -> bytes:
    """JSON that no parser likes."""
    return b"[" * depth + json.dumps({}).encode() + b"]" * depth
