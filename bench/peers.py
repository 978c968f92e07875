"""Other servers that scan the same files, where they are installed, each with settings of its own."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.processes import environment

_START_SECONDS = 30.0
_SCAN_SECONDS = 3600.0


@dataclass(frozen=True)
class PeerTimes:
    """The seconds of a first scan and of one without any change; None where there is no such thing."""

    first: float
    again: float | None


class PeerFailed(Exception):
    """A peer is installed, but did not do what was asked."""


def measure_peer(name: str, root: Path) -> PeerTimes | None:
    """The times of one peer; None when it is not installed."""
    program, measure = PEERS[name]
    if shutil.which(program) is None:
        return None
    with tempfile.TemporaryDirectory(prefix="nd-peer-") as folder:
        return measure(root, Path(folder))


def _mpd(root: Path, folder: Path) -> PeerTimes:
    """MPD without sound: `update` over its protocol, from the start of the process to the end of the update."""
    address = folder / "socket"
    config = folder / "mpd.conf"
    config.write_text(
        f'music_directory "{root}"\ndb_file "{folder}/database"\nlog_file "{folder}/log"\n'
        f'bind_to_address "{address}"\nauto_update "no"\naudio_output {{\n type "null"\n name "none"\n}}\n'
    )
    started = time.monotonic()
    with _running(["mpd", "--no-daemon", str(config)]), _connected(address) as stream:
        _mpd_update(stream)
        first = time.monotonic() - started
        started = time.monotonic()
        _mpd_update(stream)
        return PeerTimes(first, time.monotonic() - started)


@contextlib.contextmanager
def _running(argv: list[str]) -> Iterator[None]:
    process = subprocess.Popen(argv, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def _connected(address: Path) -> Iterator[io.BufferedRWPair]:
    with socket.socket(socket.AF_UNIX) as connection:
        limit = time.monotonic() + _START_SECONDS
        while True:
            try:
                connection.connect(str(address))
                break
            except OSError as error:
                if time.monotonic() > limit:
                    raise PeerFailed("MPD does not answer.") from error
                time.sleep(0.01)
        with connection.makefile("rwb") as stream:
            stream.readline()
            yield stream


def _mpd_update(stream: io.BufferedRWPair) -> None:
    _mpd_ask(stream, "update")
    limit = time.monotonic() + _SCAN_SECONDS
    while any(line.startswith(b"updating_db") for line in _mpd_ask(stream, "status")):
        if time.monotonic() > limit:
            raise PeerFailed("MPD does not end its update.")
        time.sleep(0.02)


def _mpd_ask(stream: io.BufferedRWPair, command: str) -> list[bytes]:
    stream.write(command.encode() + b"\n")
    stream.flush()
    lines: list[bytes] = []
    while not lines or not lines[-1].startswith((b"OK", b"ACK")):
        if not (line := stream.readline()):
            raise PeerFailed("MPD has gone away.")
        lines.append(line)
    if lines[-1].startswith(b"ACK"):
        raise PeerFailed(lines[-1].decode())
    return lines


def _minidlna(root: Path, folder: Path) -> PeerTimes:
    """MiniDLNA in the foreground, until its log says that the scan has finished; it never looks again by itself."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "minidlna.conf"
    config.write_text(
        f"port={port}\nnetwork_interface=lo\nmedia_dir=A,{root}\ndb_dir={folder}\nlog_dir={folder}\ninotify=no\n"
        "log_level=general,artwork,database,inotify,scanner,metadata,http,ssdp,tivo=info\n"
    )
    started = time.monotonic()
    argv = ["minidlnad", "-S", "-f", str(config), "-P", str(folder / "pid")]
    with _running(argv):
        _wait_for_line(folder / "minidlna.log", re.compile(rb"Scanning .* finished \(\d+ files\)"))
        return PeerTimes(time.monotonic() - started, None)


def _wait_for_line(log: Path, wanted: re.Pattern[bytes]) -> None:
    limit = time.monotonic() + _SCAN_SECONDS
    while time.monotonic() < limit:
        with contextlib.suppress(OSError):
            if wanted.search(log.read_bytes()):
                return
        time.sleep(0.05)
    raise PeerFailed("MiniDLNA does not end its scan.")


def _supysonic(root: Path, folder: Path) -> PeerTimes:
    """Supysonic's command line with a SQLite database of its own."""
    home = folder / "home"
    home.mkdir()
    (home / ".supysonic").write_text(f"[base]\ndatabase_uri = sqlite:///{folder}/database\n")
    env = environment(HOME=str(home))
    _silently(["supysonic-cli", "folder", "add", "music", str(root)], env)
    scan = ["supysonic-cli", "folder", "scan", "--foreground", "music"]
    return PeerTimes(_silently(scan, env), _silently(scan, env))


def _beets(root: Path, folder: Path) -> PeerTimes:
    """`beet import` as it is, without asking, copying or the network."""
    config = folder / "config.yaml"
    config.write_text(
        f"directory: {root}\nlibrary: {folder}/library.db\nstatefile: {folder}/state\nplugins: []\n"
        "import:\n  copy: no\n  write: no\n  autotag: no\n  quiet: yes\n  incremental: yes\n  resume: no\n"
    )
    argv = ["beet", "-c", str(config), "import", "-q", "-A", str(root)]
    env = environment(BEETSDIR=str(folder))
    return PeerTimes(_silently(argv, env), _silently(argv, env))


def _silently(argv: list[str], env: dict[str, str]) -> float:
    """The seconds that a command takes; raises PeerFailed."""
    started = time.monotonic()
    try:
        subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    except subprocess.CalledProcessError as error:
        words = error.stderr.decode(errors="replace").strip().splitlines()
        raise PeerFailed(words[-1] if words else f"exit code {error.returncode}") from error
    return time.monotonic() - started


PEERS: dict[str, tuple[str, Callable[[Path, Path], PeerTimes]]] = {
    "mpd": ("mpd", _mpd),
    "MiniDLNA": ("minidlnad", _minidlna),
    "Supysonic": ("supysonic-cli", _supysonic),
    "beets": ("beet", _beets),
}


def main() -> None:
    """`python -m bench.peers NAME ROOT`: one peer alone."""
    print(measure_peer(sys.argv[1], Path(sys.argv[2])))


if __name__ == "__main__":
    main()
