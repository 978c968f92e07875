"""A small library to show the product with: audible, tidy, and with a little of everything."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from synth.files import FORMATS, write_bytes
from synth.library import PlannedFile, write_files
from synth.manifest import Manifest
from synth.names import file_name, sort_name
from synth.pictures import make_cover, make_png
from synth.tones import Tone
from synth.track import Track

_SCALE = (260, 290, 330, 350, 390, 440, 490, 520)
_SECONDS = (2.0, 3.0, 2.5, 4.0, 3.5, 5.0)
_LOW_RATES = {"wav": 32000, "aiff": 32000, "wma": 32000, "alac": 32000, "opus": 48000}
_COVER = 320

_Album = tuple[str, str, str, tuple[str, ...], tuple[int, int, int], tuple[str, ...], tuple[str, ...]]
# Artist, album, date, genres, colour of the cover, titles, formats (taken in turn).
_STUDIO: tuple[_Album, ...] = (
    (
        "The Paper Lanterns", "Harbour Lights", "2019-05-17", ("Indie Pop", "Folk"), (40, 90, 150),
        ("First Ferry", "Salt on the Window", "Lighthouse Keeper's Waltz", "Low Tide", "Postcards", "Last Ferry"),
        ("flac",),
    ),
    (
        "The Paper Lanterns", "Winter Engines", "2022-11-04", ("Indie Pop",), (70, 60, 120),
        ("Frost", "Engines", "A Room with Radiators", "Snowblind", "Thaw"),
        ("mp3",),
    ),
    (
        "Björn Østerby", "Nordlys", "2016", ("Ambient", "Electronic"), (20, 120, 110),
        ("Skumring", "Grønt lys", "Åtte minutter", "Søvn"),
        ("ogg", "oga"),
    ),
    (
        "Velvet Machines", "Night Bus", "2008-09-30", ("Electronic", "Downtempo"), (140, 40, 90),
        ("Depot", "Upper Deck", "Request Stop", "Terminus"),
        ("m4a", "alac"),
    ),
    (
        "夜の庭", "青い電車", "2013-03-21", ("Shoegaze", "Post-Rock"), (50, 70, 170),
        ("始発", "窓", "海沿いの駅", "終点"),
        ("mp3-v23",),
    ),
    (
        "Copper Kites", "Field Tests", "2011", ("Rock",), (170, 100, 30),
        ("Wind Tunnel", "String Theory", "Drop Test", "Recovery"),
        ("wav", "aiff", "wma", "dsf"),
    ),
    (
        "Quiet Numbers", "Rests", "2020-02-29", ("Ambient",), (90, 100, 105),
        ("Whole Rest", "Half Rest", "Quarter Rest", "Eighth Rest"),
        ("opus", "ape", "wv", "mpc"),
    ),
)  # fmt: skip
_GUESTS = {"Salt on the Window": "Niamh Kestrel", "Request Stop": "Björn Østerby"}
_SAMPLER = (
    ("The Paper Lanterns", "Paper Boats"), ("Niamh Kestrel", "Rookery"), ("Velvet Machines", "Night Bus (Radio Edit)"),
    ("夜の庭", "雨"), ("Copper Kites", "Thermals"), ("Ümit Çelikkaya", "Yakamoz"), ("Björn Østerby", "Måne"),
    ("The Sun/Moon Exchange", "Eclipse Season"),
)  # fmt: skip
_WORKS = (
    ("String Quartet No. 3 in D minor", ("I. Allegro con brio", "II. Adagio", "III. Scherzo: Vivace", "IV. Presto")),
    ("Serenade for Winds in E♭ major", ("I. Andante cantabile", "II. Menuetto", "III. Rondo")),
)
_DISCS = (
    ("Evening", ("Doors", "Slow Burn", "Telegrams", "Interval")),
    ("Night", ("Second Half", "Amber", "Long Way Home", "Encore")),
)


def _identifier(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def _tone(number: int, fmt: str) -> Tone:
    seconds = 2.0 if fmt == "dsf" else _SECONDS[number % len(_SECONDS)]
    return Tone(seconds, _SCALE[number % len(_SCALE)], _LOW_RATES.get(fmt, 44100), 2)


def _file(folder: str, track: Track, number: int, fmt: str) -> PlannedFile:
    """The file of the `number`th track of the whole demo."""
    sounding = replace(track, tone=_tone(number, fmt), mark=number + 1, mb_recording_id=_identifier(1000 + number))
    name = f"{track.track_number:02} {file_name(track.title)}.{FORMATS[fmt].suffix}"
    return PlannedFile(f"{folder}/{name}", sounding, fmt)


def _studio(number: int) -> Iterator[PlannedFile]:
    for index, (artist, album, date, genres, colour, titles, formats) in enumerate(_STUDIO):
        base = Track(
            album=album,
            album_artists=(artist,),
            album_artist_sort=sort_name(artist),
            artist_sort=sort_name(artist),
            date=date,
            genres=genres,
            disc_number=1,
            disc_total=1,
            track_total=len(titles),
            picture=make_cover(_COVER, colour),
            album_gain=-6.5,
            track_gain=-6.5,
            mb_album_id=_identifier(index + 1),
        )
        for position, title in enumerate(titles):
            guest = _GUESTS.get(title)
            artists = (artist, guest) if guest else (artist,)
            credit = f"{artist} feat. {guest}" if guest else ""
            track = replace(base, title=title, artists=artists, artist_credit=credit, track_number=position + 1)
            folder = f"{file_name(artist)}/{file_name(album)} ({date[:4]})"
            yield _file(folder, track, number, formats[position % len(formats)])
            number += 1


def _sampler(number: int) -> Iterator[PlannedFile]:
    base = Track(
        album="Kestrel Records: The First Ten Years",
        album_artists=("Various Artists",),
        date="2023-06-01",
        genres=("Indie Pop", "Electronic"),
        compilation=True,
        label="Kestrel Records",
        track_total=len(_SAMPLER),
        picture=make_cover(_COVER, (150, 130, 30)),
        mb_album_id=_identifier(101),
    )
    folder = f"Various Artists/{file_name(base.album)} (2023)"
    for position, (artist, title) in enumerate(_SAMPLER, 1):
        track = replace(base, title=title, artists=(artist,), artist_sort=sort_name(artist), track_number=position)
        yield _file(folder, track, number + position, "mp3")


def _classical(number: int) -> Iterator[PlannedFile]:
    base = Track(
        album="Chamber Works",
        artists=("Brightwater Chamber Orchestra",),
        album_artists=("Brightwater Chamber Orchestra",),
        date="1998-10-12",
        original_date="1974",
        genres=("Classical", "Chamber Music"),
        composers=("Hélène Abendroth",),
        composer_sort="Abendroth, Hélène",
        conductors=("Matteo Corvino",),
        performers=(("violin", "Ylva Fjordhammer"), ("oboe", "Quirin Eisenhut")),
        track_total=sum(len(movements) for _, movements in _WORKS),
        picture=make_cover(_COVER, (110, 70, 40)),
        mb_album_id=_identifier(102),
    )
    titles = [f"{work}: {movement}" for work, movements in _WORKS for movement in movements]
    for position, title in enumerate(titles, 1):
        track = replace(base, title=title, track_number=position)
        yield _file("Brightwater Chamber Orchestra/Chamber Works (1998)", track, number + position, "flac")


def _concert(number: int) -> Iterator[PlannedFile]:
    base = Track(
        album="Live at the Glasshouse",
        artists=("Velvet Machines",),
        album_artists=("Velvet Machines",),
        date="2015-07-18",
        genres=("Electronic",),
        disc_total=len(_DISCS),
        picture=make_cover(_COVER, (60, 20, 60)),
        mb_album_id=_identifier(103),
    )
    for disc, (subtitle, titles) in enumerate(_DISCS, 1):
        for position, title in enumerate(titles, 1):
            track = replace(
                base,
                title=title,
                disc_number=disc,
                disc_subtitle=subtitle,
                track_number=position,
                track_total=len(titles),
                lyrics="Doors are open,\nlights are low." if title == "Doors" else "",
                bpm=112,
            )
            number += 1
            yield _file(
                f"Velvet Machines/Live at the Glasshouse (2015)/CD{disc}", track, number, ("mp3", "m4a")[disc - 1]
            )


def _files() -> Iterator[PlannedFile]:
    for start, part in ((0, _studio), (100, _sampler), (200, _classical), (300, _concert)):
        yield from part(start)
    yield PlannedFile("Voice memo.mp3", Track(tagged=False, tone=Tone(2.0, 330)), "mp3")


def make_demo_library(root: Path) -> Manifest:
    """Write the demo below `root`: about 60 audible tracks in all formats, with covers; always the same bytes."""
    entries = list(write_files(root, _files()))
    for artist, album, date, _, colour, *_rest in _STUDIO:
        folder = root / file_name(artist) / f"{file_name(album)} ({date[:4]})"
        write_bytes(folder / "cover.png", make_png(_COVER, colour))
    return Manifest.of(0, entries)
