"""The description of one synthetic track: what its tags say and how it sounds."""

from dataclasses import dataclass, field

from synth.pictures import Picture
from synth.tones import Tone


@dataclass(frozen=True, slots=True)
class Track:
    """Everything a file says about itself. Empty values are not written; several values stay several."""

    title: str = ""
    artists: tuple[str, ...] = ()
    artist_credit: str = ""
    """How the artists are printed ("A feat. B"); made from `artists` when empty."""
    album: str = ""
    album_artists: tuple[str, ...] = ()
    album_artist_credit: str = ""
    track_number: int = 0
    track_total: int = 0
    disc_number: int = 0
    disc_total: int = 0
    disc_subtitle: str = ""
    date: str = ""
    """YYYY, YYYY-MM or YYYY-MM-DD."""
    original_date: str = ""
    genres: tuple[str, ...] = ()
    compilation: bool = False
    composers: tuple[str, ...] = ()
    conductors: tuple[str, ...] = ()
    lyricists: tuple[str, ...] = ()
    arrangers: tuple[str, ...] = ()
    producers: tuple[str, ...] = ()
    remixers: tuple[str, ...] = ()
    performers: tuple[tuple[str, str], ...] = ()
    """Pairs of instrument and name."""
    label: str = ""
    catalog_number: str = ""
    isrc: str = ""
    media: str = ""
    mood: str = ""
    grouping: str = ""
    comment: str = ""
    lyrics: str = ""
    bpm: int = 0
    title_sort: str = ""
    album_sort: str = ""
    artist_sort: str = ""
    album_artist_sort: str = ""
    composer_sort: str = ""
    mb_recording_id: str = ""
    mb_track_id: str = ""
    """The MusicBrainz release track id."""
    mb_album_id: str = ""
    mb_release_group_id: str = ""
    mb_artist_ids: tuple[str, ...] = ()
    mb_album_artist_ids: tuple[str, ...] = ()
    track_gain: float | None = None
    track_peak: float | None = None
    album_gain: float | None = None
    album_peak: float | None = None
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Tags of one's own: pairs of name and values."""
    picture: Picture | None = None
    tagged: bool = True
    """False leaves the file without any tag."""
    tone: Tone = field(default_factory=Tone)
    mark: int = 0
    """Makes the stored sound of equal tones differ in MP3, MP4 and DSF, which have room for it; 0 makes no mark."""

    @property
    def artist(self) -> str:
        """The printed artist."""
        return self.artist_credit or " & ".join(self.artists)

    @property
    def album_artist(self) -> str:
        """The printed album artist."""
        return self.album_artist_credit or " & ".join(self.album_artists)

    @property
    def year(self) -> int:
        """The year of the date, 0 without one."""
        return int(self.date[:4]) if self.date[:4].isdigit() else 0
