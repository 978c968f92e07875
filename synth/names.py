"""Invented names for artists, albums and tracks, in several scripts."""

import random
import uuid


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST = _words(
    "Ada Alma Björn Chiara Dovile Eero Fatou Gundula Hélène Ingrid Jörg Kaia Łucja Matteo Niamh Ødger Paloma Quirin "
    "Rokas Søren Thandi Ülle Vanya Wanda Xenia Ylva Zoë Ümit İlker Åse"
)
_LAST = _words(
    "Abendroth Brightwater Çelikkaya Dunlavin Eisenhut Fjordhammer Grünwald Halloran Iversen Jokinen Kestrel Lindqvist "
    "Mbekwa Nightingale Østerby Pelletier Quillfeather Rautio Szczęsny Tverberg Underhill Vázquez Winterbourne "
    "Yellowley Zimmerling Ashgrove Bellweather Corvino Drystone Emberley"
)
_MOODS = _words(
    "Amber Borrowed Copper Distant Electric Faded Glass Hollow Invisible Jagged Kinetic Lunar Marble Neon Opal Paper "
    "Quiet Restless Silver Tidal Unspoken Velvet Winter Yonder Zenith Painted Slow Northern Seventh Burning"
)
_THINGS = _words(
    "Anchors Bridges Cathedrals Dunes Engines Feathers Gardens Harbours Islands Junctions Kites Lanterns Mirrors "
    "Numbers Orchards Pilots Questions Rivers Sparrows Telegrams Umbrellas Valleys Windows Yards Satellites Machines "
    "Letters Meadows Signals Staircases"
)
_FAR = (
    "夜の庭",
    "青い電車",
    "Тихая вода",
    "Белый шум",
    "أغنية البحر",
    "שיר לילה",
    "Πρωινό φως",
    "구름 아래",
    "รุ่งอรุณ",
    "Ночной поезд",
)
_FORMS = ("Sonata", "Partita", "Quartet", "Symphony", "Nocturne", "Suite", "Serenade", "Concerto")
_KEYS = ("C major", "D minor", "E♭ major", "F♯ minor", "G major", "A minor", "B♭ major", "B minor")
_MOVEMENTS = (
    "Allegro con brio",
    "Adagio",
    "Scherzo: Vivace",
    "Andante cantabile",
    "Presto",
    "Menuetto",
    "Largo",
    "Rondo",
)
_BANDS = ("The {} {}", "{} {}", "{} & the {}", "{} {} Orchestra", "{} {} Collective", "{}/{}")
GENRES = (
    "Ambient", "Blues", "Chamber Music", "Chanson", "Downtempo", "Drum & Bass", "Electronic", "Folk", "Funk", "Hip-Hop",
    "House", "Indie Pop", "Jazz", "Krautrock", "Metal", "Neoclassical", "Post-Rock", "Reggae", "Rock", "Shoegaze",
    "Soul",
)  # fmt: skip
INSTRUMENTS = ("violin", "cello", "piano", "electric guitar", "drums (drum set)", "double bass", "lead vocals", "oboe")


class Names:
    """An endless supply of names; every artist and every album of an artist is different, ignoring case."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._used: set[tuple[str, str]] = set()

    def _unique(self, scope: str, name: str) -> str:
        chosen, number = name, 2
        while (scope, chosen.casefold()) in self._used:
            chosen, number = f"{name} {number}", number + 1
        self._used.add((scope, chosen.casefold()))
        return chosen

    def person(self) -> str:
        """A person; the same one may turn up again."""
        return f"{self._rng.choice(_FIRST)} {self._rng.choice(_LAST)}"

    def artist(self) -> str:
        """A new band or soloist."""
        rng = self._rng
        kind = rng.random()
        if kind < 0.4:
            name = self.person()
        elif kind < 0.48:
            name = rng.choice(_FAR)
        else:
            name = rng.choice(_BANDS).format(rng.choice(_MOODS), rng.choice(_THINGS))
        return self._unique("", name)

    def album(self, artist: str) -> str:
        """A new album of an artist."""
        rng = self._rng
        name = rng.choice(_FAR) if rng.random() < 0.08 else f"{rng.choice(_MOODS)} {rng.choice(_THINGS)}"
        return self._unique(artist, name)

    def song(self) -> str:
        """A song title."""
        rng = self._rng
        kind = rng.random()
        if kind < 0.07:
            return rng.choice(_FAR)
        if kind < 0.14:
            return f"{rng.choice(_MOODS)} {rng.choice(_THINGS)} (Live in {rng.choice(_LAST)}: Part {rng.randint(1, 3)})"
        return f"{rng.choice(_MOODS)} {rng.choice(_THINGS)}"

    def work(self) -> str:
        """A classical work."""
        return f"{self._rng.choice(_FORMS)} No. {self._rng.randint(1, 9)} in {self._rng.choice(_KEYS)}"

    def movement(self, number: int) -> str:
        """The movement with a number."""
        return f"{('I', 'II', 'III', 'IV', 'V', 'VI')[number % 6]}. {self._rng.choice(_MOVEMENTS)}"

    def identifier(self) -> str:
        """An id like MusicBrainz's."""
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))


def sort_name(name: str) -> str:
    """The name as it is filed: "Beatles, The", and persons by their last name."""
    head, _, tail = name.partition(" ")
    if head == "The":
        return f"{tail}, The"
    if head in _FIRST and tail in _LAST:
        return f"{tail}, {head}"
    return name


def file_name(text: str) -> str:
    """The text as a file or folder name on any system."""
    clean = "".join("_" if mark in '/\\:*?"<>|' or ord(mark) < 32 else mark for mark in text)
    return clean.rstrip(". ") or "_"
