"""What people add to a library that somebody may not see: things of others, and their own from when they could."""

from __future__ import annotations

from django.utils import timezone

from libraries.models import Album, MediaFile
from listening.models import (
    AlbumAnnotation,
    Bookmark,
    Player,
    Playlist,
    PlaylistTrack,
    PlayQueue,
    PlayQueueTrack,
    Scrobble,
    Service,
    ServiceAccount,
    Share,
    ShareItem,
    TrackAnnotation,
    WaitingPlay,
)
from listening.services.annotations import Things, star
from listening.services.now_playing import set_now_playing, stop_playing
from listening.services.playlists import update_playlist
from listening.services.plays import Play, record_plays
from listening.services.shares import delete_share
from tests.support.catalog import SEEN
from users.models import LibraryAccess, User


def add(owner: User, mark: str, library_id: int) -> list[str]:
    """Things of somebody who may see it; returns the ids that nobody else may see."""
    playlist = fill_with(owner, mark, library_id, public=False)
    # whose public playlists one sees, and so their name
    neighbour = User.objects.create_user("neighbour")
    LibraryAccess.objects.create(user=neighbour, library_id=library_id)
    fill_with(neighbour, "Open", library_id, public=True, file_path=f"{mark}-file.m3u")
    player = Player.objects.create(user=owner, name=f"{mark}-player", client=mark, ip="10.9.8.7")
    share = Share.objects.get(user=owner)
    tracks = MediaFile.objects.filter(library=library_id).in_catalog()
    assert set_now_playing(owner.as_viewer(), player, tracks[0].pk)
    return [playlist, player.pk, share.pk]


def fill_with(user: User, name: str, library_id: int, *, public: bool = False, file_path: str = "") -> str:
    """Everything that a person can add, to the songs of a library; returns the id of the playlist."""
    now, tracks = timezone.now(), list(MediaFile.objects.filter(library=library_id))
    playlist = Playlist.objects.create(
        owner=user, name=name, public=public, updated_at=now, file_path=file_path, file_key=name[:32],
        library_id=library_id if file_path else None, sync=bool(file_path),
    )  # fmt: skip
    queue = PlayQueue.objects.get_or_create(user=user)[0]
    share = Share.objects.create(
        user=user, resource_type="media_file", expires_at="2999-01-01T00:00:00Z", contents=tracks[0].title
    )
    for position, track in enumerate(tracks):
        PlaylistTrack.objects.create(playlist=playlist, position=position + 1, media_file=track)
        PlayQueueTrack.objects.get_or_create(queue=queue, position=position, defaults={"media_file": track})
        ShareItem.objects.create(share=share, position=position, media_file=track)
        Scrobble.objects.create(user=user, media_file=track, submission_time=now)
        Bookmark.objects.get_or_create(user=user, media_file=track, defaults={"position": 47114711})
        TrackAnnotation.objects.get_or_create(user=user, media_file=track, defaults={"starred_at": now, "rating": 5})
    account, _ = ServiceAccount.objects.get_or_create(
        user=user, service=Service.LISTENBRAINZ, defaults={"secret": b"x", "name": user.username}
    )
    account.left_out.add(library_id)
    for track in tracks:
        about = {"title": track.title, "artist": track.artist}
        WaitingPlay.objects.get_or_create(account=account, track_id=track.pk, played_at=SEEN, defaults={"about": about})
    for album in Album.objects.filter(library=library_id):
        AlbumAnnotation.objects.get_or_create(user=user, album=album, defaults={"play_count": 47114711})
    if public:
        share.delete()
    return str(playlist.pk)


def change(owner: User) -> None:
    """What the owner does with these things while others have streams of events open."""
    viewer, player = owner.as_viewer(), Player.objects.get(user=owner)
    track = Scrobble.objects.filter(user=owner, media_file__purge_id=None).earliest("pk").media_file
    stop_playing(player)
    assert set_now_playing(viewer, player, track.pk)
    star(viewer, [Things(AlbumAnnotation, [str(track.album_ref_id)])])
    record_plays(viewer, [Play(track.pk, timezone.now())])
    update_playlist(viewer, Playlist.objects.get(owner=owner).pk, {"name": "x"})
    delete_share(Share.objects.get(user=owner))
