"""The isolated reader: every file ends in a result, and no file harms another or the caller."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from libraries.audio.pool.pool import ReaderPool, TagReader
from libraries.audio.pool.protocol import Conversion
from libraries.scanner.read.transport import USUAL_CONVERSION
from tests.support import audio
from tests.support.waiting import all_end, running

# answers with facts and tags come one by one, what is converted some at once
conversions = pytest.mark.parametrize("conversion", [None, USUAL_CONVERSION], ids=["read", "converted"])
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def pool() -> Iterator[ReaderPool]:
    with ReaderPool(2, timeout=1.0) as shared:
        yield shared


@pytest.mark.skipif(sys.platform != "linux", reason="the environment of a process is read in /proc")
def test_a_reader_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = (
        "ND_ADMIN_USER",
        "ND_ADMIN_PASSWORD",
        "REDIS_URL",
        "DATABASE_URL",
        "ND_MUSICFOLDER",
        "AWS_SECRET_ACCESS_KEY",
    )
    for name in secrets:
        monkeypatch.setenv(name, "hunter2-canary")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    with ReaderPool(1) as pool:
        assert list(pool.read_many([b"/nothing/here.mp3"]))
        (pid,) = pool.pids
        environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    assert b"LC_ALL=C.UTF-8" in environ
    assert not [entry for entry in environ if b"canary" in entry or entry.startswith((b"ND_", b"REDIS", b"DATABASE"))]


def songs(folder: Path, count: int) -> list[bytes]:
    paths = []
    for number in range(count):
        tag = audio.id3_tag(audio.id3_frame(b"TIT2", b"\0Song %d" % number))
        path = folder / f"song{number:03}.mp3"
        path.write_bytes(tag + audio.mp3(5))
        paths.append(bytes(path))
    return paths


def put(folder: Path, name: str, data: bytes) -> bytes:
    path = folder / name
    path.write_bytes(data)
    return bytes(path)


def outcomes(pool: ReaderPool, paths: list[bytes]) -> dict[bytes, str]:
    """The problem kind of each path ("" for none); each path has exactly one result."""
    results = list(pool.read_many(paths))
    assert sorted(result.path for result in results) == sorted(paths)
    assert all(bool(result.audio or result.converted) != bool(result.problem) for result in results)
    return {result.path: result.problem.kind if result.problem else "" for result in results}


def test_reads_every_file_once(pool: ReaderPool, tmp_path: Path) -> None:
    paths = songs(tmp_path, 200)
    results = {result.path: result.audio for result in pool.read_many(iter(paths))}
    titles = [audio.tags["title"] for path in paths if (audio := results[path]) is not None]
    assert titles == [[f"Song {number}"] for number in range(200)]
    assert len(pool.pids) == 2


def test_each_problem_has_its_kind(pool: ReaderPool, tmp_path: Path) -> None:
    good = songs(tmp_path, 3)
    loop = tmp_path / "loop.mp3"
    loop.symlink_to(loop)
    fifo = bytes(tmp_path / "fifo.mp3")
    os.mkfifo(fifo)
    folder = tmp_path / "folder.mp3"
    folder.mkdir()
    wanted = {
        put(tmp_path, "empty.mp3", b""): "empty",
        put(tmp_path, "picture.flac", audio.PNG): "unsupported",
        put(tmp_path, "garbage.flac", os.urandom(3000).replace(b"\xff", b"\0")): "corrupt",
        put(tmp_path, "cut.flac", audio.flac()[:40]): "corrupt",
        bytes(tmp_path / "absent.mp3"): "vanished",
        good[0] + b"/child.mp3": "vanished",
        bytes(tmp_path) + b"/nul\0.mp3": "encoding",
        bytes(tmp_path) + b"/" + b"x" * 300 + b".mp3": "io",
        b"/" + b"x/" * 9000: "io",
        bytes(loop): "io",
        fifo: "unsupported",
        bytes(folder): "unsupported",
        **dict.fromkeys(good, ""),
    }
    assert outcomes(pool, list(wanted)) == wanted


def test_name_that_is_not_utf8(pool: ReaderPool, tmp_path: Path) -> None:
    path = bytes(tmp_path) + b"/caf\xe9.mp3"
    with open(path, "wb") as file:
        file.write(audio.mp3())
    assert outcomes(pool, [path]) == {path: ""}


def test_unreadable_file(tmp_path: Path) -> None:
    """The readers run without the right of root to read everything."""
    paths = [*songs(tmp_path, 2), put(tmp_path, "secret.mp3", audio.mp3())]
    os.chmod(paths[2], 0)
    program = (
        "import ctypes, os, sys\n"
        # PR_CAPBSET_DROP of CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: holds for the programs that are started next.
        "for right in (1, 2) if os.getuid() == 0 else ():\n"
        "    assert ctypes.CDLL(None).prctl(24, right, 0, 0, 0) == 0\n"
        "from libraries.audio.pool.pool import ReaderPool\n"
        "with ReaderPool(1) as pool:\n"
        "    print([r.problem.kind if r.problem else '' for r in pool.read_many(map(os.fsencode, sys.argv[1:]))])\n"
    )
    command = [sys.executable, "-c", program, *map(os.fsdecode, paths)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "['', '', 'permission']", done.stderr


@conversions
def test_endless_file_is_the_only_problem(tmp_path: Path, conversion: Conversion | None) -> None:
    paths = songs(tmp_path, 60)
    endless = put(tmp_path, "endless.mpc", audio.musepack_endless())
    paths.insert(7, endless)
    started = time.monotonic()
    with ReaderPool(2, timeout=1.0, conversion=conversion) as pool:
        assert outcomes(pool, paths) == dict.fromkeys(paths, "") | {endless: "timeout"}
    assert time.monotonic() - started < 8


def test_exploding_frame_is_the_only_problem(tmp_path: Path) -> None:
    """A quarter megabyte of compressed zeros that unpacks to a thousand times its size."""
    machine = zlib.compressobj(9)
    packed = b"".join(machine.compress(bytes(1 << 20)) for _ in range(256)) + machine.flush()
    frame = audio.id3_frame(b"TIT2", b"\x40\0\0\0" + packed, flags=0x80)
    paths = songs(tmp_path, 30)
    bomb = put(tmp_path, "bomb.mp3", audio.id3_tag(frame) + audio.mp3())
    paths.insert(5, bomb)
    with ReaderPool(1) as pool:
        assert outcomes(pool, paths) == dict.fromkeys(paths, "") | {bomb: "memory"}


def test_memory_limit_of_the_process(tmp_path: Path) -> None:
    """A sparse file with a title of 200 MiB, in a process that may have little more."""
    paths = songs(tmp_path, 30)
    size = 200 << 20
    head = audio.id3_tag(audio.id3_frame(b"TIT2", b""))
    sizes = bytes([size + 10 >> 21, (size + 10 >> 14) & 127, (size + 10 >> 7) & 127, size + 10 & 127])
    huge = put(tmp_path, "huge.mp3", head[:6] + sizes + head[10:14] + size.to_bytes(4, "big") + head[18:])
    with open(huge, "r+b") as file:
        file.truncate(len(head) + size)
        file.seek(0, os.SEEK_END)
        file.write(audio.mp3())
    paths.insert(5, huge)
    with ReaderPool(1, memory=256 << 20) as pool:
        assert outcomes(pool, paths) == dict.fromkeys(paths, "") | {huge: "memory"}


@conversions
def test_killed_process_costs_nothing(tmp_path: Path, conversion: Conversion | None) -> None:
    """A process that is killed once is replaced, and its files are all read."""
    paths = songs(tmp_path, 300)
    with ReaderPool(1, conversion=conversion) as pool:
        results = []
        for result in pool.read_many(paths):
            results.append(result)
            if len(results) == 20:
                (victim,) = pool.pids
                os.kill(victim, signal.SIGKILL)
        assert sorted(result.path for result in results) == paths
        assert all(result.audio or result.converted for result in results)
        assert pool.pids != [victim]
        assert not running(victim)


@conversions
def test_file_that_ends_its_process_twice_is_the_only_problem(tmp_path: Path, conversion: Conversion | None) -> None:
    """The file that was in hand both times when the process was killed is blamed; all others are read."""
    paths = songs(tmp_path, 40)
    deadly = put(tmp_path, "deadly.mpc", audio.musepack_endless())
    paths.insert(9, deadly)
    killed: dict[int, float] = {}

    def kill_what_hangs() -> bool:
        for pid in one.pids:
            if time.monotonic() - killed.setdefault(pid, time.monotonic()) > 2:
                os.kill(pid, signal.SIGKILL)
        return len(killed) > 3

    with ReaderPool(1, timeout=60, conversion=conversion) as one:
        results = list(one.read_many(paths, stop=kill_what_hangs))
        assert len(killed) == 3
        found = {result.path: result.problem.kind if result.problem else "" for result in results}
        assert found == dict.fromkeys(paths, "") | {deadly: "memory"}


def test_interrupt_leaves_the_processes_working(pool: ReaderPool, tmp_path: Path) -> None:
    paths = songs(tmp_path, 20)
    before = set(pool.pids)
    for pid in before:
        os.kill(pid, signal.SIGINT)
    assert set(outcomes(pool, paths).values()) == {""}
    assert before <= set(pool.pids)


def test_closing_the_iterator_ends_at_once(tmp_path: Path) -> None:
    endless = put(tmp_path, "endless.mpc", audio.musepack_endless())
    paths = [*songs(tmp_path, 3), endless, endless]
    with ReaderPool(1, timeout=60) as pool:
        iterator = pool.read_many(paths)
        next(iterator)
        (pid,) = pool.pids
        started = time.monotonic()
        iterator.close()
        assert time.monotonic() - started < 30  # not the sixty seconds of the file
        assert not running(pid)
        assert {result.problem for result in pool.read_many(paths[:3])} == {None}


def test_stop_ends_while_a_file_hangs(tmp_path: Path) -> None:
    endless = put(tmp_path, "endless.mpc", audio.musepack_endless())
    started = time.monotonic()
    with ReaderPool(1, timeout=60) as pool:
        assert list(pool.read_many([endless], stop=lambda: time.monotonic() - started > 1)) == []
    assert time.monotonic() - started < 30


def test_slow_consumer_is_not_a_slow_file(tmp_path: Path) -> None:
    paths = songs(tmp_path, 120)
    with ReaderPool(2, timeout=0.5) as pool:
        problems = []
        for number, result in enumerate(pool.read_many(paths)):
            problems.append(result.problem)
            if number % 40 == 0:
                time.sleep(0.8)
    assert problems == [None] * 120


def test_paths_are_drawn_as_they_are_needed(tmp_path: Path) -> None:
    (song,) = songs(tmp_path, 1)
    drawn = 0

    def source() -> Iterator[bytes]:
        nonlocal drawn
        for _ in range(10_000):
            drawn += 1
            yield song

    with ReaderPool(2) as pool:
        iterator = pool.read_many(source())
        next(iterator)
        assert drawn <= 200
        iterator.close()


def test_nothing_survives_the_parent(tmp_path: Path) -> None:
    """Also a child that is stuck in a file ends with its parent."""
    endless = put(tmp_path, "endless.mpc", audio.musepack_endless())
    program = (
        "import os, sys, threading, time\n"
        "from libraries.audio.pool.pool import ReaderPool\n"
        "pool = ReaderPool(2, timeout=60)\n"
        "paths = [os.fsencode(sys.argv[1])] * 40\n"
        "def tell():\n"
        "    time.sleep(1.5)\n"
        "    print(*pool.pids, flush=True)\n"
        "threading.Thread(target=tell, daemon=True).start()\n"
        "list(pool.read_many(paths))\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, os.fsdecode(endless)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    try:
        pids = [int(text) for text in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(running(pid) for pid in pids)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    assert all_end(pids)


def test_closing_leaves_no_process_and_no_descriptor(tmp_path: Path) -> None:
    paths = songs(tmp_path, 5)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        pool = ReaderPool(2)
        list(pool.read_many(paths * 20))
        pids = pool.pids
        pool.close()
        assert not any(running(pid) for pid in pids)
    assert len(os.listdir("/proc/self/fd")) == before


def test_children_inherit_no_descriptor(tmp_path: Path) -> None:
    (song,) = songs(tmp_path, 1)
    with open(tmp_path / "held", "wb") as held, ReaderPool(1) as pool:
        os.set_inheritable(held.fileno(), True)
        list(pool.read_many([song]))
        (pid,) = pool.pids
        links = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
        assert not any("held" in link for link in links)


def test_source_that_fails_leaves_the_pool_usable(pool: ReaderPool, tmp_path: Path) -> None:
    paths = songs(tmp_path, 3)

    def source() -> Iterator[bytes]:
        yield paths[0]
        raise LookupError("walk failed")

    with pytest.raises(LookupError):
        list(pool.read_many(source()))
    assert set(outcomes(pool, paths).values()) == {""}


def test_mutations_all_end_in_a_result(tmp_path: Path) -> None:
    """Two thousand files with one changed byte."""
    dice = random.Random(20)
    makers = {
        "mp3": lambda: audio.id3_tag(audio.id3_frame(b"TIT2", b"\x01\xff\xfeA\0B\0")) + audio.mp3(6),
        "wav": lambda: audio.wav(0.05), "flac": audio.flac, "ogg": audio.vorbis, "opus": audio.opus,
        "spx": audio.speex, "oga": audio.oggflac, "m4a": audio.mp4, "aac": audio.aac, "aif": audio.aiff,
        "dsf": audio.dsf, "wma": audio.asf, "ape": audio.monkeys, "wv": audio.wavpack, "mpc": audio.musepack,
    }  # fmt: skip
    originals = {suffix: make()[:6000] for suffix, make in makers.items()}
    paths = []
    for number in range(2000):
        suffix = dice.choice(list(originals))
        data = bytearray(originals[suffix])
        # Most of what matters stands in the first few hundred bytes.
        data[dice.randrange(min(len(data), 300 if number % 3 else 6000))] = dice.randrange(256)
        paths.append(put(tmp_path, f"{number}.{suffix}", bytes(data)))
    with ReaderPool(2, timeout=5) as pool:
        kinds = outcomes(pool, paths)
        assert list(kinds.values()).count("") > 1000
        hashed = list(pool.read_fingerprints(paths))
    assert sorted(result.path for result in hashed) == sorted(paths)
    assert all((result.fingerprint is None) != (result.problem is None) for result in hashed)


def test_works_inside_a_daemonic_process(tmp_path: Path) -> None:
    """Where multiprocessing itself refuses to start children, as in the workers of a task queue."""
    program = (
        "import multiprocessing, os, sys\n"
        "from libraries.audio.pool.pool import ReaderPool\n"
        "def work():\n"
        "    with ReaderPool(2) as pool:\n"
        "        found = sum(r.audio is not None for r in pool.read_many(map(os.fsencode, sys.argv[1:])))\n"
        "        print(found, multiprocessing.current_process().daemon, flush=True)\n"
        "process = multiprocessing.get_context('fork').Process(target=work, daemon=True)\n"
        "process.start()\n"
        "process.join(30)\n"
    )
    command = [sys.executable, "-c", program, *map(os.fsdecode, songs(tmp_path, 30))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["30", "True"], done.stderr


def test_single_reader(tmp_path: Path) -> None:
    picture = audio.id3_frame(b"APIC", b"\0image/png\0\x03\0" + audio.PNG)
    tag = audio.id3_tag(audio.id3_frame(b"TIT2", b"\0Title"), picture)
    path = put(tmp_path, "a.mp3", tag + audio.mp3())
    with TagReader() as reader:
        found = reader.read(path).audio
        assert found is not None
        assert found.tags == {"title": ["Title"]}
        bare = put(tmp_path, "b.mp3", audio.mp3())
        assert reader.read_fingerprint(path).fingerprint == reader.read_fingerprint(bare).fingerprint is not None
        assert reader.read_picture(path) == (audio.PNG, "image/png")
        assert reader.read_raw_tags(path)["TIT2"] == ["Title"]
