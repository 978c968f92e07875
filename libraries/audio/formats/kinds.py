"""Kinds of audio files: by their name, and by their first bytes."""

from __future__ import annotations

from typing import Final

# Suffix → the kind of content that it announces. "mp4" is the container of AAC and ALAC alike.
SUFFIX_KINDS: Final[dict[str, str]] = {
    "mp3": "mp3",
    "mp2": "mp3",
    "mp1": "mp3",
    "mpga": "mp3",
    "flac": "flac",
    "ogg": "vorbis",
    "oga": "vorbis",
    "opus": "opus",
    "spx": "speex",
    "m4a": "mp4",
    "m4b": "mp4",
    "m4r": "mp4",
    "f4a": "mp4",
    "mp4": "mp4",
    "alac": "mp4",
    "aac": "aac",
    "wav": "wav",
    "aif": "aiff",
    "aiff": "aiff",
    "aifc": "aiff",
    "wma": "asf",
    "asf": "asf",
    "ape": "ape",
    "wv": "wavpack",
    "mpc": "musepack",
    "dsf": "dsf",
    "dff": "dff",
    "tta": "tta",
    "tak": "tak",
    "ofr": "optimfrog",
    "ofs": "optimfrog",
    "ac3": "ac3",
    "eac3": "ac3",
    "mka": "matroska",
    "webm": "matroska",
    "weba": "matroska",
    "caf": "caf",
}

# Suffixes of audio that nothing here reads: such files are counted and shown, so that none is missed in silence.
UNREAD_SUFFIXES: Final[frozenset[str]] = frozenset(
    {
        "aa", "aax", "aaxc", "amr", "au", "awb", "dts", "dtshd", "gsm", "it", "la", "mid", "midi", "mlp", "mod",
        "mpp", "nsf", "pac", "psf", "ra", "ram", "rm", "rka", "s3m", "shn", "sid", "snd", "spc", "thd", "truehd",
        "voc", "vqf", "w64", "xm",
    }
)  # fmt: skip

KINDS: Final[frozenset[str]] = frozenset(SUFFIX_KINDS.values()) | {"oggflac"}

# As many bytes as sniff() needs to tell every kind.
SNIFF_BYTES: Final = 512

_ASF_GUID: Final = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")

_MAGIC: Final[tuple[tuple[bytes, str], ...]] = (
    (b"fLaC", "flac"),
    (b"MAC ", "ape"),
    (b"wvpk", "wavpack"),
    (b"MPCK", "musepack"),
    (b"MP+", "musepack"),
    (b"DSD ", "dsf"),
    (b"TTA1", "tta"),
    (b"tBaK", "tak"),
    (b"OFR ", "optimfrog"),
    (b"\x1aE\xdf\xa3", "matroska"),
    (b"caff", "caf"),
    (b"\x0bw", "ac3"),
    (_ASF_GUID, "asf"),
)

# what QuickTime files without a type begin with
_OLD_ATOMS: Final[frozenset[bytes]] = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip"})

_OGG_PACKETS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\x01vorbis", "vorbis"),
    (b"OpusHead", "opus"),
    (b"\x7fFLAC", "oggflac"),
    (b"Speex   ", "speex"),
    # streams that lie beside one of audio, which the reader finds
    (b"fishead\0", "vorbis"),
    (b"\x80theora", "vorbis"),
)

# Content that is certainly something else, whatever the name says.
_OTHER_CONTENT: Final[tuple[bytes, ...]] = (
    b"\x89PNG\r\n", b"GIF8", b"%PDF-", b"PK\x03\x04", b"\x7fELF", b"MZ\x90", b"Rar!", b"7z\xbc\xaf",
    b"\x1f\x8b\x08", b"<!DOCTYPE", b"<!doctype", b"<html", b"<?xml", b"#EXTM3U",
)  # fmt: skip


def suffix_of(name: bytes | str) -> str:
    """Return the lower-case suffix of a file name without its dot; empty for none and for names like `.mp3`."""
    text = name.decode("utf-8", "replace") if isinstance(name, bytes) else name
    stem, dot, suffix = text.rpartition("/")[2].rpartition(".")
    return suffix.lower() if dot and stem else ""


def is_audio(name: bytes | str) -> bool:
    """Return whether the name announces an audio file, and no leftover of macOS."""
    text = name.decode("utf-8", "replace") if isinstance(name, bytes) else name
    # macOS writes "._song.mp3" beside "song.mp3" on the file systems of others: a resource fork, not audio.
    return suffix_of(text) in SUFFIX_KINDS and not text.rpartition("/")[2].startswith("._")


def kind_of_suffix(name: bytes | str) -> str | None:
    """Return the kind that the name announces."""
    return SUFFIX_KINDS.get(suffix_of(name))


def sniff(head: bytes) -> str | None:
    """Return the kind of audio by its first bytes, None when they do not tell; an ID3v2 tag tells nothing."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head.startswith(b"OggS"):
        return _sniff_ogg(head)
    if head[4:8] == b"ftyp" or (head[4:8] in _OLD_ATOMS and not head[0]):
        return "mp4"
    if head[:4] in {b"RIFF", b"RF64", b"BW64"} and head[8:12] == b"WAVE":
        return "wav"
    if head.startswith(b"FORM") and head[8:12] in {b"AIFF", b"AIFC"}:
        return "aiff"
    if head.startswith(b"FRM8") and head[12:16] == b"DSD ":
        return "dff"
    return _sniff_mpeg(head)


def is_other_content(head: bytes) -> bool:
    """Return whether the first bytes are certainly not audio (a picture, an archive, a web page)."""
    return head.startswith(_OTHER_CONTENT) or head[:3] == b"\xff\xd8\xff"


def _sniff_ogg(head: bytes) -> str | None:
    if len(head) < 28:
        return None
    packet = head[27 + head[26] :]
    for magic, kind in _OGG_PACKETS:
        if packet.startswith(magic):
            return kind
    return None


def _sniff_mpeg(head: bytes) -> str | None:
    if len(head) < 4 or head[0] != 0xFF:
        return None
    second, third = head[1], head[2]
    if second & 0xF6 == 0xF0:
        return "aac"  # ADTS: twelve sync bits and layer 0
    valid = second & 0xE0 == 0xE0 and second & 0x18 != 0x08 and second & 0x06
    return "mp3" if valid and third & 0xF0 not in {0x00, 0xF0} and third & 0x0C != 0x0C else None
