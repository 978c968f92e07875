"""The catalog as the scanner wrote it: artist, album, song. Nothing here can be changed; files are the truth."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from libraries.admin import files
from libraries.admin.base import LIBRARY_FILTER, MAX_SHOWN, ReadOnlyAdmin, SongListAdmin, page, shown
from libraries.models import Album, Artist, Folder, Library, LibraryArtist, MediaFile
from navidrome_lib.admin import formatting
from navidrome_lib.viewer import is_admin, viewer_of

MAX_TRACKS = 1000
MAX_ALBUMS = 200
NO_COVER = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#8894a8">'
    b'<circle cx="12" cy="12" r="6.5"/><circle cx="12" cy="12" r="1.5"/></svg>'
)


class DetailAdmin(ReadOnlyAdmin):
    """Rows with a page of their own making."""

    def detail(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the page shows beside the row itself."""
        raise NotImplementedError

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        context = {"row": row, **self.detail(request, row), **(extra_context or {})}
        answer: HttpResponse = super().change_view(request, object_id, form_url, context)
        return answer


@admin.register(Artist)
class ArtistAdmin(DetailAdmin):
    """Artists, each with the albums that the viewer may see."""

    # no column may be called as a relation of the model: Django would offer to sort by that
    list_display = ("shown_name", "song_total", "album_total")
    search_fields = ("name",)
    ordering = ("name", "pk")
    change_form_template = "admin/libraries/artist/detail.html"

    @admin.display(description=_lazy("name"), ordering="name")
    def shown_name(self, artist: Artist) -> str:
        return shown(artist.name)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        answer: HttpResponse = super().changelist_view(request, extra_context)
        if hasattr(answer, "context_data") and "cl" in (answer.context_data or {}):
            add_counts(request, answer.context_data["cl"].result_list)
        return answer

    @admin.display(description=_lazy("songs"))
    def song_total(self, artist: Any) -> str:
        return formatting.number(artist.shown_songs)

    @admin.display(description=_lazy("albums"))
    def album_total(self, artist: Any) -> str:
        return formatting.number(artist.shown_albums)

    def detail(self, request: HttpRequest, row: Artist) -> dict[str, Any]:
        albums = Album.objects.visible_to(viewer_of(request)).present().select_related("library")
        own = albums.filter(artist=row.pk).order_by(F("max_year").desc(nulls_last=True), "name")
        guest = albums.filter(media_files__participants__artist=row.pk).exclude(artist=row.pk).distinct()
        return {"albums": own[:MAX_ALBUMS], "appears_on": guest.order_by("name")[:MAX_ALBUMS]}


def add_counts(request: HttpRequest, artists: Any) -> None:
    """The songs and albums of the artists of one page, in the libraries that the viewer may see; one query."""
    visible = Library.objects.visible_to(viewer_of(request)).values("pk")
    rows = LibraryArtist.objects.filter(artist__in=[artist.pk for artist in artists], library__in=visible)
    counts = {
        pk: (songs, albums)
        for pk, songs, albums in rows.order_by().values_list("artist").annotate(Sum("song_count"), Sum("album_count"))
    }
    for artist in artists:
        artist.shown_songs, artist.shown_albums = counts.get(artist.pk, (0, 0))


@admin.register(Album)
class AlbumAdmin(DetailAdmin):
    """Albums, each with its songs and its cover."""

    list_display = ("shown_name", "shown_artist", "shown_years", "songs", "time", "library")
    list_filter = (LIBRARY_FILTER, "compilation")
    list_select_related = ("library",)
    search_fields = ("name", "album_artist")
    ordering = ("-pk",)
    change_form_template = "admin/libraries/album/detail.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Album]:
        rows: Any = super().get_queryset(request)
        albums: QuerySet[Album] = rows.in_catalog()
        return albums

    def get_urls(self) -> list[URLPattern]:
        cover = self.admin_site.admin_view(self.cover_view, cacheable=True)
        return [path("<str:pk>/cover/", cover, name="libraries_album_cover"), *super().get_urls()]

    @admin.display(description=_lazy("album"), ordering="name")
    def shown_name(self, album: Album) -> str:
        return shown(album.name)

    @admin.display(description=_lazy("artist"), ordering="album_artist")
    def shown_artist(self, album: Album) -> str:
        return shown(album.album_artist)

    @admin.display(description=_lazy("year"), ordering="max_year")
    def shown_years(self, album: Album) -> str:
        return album.years

    @admin.display(description=_lazy("songs"), ordering="song_count")
    def songs(self, album: Album) -> str:
        return formatting.number(album.song_count)

    @admin.display(description=_lazy("time"), ordering="duration")
    def time(self, album: Album) -> str:
        return formatting.clock(album.duration)

    def detail(self, request: HttpRequest, row: Album) -> dict[str, Any]:
        tracks = row.media_files.in_catalog()
        shown_tracks = tracks.order_by("disc_number", "track_number", "path", "pk")[:MAX_TRACKS]
        return {"tracks": shown_tracks, "has_cover": tracks.filter(has_picture=True).exists()}

    def cover_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """GET: the front cover, from the files."""
        album = self.get_queryset(request).filter(pk=pk).first() if self.has_view_permission(request) else None
        if album is None:
            raise Http404
        content, kind = files.cover_of(album) or (NO_COVER, "image/svg+xml")
        answer = HttpResponse(content, content_type=kind)
        answer["Cache-Control"] = "private, max-age=3600"
        answer["X-Content-Type-Options"] = "nosniff"
        return answer


class FolderFilter(admin.SimpleListFilter):
    """The songs directly in one folder; not offered, but led to from where folders are listed."""

    title = _lazy("folder")
    parameter_name = "folder"

    def __init__(self, request: HttpRequest, *arguments: Any) -> None:
        self.viewer = viewer_of(request)
        super().__init__(request, *arguments)

    def folders(self) -> dict[str, str]:
        rows = Folder.objects.visible_to(self.viewer).filter(path_key=self.value() or "")
        return dict(rows.values_list("pk", "path"))

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        asked = self.value()
        if not asked:
            return []
        path = next(iter(self.folders().values()), None)
        name = _("Unknown folder") if path is None else path[-MAX_SHOWN:] or _("(library folder)")
        return [(asked, name)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[MediaFile]) -> QuerySet[MediaFile]:
        if not self.value():
            return queryset
        return queryset.filter(folder__in=list(self.folders()))


@admin.register(MediaFile)
class MediaFileAdmin(SongListAdmin, DetailAdmin):
    """Songs, present and missing."""

    list_display = ("shown_title", "shown_artist", "shown_album", "suffix", "time", "library", "present")
    list_filter = (FolderFilter, LIBRARY_FILTER, "missing")
    list_select_related = ("library",)
    search_fields = ("title", "artist", "album", "path")
    ordering = ("-pk",)
    change_form_template = "admin/libraries/mediafile/detail.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[MediaFile]:
        rows: Any = super().get_queryset(request)
        songs: QuerySet[MediaFile] = rows.in_catalog().defer("tags")
        return songs

    def get_sortable_by(self, request: HttpRequest) -> tuple[str, ...]:
        """Only what a search found: an index for each column would slow down every scan."""
        return self.list_display if request.GET.get("q", "").strip() else ()

    @admin.display(description=_lazy("time"), ordering="duration")
    def time(self, track: MediaFile) -> str:
        return formatting.clock(track.duration)

    @admin.display(description=_lazy("available"), boolean=True)
    def present(self, track: MediaFile) -> bool:
        return not track.missing

    def detail(self, request: HttpRequest, row: MediaFile) -> dict[str, Any]:
        return track_detail(request, row)


def track_detail(request: HttpRequest, row: MediaFile) -> dict[str, Any]:
    """All of one song. Only admins see what stands in the file: it is read from the disk now."""
    raw, error = files.tags_in(row) if is_admin(request) and not row.missing else ({}, "")
    return {
        "facts": facts_of(row),
        "people": row.participants.select_related("artist").order_by("role", "position", "pk")[:MAX_ALBUMS],
        "mapped": sorted(row.tags.items()),
        "raw": sorted(raw.items()),
        "raw_error": error,
        "may_read": is_admin(request),
        "album_page": page("libraries_album_change", row.album_ref_id) if row.album_ref_id else "",
    }


def facts_of(track: MediaFile) -> list[tuple[str, str]]:
    """The technical facts of a file, those that are known."""
    found = [
        (_("Format"), track.suffix.upper() + (f" ({track.codec})" if track.codec else "")),
        (_("Playing time"), formatting.clock(track.duration)),
        (_("Size"), formatting.size(track.size)),
        (_("Bit rate"), f"{track.bit_rate} kbit/s" if track.bit_rate else ""),
        (_("Sample rate"), f"{track.sample_rate:,} Hz" if track.sample_rate else ""),
        (_("Bit depth"), f"{track.bit_depth} bit" if track.bit_depth else ""),
        (_("Channels"), str(track.channels or "")),
        (_("Added"), f"{track.created_at:%Y-%m-%d %H:%M} UTC"),
        (_("Missing since"), f"{track.missing_since:%Y-%m-%d %H:%M} UTC" if track.missing_since else ""),
    ]
    return [(label, value) for label, value in found if value]
