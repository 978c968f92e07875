"""Synthetic music: valid, playable audio files; the streams are made by hand, the tags are written by mutagen.

`write_track` makes one file, `make_library` a whole library with its ground truth, `make_demo_library` a small and
pretty one.
"""

from synth.demo import make_demo_library
from synth.files import FORMATS, Format, track_bytes, write_track
from synth.library import ALL_FORMATS, make_library
from synth.manifest import AlbumEntry, Manifest, Totals, TrackEntry, track_entry
from synth.pictures import Picture, make_cover, make_png
from synth.tones import Stream, Tone
from synth.track import Track

__all__ = [
    "ALL_FORMATS",
    "FORMATS",
    "AlbumEntry",
    "Format",
    "Manifest",
    "Picture",
    "Stream",
    "Tone",
    "Totals",
    "Track",
    "TrackEntry",
    "make_cover",
    "make_demo_library",
    "make_library",
    "make_png",
    "track_bytes",
    "track_entry",
    "write_track",
]
