"""The smallest files of every format, made from bytes."""

from __future__ import annotations

import io
import struct
import wave
from typing import Any

from mutagen.ogg import OggPage

# The library's constructors are not annotated.
new_page: Any = OggPage

MP3_FRAME = b"\xff\xfb\x90\x64" + bytes(413)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)
JPEG = b"\xff\xd8\xff\xe0" + bytes(60)


def mp3(frames: int = 40) -> bytes:
    """MPEG 1 layer 3, 128 kbit/s, 44.1 kHz, about 26 ms a frame."""
    return MP3_FRAME * frames


def wav(seconds: float = 1.0) -> bytes:
    """16-bit stereo PCM at 8 kHz."""
    target = io.BytesIO()
    with wave.open(target, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(range(256)) * int(seconds * 125))
    return target.getvalue()


def flac_info(samples: int = 96000 * 2) -> bytes:
    """A STREAMINFO block: 96 kHz, stereo, 24 bits."""
    packed = 96000 << 44 | 1 << 41 | 23 << 36 | samples
    return struct.pack(">HH", 4096, 4096) + bytes(6) + packed.to_bytes(8, "big") + b"0123456789abcdef"


def flac(audio: bytes = b"\xff\xf8" + bytes(range(256)) * 40) -> bytes:
    """Two seconds of FLAC as far as the header tells."""
    info = flac_info()
    return b"fLaC\x80" + len(info).to_bytes(3, "big") + info + audio


def ogg(headers: list[bytes], granule: int, packets: int = 10) -> bytes:
    """A stream of header packets and some packets of "sound"."""
    pages = []
    groups = [[headers[0]], headers[1:], [bytes([number]) * 50 for number in range(packets)]]
    for number, group in enumerate(groups):
        page: Any = new_page()
        page.serial, page.sequence, page.packets = 7, number, group
        page.position = granule if number == 2 else 0
        page.first, page.last = number == 0, number == 2
        pages.append(page.write())
    return b"".join(pages)


def comment_block() -> bytes:
    """An empty Vorbis comment block."""
    return struct.pack("<I4sI", 4, b"test", 0)


def vorbis() -> bytes:
    """Two seconds of Ogg Vorbis."""
    first = b"\x01vorbis" + struct.pack("<IBIiiiBB", 0, 2, 44100, 0, 192000, 0, 0xB8, 1)
    return ogg([first, b"\x03vorbis" + comment_block() + b"\x01", b"\x05vorbis" + bytes(20)], 88200)


def opus() -> bytes:
    """Two seconds of Ogg Opus."""
    first = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 0, 48000, 0, 0)
    return ogg([first, b"OpusTags" + comment_block()], 96000)


def speex() -> bytes:
    """Two seconds of Ogg Speex."""
    fields = struct.pack("<13i", 1, 80, 16000, 1, 4, 1, 28000, 320, 0, 1, 0, 0, 0)
    return ogg([b"Speex   " + b"1.2".ljust(20, b"\0") + fields, comment_block()], 32000)


def oggflac() -> bytes:
    """Two seconds of FLAC in Ogg."""
    info = flac_info()
    first = b"\x7fFLAC\x01\x00\x00\x01fLaC\x00" + len(info).to_bytes(3, "big") + info
    block = comment_block()
    return ogg([first, b"\x84" + len(block).to_bytes(3, "big") + block], 96000 * 2)


def atom(name: bytes, *content: bytes) -> bytes:
    """An MP4 atom."""
    body = b"".join(content)
    return struct.pack(">I", len(body) + 8) + name + body


def mp4(audio: bytes = bytes(range(256)) * 64) -> bytes:
    """Two seconds of AAC in MP4 as far as the header tells."""
    mvhd = atom(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 1000, 2000), bytes(80))
    mdhd = atom(b"mdhd", struct.pack(">IIIIII", 0, 0, 0, 44100, 88200, 0))
    hdlr = atom(b"hdlr", bytes(8), b"soun", bytes(13))
    entry = atom(b"mp4a", bytes(6), struct.pack(">H8xHHHHI", 1, 2, 16, 0, 0, 44100 << 16), atom(b"free", bytes(4)))
    stsd = atom(b"stsd", struct.pack(">II", 0, 1), entry)
    trak = atom(b"trak", atom(b"mdia", mdhd, hdlr, atom(b"minf", atom(b"stbl", stsd))))
    return atom(b"ftyp", b"M4A \0\0\0\0M4A ") + atom(b"moov", mvhd, trak) + atom(b"mdat", audio)


def aac(frames: int = 20) -> bytes:
    """ADTS frames of 200 bytes, 44.1 kHz stereo."""
    size = 200
    head = bytes([0xFF, 0xF1, 0x50, 0x80 | size >> 11, size >> 3 & 0xFF, (size & 7) << 5 | 0x1F, 0xFC])
    return (head + bytes(size - 7)) * frames


def aiff() -> bytes:
    """One second of 16-bit stereo at 44.1 kHz."""
    rate = (16383 + 15).to_bytes(2, "big") + (44100 << 48).to_bytes(8, "big")
    comm = b"COMM" + struct.pack(">IHIH", 18, 2, 44100, 16) + rate
    sound = bytes(range(256)) * 689
    ssnd = b"SSND" + struct.pack(">III", len(sound) + 8, 0, 0) + sound
    return b"FORM" + struct.pack(">I", 4 + len(comm) + len(ssnd)) + b"AIFF" + comm + ssnd


def dsf() -> bytes:
    """One second of DSD64 as far as the header tells."""
    sound = bytes(range(256)) * 32
    fmt = b"fmt " + struct.pack("<QIIIIIIQII", 52, 1, 0, 2, 2, 2822400, 1, 2822400, 4096, 0)
    data = b"data" + struct.pack("<Q", 12 + len(sound)) + sound
    return b"DSD " + struct.pack("<QQQ", 28, 28 + len(fmt) + len(data), 0) + fmt + data


def asf_object(guid: str, body: bytes) -> bytes:
    return bytes.fromhex(guid) + struct.pack("<Q", 24 + len(body)) + body


def asf_stream(number: int = 0x161, *, channels: int = 2, depth: int = 16) -> bytes:
    """The description of a stream of Windows Media Audio."""
    sound = struct.pack("<HHIIHH", number, channels, 44100, 16000, 1, depth)
    audio = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")
    return asf_object("9107dcb7b7a9cf118ee600c00c205365", audio + bytes(38) + sound)


def asf(*streams: bytes, seconds: float = 2.0, packets: bytes = bytes(range(250)) * 16, packet: int = 3200) -> bytes:
    """Two seconds of Windows Media Audio as far as the header tells."""
    properties = asf_object(
        "a1dcab8c47a9cf118ee400c00c205365",
        bytes(40) + struct.pack("<QQQIIII", int(seconds * 10_000_000), 0, 0, 2, packet, packet, 128000),
    )
    extension = asf_object("b503bf5f2ea9cf118ee300c00c205365", bytes(16) + struct.pack("<HI", 6, 0))
    parts = properties + b"".join(streams or (asf_stream(),)) + extension
    header = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + struct.pack("<QIBB", 30 + len(parts), 3, 1, 2) + parts
    return header + bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c") + struct.pack("<Q", 4000) + packets


def monkeys() -> bytes:
    """About two seconds of Monkey's Audio as far as the header tells."""
    head = b"MAC " + struct.pack("<HHIIIIIII", 3990, 0, 52, 24, 0, 0, 0, 0, 0) + bytes(16)
    return head + struct.pack("<HHIIIHHI", 2000, 0, 73728, 14472, 2, 16, 2, 44100) + bytes(range(256)) * 8


def wavpack() -> bytes:
    """One block of WavPack, a second of 16-bit stereo at 44.1 kHz."""
    flags = 1 | 9 << 23
    return b"wvpk" + struct.pack("<IHBBIIIII", 24 + 1000, 0x410, 0, 0, 44100, 0, 44100, flags, 0) + bytes(1000)


def musepack() -> bytes:
    """Musepack SV7 as far as the header tells."""
    return b"MP+\x07" + struct.pack("<II", 100, 0) + bytes(20) + bytes(range(256)) * 8


def musepack_endless() -> bytes:
    """Seven bytes of Musepack SV8: a packet without a size, at which a reader that trusts it turns for ever."""
    return b"MPCKAA\x00"


def id3_frame(name: bytes, payload: bytes, flags: int = 0) -> bytes:
    """An ID3v2.3 frame."""
    return name + struct.pack(">IH", len(payload), flags) + payload


def id3_tag(*frames: bytes, version: int = 3, flags: int = 0) -> bytes:
    """An ID3v2 tag around frames."""
    body = b"".join(frames)
    size = len(body)
    return b"ID3" + bytes([version, 0, flags, size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127]) + body


def ape_item(name: bytes, value: bytes, flags: int = 0) -> bytes:
    """An item of an APEv2 tag."""
    return struct.pack("<II", len(value), flags) + name + b"\0" + value


def ape_tag(*items: bytes, header: bool = True, footer: bool = True, count: int | None = None, more: int = 0) -> bytes:
    """An APEv2 tag around items; `count` and `more`, which is added to the size, make it lie."""
    body = b"".join(items)
    number = len(items) if count is None else count

    def end(flags: int) -> bytes:
        return b"APETAGEX" + struct.pack("<IIII8x", 2000, len(body) + 32 + more, number, flags)

    flags = (header << 31) | (not footer) << 30
    return (end(flags | 1 << 29) if header else b"") + body + (end(flags) if footer else b"")
