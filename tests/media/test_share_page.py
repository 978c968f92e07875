"""`/share/{id}`: what people without an account see and hear of what was shared."""

from __future__ import annotations

import dataclasses
import io
import re
import zipfile
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from imageio_ffmpeg import get_ffmpeg_exe
from pytest_django.fixtures import Settings

from libraries.choices import Role
from libraries.models import Album, Library, LibraryArtist, MediaFile, Participant
from listening.models import Playlist, PlaylistTrack, Share
from listening.models.share import NO_END, ResourceType
from listening.services.shares import create_share, shared_tracks, shows_track
from media.limits import MediaLimits
from synth import Tone, Track, track_bytes
from tests.conftest import Configure
from tests.media.conftest import SONG, MakeSong, body_of
from tests.support.catalog import LONG_AGO, SEEN, make_artist, make_track
from tests.support.limits import change_limits
from users.models import LibraryAccess, User

pytestmark = pytest.mark.alike
EVIL = "<script>alert(1)</script>\"'&"


@pytest.fixture(autouse=True)
def sharing(configure: Configure) -> None:
    configure(enable_sharing=True)


@pytest.fixture
def song(library: Library, make_song: MakeSong) -> MediaFile:
    return make_song(library, "Ada/First/01.mp3", SONG, title="One", duration=65.0)


@pytest.fixture
def shared(member: User, song: MediaFile) -> Share:
    """The album of the song, shared by the member."""
    return create_share(member.as_viewer(), [str(song.album_ref_id)], ResourceType.ALBUM, {})


@pytest.fixture
def guest() -> Client:
    """A browser of a person without an account."""
    return Client()


def parts(share: Share, track: MediaFile) -> list[str]:
    """The addresses of a share that can be downloaded."""
    base = f"/share/{share.pk}"
    kinds = [f"{base}/{kind}/{track.pk}" for kind in ("stream", "cover", "download")]
    return [base, f"{base}/cover", f"{base}/download", *kinds]


class TestPage:
    def test_it_shows_the_songs(self, guest: Client, shared: Share, song: MediaFile, library: Library) -> None:
        answer = guest.get(f"/share/{shared.pk}")
        page = answer.content.decode()
        assert answer.status_code == 200
        assert f'href="/share/{shared.pk}/stream/{song.pk}"' in page
        for text in ("<title>First · navidrome-lib</title>", "One", "Ada", "1:05", "1 song", "Open until"):
            assert text in page, text
        # nothing of the server, and no way to keep what is not offered
        assert not [text for text in ("member", "Rock", library.path, song.path, "/download") if text in page]

    def test_a_share_without_an_end_names_no_day(self, guest: Client, shared: Share) -> None:
        Share.objects.update(expires_at=NO_END)
        page = guest.get(f"/share/{shared.pk}").content.decode()
        assert "1 song" in page
        assert "Open until" not in page

    def test_how_it_is_described_elsewhere(self, guest: Client, shared: Share) -> None:
        page = guest.get(f"/share/{shared.pk}", headers={"Host": "localhost"}).content.decode()
        found = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)">', page))
        assert found["title"] == "First"
        assert found["url"] == f"http://localhost/share/{shared.pk}"
        assert found["image"] == f"http://localhost/share/{shared.pk}/cover"
        assert guest.get(found["image"].removeprefix("http://localhost"))["Content-Type"].startswith("image/")

    def test_headers(self, guest: Client, shared: Share, song: MediaFile) -> None:
        for url in [*parts(shared, song), "/share/nothing"]:
            answer = guest.get(url)
            assert answer["X-Robots-Tag"] == "noindex, nofollow", url
            assert answer["Referrer-Policy"] == "no-referrer", url
        policy = guest.get(f"/share/{shared.pk}")["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "media-src 'self'" in policy

    def test_its_own_words_and_those_of_tags_are_texts(
        self, guest: Client, member: User, library: Library, make_song: MakeSong
    ) -> None:
        evil = make_song(library, "a.mp3", SONG, title=EVIL, artist=EVIL, album=EVIL)
        share = create_share(member.as_viewer(), [evil.pk], None, {"description": EVIL})
        page = guest.get(f"/share/{share.pk}").content.decode()
        assert "<script>alert" not in page
        assert page.count("&lt;script&gt;alert(1)") >= 4

    def test_visits(self, guest: Client, shared: Share, song: MediaFile) -> None:
        def visits() -> int:
            return Share.objects.values_list("visit_count", flat=True).get(pk=shared.pk)

        guest.head(f"/share/{shared.pk}")
        Client().get(f"/share/{shared.pk}", headers={"Sec-Purpose": "prefetch"})
        assert (visits(), Share.objects.get().last_visited_at) == (0, None)
        for url in (f"/share/{shared.pk}", f"/share/{shared.pk}", *parts(shared, song)[1:]):
            body_of(guest.get(url))
        assert visits() == 1
        Client().get(f"/share/{shared.pk}")
        assert visits() == 2
        cookie = guest.cookies["share_visit"]
        assert (cookie["path"], cookie["httponly"]) == (f"/share/{shared.pk}", True)

    def test_a_song_that_is_missing_stands_there_without_a_link(
        self, guest: Client, member: User, library: Library, song: MediaFile
    ) -> None:
        gone = make_track(library, "gone.mp3", title="Gone")
        share = create_share(member.as_viewer(), [song.pk, gone.pk], None, {})
        page = guest.get(f"/share/{share.pk}").content.decode()
        assert ("Gone" in page, gone.pk in page, song.pk in page) == (True, False, True)

    def test_a_smart_playlist_is_as_it_would_be_now(
        self, guest: Client, member: User, library: Library, song: MediaFile
    ) -> None:
        rules = {"all": [{"contains": {"title": "O"}}]}
        playlist = Playlist.objects.create(owner=member, name="Smart", rules=rules, updated_at=SEEN)
        share = create_share(member.as_viewer(), [playlist.pk], None, {})
        assert song.pk in guest.get(f"/share/{share.pk}").content.decode()


class TestSound:
    def test_the_file_and_its_ranges(self, guest: Client, shared: Share, song: MediaFile) -> None:
        url = f"/share/{shared.pk}/stream/{song.pk}"
        whole = guest.get(url)
        assert (whole.status_code, body_of(whole), whole["Content-Type"]) == (200, SONG, "audio/mpeg")
        part = guest.get(url, headers={"Range": "bytes=10-19"})
        assert (part.status_code, body_of(part)) == (206, SONG[10:20])
        assert part["Content-Range"] == f"bytes 10-19/{len(SONG)}"
        assert "Content-Disposition" not in whole.headers
        assert body_of(guest.head(url)) == b""

    def test_storage_that_is_away(self, guest: Client, shared: Share, song: MediaFile, library: Library) -> None:
        Path(library.path, song.path).unlink()
        Share.objects.update(downloadable=True)
        for path in (f"stream/{song.pk}", f"download/{song.pk}", "download"):
            answer = guest.get(f"/share/{shared.pk}/{path}")
            assert (answer.status_code, answer["Content-Type"]) == (503, "text/plain; charset=utf-8")
            assert "cannot be read at the moment" in answer.content.decode()
            assert "Rock" not in answer.content.decode()

    def test_in_the_format_that_the_share_names(
        self,
        guest: Client,
        member: User,
        library: Library,
        make_song: MakeSong,
        configure: Configure,
        settings: Settings,
        tmp_path: Path,
    ) -> None:
        settings.CACHE_FOLDER = tmp_path / "cache"
        configure(media=dataclasses.replace(settings.CONF.media, ffmpeg_path=get_ffmpeg_exe(), max_transcodes=1))
        content = track_bytes(Track(title="Song", tone=Tone(seconds=1.0)), "flac")
        lossless = make_song(library, "a.flac", content, duration=1.0, codec="flac", bit_rate=900, sample_rate=44100)
        share = create_share(member.as_viewer(), [lossless.pk], None, {"format": "mp3", "max_bit_rate": 64})
        answer = guest.get(f"/share/{share.pk}/stream/{lossless.pk}")
        data = body_of(answer)
        assert (answer.status_code, answer["Content-Type"]) == (200, "audio/mpeg")
        # 64 kbit/s for a second, and a frame or two
        assert 6_000 < len(data) < 12_000
        assert data.startswith(b"ID3")

    def test_only_what_is_shared(
        self, guest: Client, shared: Share, library: Library, other_library: Library, make_song: MakeSong
    ) -> None:
        other = make_song(library, "Ada/Second/01.mp3", SONG, album="Second")
        hidden = make_song(other_library, "Ada/First/01.mp3", SONG)
        for pk in (other.pk, hidden.pk, "nothing"):
            for kind in ("stream", "cover", "download"):
                Share.objects.update(downloadable=True)
                assert guest.get(f"/share/{shared.pk}/{kind}/{pk}").status_code == 404


class TestDownloads:
    def test_so_many_archives_at_once(
        self, guest: Client, shared: Share, member: User, settings: Settings, tmp_path: Path
    ) -> None:
        settings.CACHE_FOLDER = tmp_path / "cache"
        change_limits(settings, MediaLimits, guest_archives=2)
        Share.objects.update(downloadable=True)
        url = f"/share/{shared.pk}/download"
        running: list[Any] = [guest.get(url) for _ in range(2)]
        refused = guest.get(url)
        assert (refused.status_code, int(refused["Retry-After"]) > 0) == (429, True)
        assert guest.head(url).status_code == 200
        running[0].take_source().close()
        assert body_of(guest.get(url)), "it was given back, and is again at the end of an archive"
        assert body_of(guest.get(url))
        other = create_share(member.as_viewer(), [str(shared.items.get().album_id)], ResourceType.ALBUM, {})
        Share.objects.update(downloadable=True)
        again: Any = guest.get(url)
        assert guest.get(f"/share/{other.pk}/download").status_code == 429, "they are those of the person"
        for answer in (running[1], again):
            answer.take_source().close()

    def test_they_are_offered_where_the_share_says_so(
        self, guest: Client, shared: Share, song: MediaFile, configure: Configure
    ) -> None:
        urls = [f"/share/{shared.pk}/download", f"/share/{shared.pk}/download/{song.pk}"]
        assert [guest.get(url).status_code for url in urls] == [403, 403]
        Share.objects.update(downloadable=True)
        assert all(url in guest.get(f"/share/{shared.pk}").content.decode() for url in urls)
        archive, file = map(guest.get, urls)
        with zipfile.ZipFile(io.BytesIO(body_of(archive))) as opened:
            assert [opened.read(name) for name in opened.namelist()] == [SONG]
        assert "First.zip" in archive["Content-Disposition"]
        assert (body_of(file), file["Content-Disposition"]) == (SONG, 'attachment; filename="One.mp3"')

    def test_not_where_the_server_has_none(
        self, guest: Client, shared: Share, configure: Configure, settings: Settings
    ) -> None:
        Share.objects.update(downloadable=True)
        configure(media=dataclasses.replace(settings.CONF.media, enable_downloads=False))
        assert guest.get(f"/share/{shared.pk}/download").status_code == 403
        assert "/download" not in guest.get(f"/share/{shared.pk}").content.decode()


class TestEnd:
    """What takes the music away takes every address of the share away, in the next request."""

    @pytest.fixture(autouse=True)
    def open_now(self, guest: Client, shared: Share, song: MediaFile) -> None:
        Share.objects.update(downloadable=True)
        for url in parts(shared, song):
            answer = guest.get(url)
            body_of(answer)
            assert answer.status_code == 200, url

    def test_expired(self, guest: Client, shared: Share, song: MediaFile) -> None:
        Share.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        self.check_all_gone(guest, shared, song)

    def test_deleted(self, guest: Client, shared: Share, song: MediaFile) -> None:
        Share.objects.all().delete()
        self.check_all_gone(guest, shared, song)

    def test_the_owner_lost_the_library(self, guest: Client, shared: Share, song: MediaFile) -> None:
        LibraryAccess.objects.all().delete()
        self.check_all_gone(guest, shared, song)

    def test_the_owner_lost_the_library_and_offered_no_downloads(
        self, guest: Client, shared: Share, song: MediaFile
    ) -> None:
        Share.objects.update(downloadable=False)
        LibraryAccess.objects.all().delete()
        self.check_all_gone(guest, shared, song)

    def test_the_owner_was_switched_off(self, guest: Client, shared: Share, song: MediaFile) -> None:
        User.objects.update(is_active=False)
        self.check_all_gone(guest, shared, song)

    def test_the_song_was_purged(self, guest: Client, shared: Share, song: MediaFile) -> None:
        MediaFile.objects.update(missing=True, purge_id="x")
        self.check_all_gone(guest, shared, song)

    def test_sharing_was_switched_off(
        self, guest: Client, shared: Share, song: MediaFile, configure: Configure
    ) -> None:
        configure(enable_sharing=False)
        self.check_all_gone(guest, shared, song)

    @staticmethod
    def check_all_gone(guest: Client, shared: Share, song: MediaFile) -> None:
        """All is 404, and the same as for an address that never was."""
        never = guest.get("/share/AAAAAAAAAA")
        assert never.status_code == HTTPStatus.NOT_FOUND
        for url in parts(shared, song):
            answer = guest.get(url)
            assert answer.status_code == HTTPStatus.NOT_FOUND, url
            assert answer.content == never.content, url
            assert dict(answer.items()) == dict(never.items()), url


def test_a_share_of_which_something_is_left_is_not_named_after_what_is_not(
    guest: Client, member: User, library: Library, other_library: Library, make_song: MakeSong
) -> None:
    LibraryAccess.objects.create(user=member, library=other_library)
    secret = make_song(other_library, "x.mp3", SONG, title="Secret", album="Secret", artist="Secret")
    kept = make_song(library, "y.mp3", SONG, title="Kept")
    share = create_share(member.as_viewer(), [secret.pk, kept.pk], None, {})
    assert "<title>Secret" in guest.get(f"/share/{share.pk}").content.decode()
    LibraryAccess.objects.filter(library=other_library).delete()
    page = guest.get(f"/share/{share.pk}").content.decode()
    assert ("Secret" in page, "<title>Kept" in page) == (False, True)


def test_a_song_is_played_exactly_where_the_page_lists_it(
    member: User, library: Library, other_library: Library
) -> None:
    tracks = [
        make_track(where, f"{artist}/{album}/{number}.mp3", artist=artist, album=album, missing=not number)
        for where in (library, other_library)
        for artist in ("Ada", "Ben")
        for album in ("First", "Second")
        for number in range(2)
    ]
    Participant.objects.create(media_file=tracks[1], artist=make_artist("Cem"), role=Role.COMPOSER, position=9)
    for name in ("Ada", "Ben", "Cem"):
        LibraryArtist.objects.create(library=library, artist=make_artist(name), song_count=1)
    Album.objects.update(song_count=1)
    playlist = Playlist.objects.create(owner=member, updated_at=LONG_AGO)
    for position, track in enumerate(tracks[::3], 1):
        PlaylistTrack.objects.create(playlist=playlist, position=position, media_file=track)
    things = [tracks[0].pk, tracks[1].pk, str(tracks[3].album_ref_id), playlist.pk]
    things += [make_artist(name).pk for name in ("Ada", "Ben", "Cem")]
    counts = []
    for thing in things:
        share = create_share(member.as_viewer(), [thing], None, {})
        listed = set(shared_tracks(share))
        assert listed == {track.pk for track in tracks if shows_track(share, track.pk)}
        counts.append(len(listed))
    assert counts == [1, 1, 1, 3, 2, 2, 0]
