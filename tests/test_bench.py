"""The benchmark measures what it says, over a library that is small enough for a test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench import catalog, network, pages, rounds
from bench.__main__ import measure, measure_all, parse
from bench.calls import CALLS, calls_part, measure_in_turns, server_with_catalog
from bench.corpus import make_corpus
from bench.crowds import Times, crowds_part, measure_beside
from bench.databases import POSTGRESQL, SQLITE, databases
from bench.first_scan import first_scan_text, measure_first_scan
from bench.idle import Idle, Peak, Process, idle_text, stamps, turns_of, use_of
from bench.lists import Answer, lists_part, split
from bench.peers import PEERS, PeerTimes, measure_peer
from bench.processes import REPOSITORY, Measured, Memory, ProcessFailed, run_module
from bench.report import page, section_text
from bench.rounds import PeerRow
from bench.serving import Answers, Served, middle_of
from libraries.models import MediaFile
from tests.support.waiting import all_end

pytestmark = pytest.mark.servers

TRACKS = 40
# so long that what a busy machine adds is less
DELAY_MS = 20


def test_the_command_measures_a_small_library(tmp_path: Path, new_database: Path) -> None:
    options = parse(["--rounds", "1", "--corpus", str(tmp_path), "--no-peers"])
    with databases([SQLITE], migrated=new_database) as fresh:
        section = measure(options, TRACKS, fresh)
    assert [(row.database, row.kind) for row in section.rows] == [
        (SQLITE, rounds.FIRST), (SQLITE, rounds.AGAIN), (SQLITE, rounds.CHANGED), (SQLITE, rounds.FIRST_BY_MUTAGEN),
    ]  # fmt: skip
    for row in section.rows:
        assert row.seconds > row.scan_seconds > 0
        assert row.cpu >= row.own_cpu > 0
        assert row.queries > 0
        assert row.ratio > 0
    assert section.rows[0].megabytes > section.rows[1].megabytes > 0  # the first scan has readers
    assert set(section.floors) == {rounds.MUTAGEN, rounds.MUTAGEN_TOO, rounds.STAT}
    assert {path.suffix for path in tmp_path.glob("*-wma-*/**/*.*")} == {".wma", ".ape", ".mpc", ".dsf"}
    text = page([section_text(replace(section, peers={"mpd": None, "beets": PeerRow(1.5, None, 0.5, 2.0)}))], 0.5)
    assert f"## {TRACKS} files, 1 rounds" in text
    assert "| SQLite | first scan |" in text
    assert "| SQLite | first scan, formats of mutagen |" in text
    assert "| mpd | not installed |" in text
    assert "| beets | 1.50 |  | 0.5 × as fast | 2.0 × |" in text


@pytest.fixture
def latencyfs() -> None:
    """The delaying file system can be had here."""
    try:
        network.build_latencyfs()
    except network.NoDelay as reason:
        pytest.skip(str(reason))


@pytest.mark.alike
@pytest.mark.usefixtures("latencyfs")
def test_delayed_storage_shows_the_same_files_and_takes_none(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "music", 12)
    (corpus.root / "link.mp3").symlink_to("nowhere")
    disk = tmp_path / "disk"
    disk.mkdir()
    for arm_at in (None, disk):
        with network.delayed(corpus.root, 1, arm_at=arm_at) as mounted:
            root = mounted.root
            found = {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
            assert found == {path.relative_to(corpus.root): path.read_bytes() for path in corpus.files()}
            assert (root / "link.mp3").readlink() == Path("nowhere")
            assert mounted.operations()["open"] == 12
            folders = list(os.walk(root))
            assert mounted.operations()["folder"] == len(folders)
            with pytest.raises(OSError, match="Read-only"):
                (root / "new").write_text("")
        assert not arm_at or root == arm_at
        assert not root.exists() or not any(root.iterdir())


@pytest.mark.alike
@pytest.mark.usefixtures("latencyfs")
def test_scans_behind_a_delay_are_measured(tmp_path: Path, new_database: Path) -> None:
    corpus = make_corpus(tmp_path, TRACKS)
    with databases([SQLITE], migrated=new_database) as fresh:
        one = network.measure_network(corpus, fresh, 0, (), delays_ms=(DELAY_MS,), forgotten_seconds=0)
    rows = network.summarise_network([one])
    assert [(row.delay_ms, row.kind) for row in rows] == [
        (DELAY_MS, kind) for kind in (rounds.FIRST, rounds.AGAIN, rounds.CHANGED)
    ]
    assert all(row.seconds > 0 < row.floor for row in rows)
    assert one.floors[DELAY_MS, network.READ] > one.floors[DELAY_MS, network.LIST] > 0
    # a scan without a change looks at the root twice more
    assert one.operations[SQLITE, DELAY_MS, rounds.AGAIN] <= one.operations[DELAY_MS, network.LIST] + 3
    assert one.scans[SQLITE, DELAY_MS, rounds.FIRST] in [row.seconds for row in rows]
    text = network.network_part([one], TRACKS, "Today.")
    assert f"| SQLite | {DELAY_MS} ms | first scan |" in text
    assert network.split_network(f"scans\n{text}") == ("scans\n", text)
    assert "| 1 | SQLite | local disk | first scan |" in network.round_lines([one])


def test_a_scan_behind_a_delay_is_compared_with_what_is_slower() -> None:
    one = network.NetworkRound(
        scans={(SQLITE, None, rounds.FIRST): 2.0, (SQLITE, 1, rounds.FIRST): 3.0, (SQLITE, 1, rounds.AGAIN): 0.5},
        floors={(1, network.LIST): 0.25, (1, network.READ): 1.0},
        peers={(1, "mpd"): PeerTimes(4.0, 1.0), (1, "beets"): None},
        one_arm={rounds.AGAIN: network.OneArm(4.0, 5.0)},
    )
    assert [row.ratio for row in network.summarise_network([one])] == [1.5, 2.0]
    one.floors[1, network.READ] = 6.0
    assert [row.ratio for row in network.summarise_network([one])] == [0.5, 2.0]
    one.scans[SQLITE, 0, rounds.FIRST], one.floors[0, network.READ] = 12.0, 3.0
    assert {row.delay_ms: row.ratio for row in network.summarise_network([one]) if row.kind == rounds.FIRST} == {
        1: 0.25,
        0: 4.0,
    }
    text = network.network_part([one], TRACKS, "Today.")
    assert "mpd: 1 ms 4.00 s, no change 1.00 s." in text
    assert (
        "A disk with one arm, 5 ms for each operation: no change 4.00 s, with one in flight 5.00 s, ratio 0.80." in text
    )
    assert "beets: not installed." in text
    assert "Local disk, SQLite: first scan 2.00 s." in text


def test_a_peer_is_compared_within_its_round() -> None:
    done = [
        rounds.Round(
            scans={
                (SQLITE, rounds.FIRST): Measured(own, 1, {"seconds": own / 2}),
                (POSTGRESQL, rounds.FIRST): Measured(own * 2, 1, {"seconds": own}),
                (SQLITE, rounds.AGAIN): Measured(0.1, 1, {"seconds": 0.1}),
            },
            peers={"mpd": PeerTimes(peer, 0.5), "beets": None},
        )
        for own, peer in ((2.0, 4.0), (4.0, 8.0), (10.0, 40.0))
    ]
    assert rounds.summarise_peers(done) == {"mpd": rounds.PeerRow(8.0, 0.5, 2.0, 4.0), "beets": None}


def test_the_answers_of_a_server_are_measured_while_it_scans(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], new_database: Path
) -> None:
    arguments = ["--tracks", str(TRACKS), "--database", SQLITE, "--corpus", str(tmp_path), "--rounds", "1"]
    first, text = measure_all(parse(arguments), scans=lambda *_: "the scans", idle_seconds=0.5, migrated=new_database)
    assert first == "the scans"
    assert text in capsys.readouterr().out
    (row,) = (line for line in text.splitlines() if line.startswith("| SQLite"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert float(cells[1]) > 1
    assert float(cells[2]) > 1
    assert cells[7] == "0"  # every answer was what it should be


@pytest.mark.skipif(sys.platform != "linux", reason="the counters and the addresses are those of Linux")
def test_single_requests_are_measured_alone_and_beside_a_crowd(tmp_path: Path, new_database: Path) -> None:
    with server_with_catalog(REPOSITORY, tmp_path, libraries=1, migrated=new_database) as asked:
        (spent,) = measure_in_turns([asked], 1, block=10)
        crowded = measure_beside(asked, 1, streams=3, readers=2, requests=22)
    assert list(spent) == [each.name for each in CALLS]
    assert all(0 < milliseconds < 1000 for milliseconds in spent.values())
    text = calls_part([spent, {name: 2 * milliseconds for name, milliseconds in spent.items()}], "today")
    assert len([line for line in text.splitlines() if line.endswith("| 50% |")]) == len(CALLS) + 1
    assert 0 < crowded.alone.middle <= crowded.alone.p99
    assert crowded.cut == 0
    twice = replace(crowded, beside=Times(2 * crowded.alone.middle, 3 * crowded.alone.p99))
    assert "| ratio | 2.0 × | 3.0 × | |" in crowds_part(twice, "today")


def test_of_several_rounds_the_middle_counts() -> None:
    def served(number: float) -> Served:
        answers = Answers(number, number, number, bad=1)
        return Served(SQLITE, answers, answers, number)

    middle = middle_of([served(number) for number in (9.0, 1.0, 2.0)])
    assert middle == Served(SQLITE, Answers(2.0, 2.0, 2.0, 3), Answers(2.0, 2.0, 2.0, 3), 2.0)


@pytest.mark.django_db
@pytest.mark.alike
def test_the_lists_of_a_small_catalog_are_measured() -> None:
    catalog.fill(300)
    assert MediaFile.objects.in_catalog().count() == 300
    assert 0 < MediaFile.objects.missing().count() < 100
    answers = [Answer(*one) for one in pages.measure(only="songs", rounds=1)]
    kinds = {(one.where, one.kind) for one in answers}
    assert {("songs", "first page"), ("songs", "filtered"), ("songs", "search: a rare word")} <= kinds
    assert all(one.milliseconds > 0 and 0 < one.queries < 12 for one in answers)
    text = lists_part({SQLITE: answers}, 300, "today")
    assert "## 300 songs" in text
    assert "| songs, of one library | search: a rare word |" in text


def test_each_part_of_the_page_stays_when_the_other_is_written() -> None:
    lists = lists_part({SQLITE: [Answer("songs", "sorted", "name", 301.0, 4)]}, 300, "today")
    assert "SQLite: 0 of 1 requests in less than 300 ms." in lists
    scans = "# Benchmarks\n\nof scans\n\n"
    assert split(scans + lists) == (scans, lists)
    assert split(scans) == (scans, "")


def test_the_same_library_is_made_for_everybody_and_made_once(tmp_path: Path) -> None:
    first, second = make_corpus(tmp_path / "a", TRACKS), make_corpus(tmp_path / "b", TRACKS)
    contents = [
        {path.relative_to(each.root): (path.read_bytes(), path.stat().st_mtime_ns) for path in each.files()}
        for each in (first, second)
    ]
    assert len(contents[0]) == TRACKS
    assert contents[0] == contents[1]
    before = {path: path.stat().st_ino for path in first.files()}
    make_corpus(tmp_path / "a", TRACKS)
    assert {path: path.stat().st_ino for path in first.files()} == before


def test_every_turn_changes_other_files(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path, 200)
    times = {path: path.stat().st_mtime_ns for path in corpus.files()}
    assert [corpus.change_some(turn) for turn in (0, 1)] == [2, 2]
    assert sum(path.stat().st_mtime_ns != times[path] for path in corpus.files()) == 4


def test_memory_counts_the_children_too() -> None:
    grow = "x = bytearray(60_000_000); import time; time.sleep(0.5)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grow!r}])"
    process = subprocess.Popen([sys.executable, "-c", parent])
    with Memory(process.pid) as memory:
        process.wait()
    if sys.platform == "linux":
        assert memory.megabytes > 60


def test_a_process_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match="KeyError: 'nonsense'"):
        run_module("bench.floors", "nonsense", str(tmp_path))


def test_peers_without_names_are_all() -> None:
    assert parse([]).peers == parse(["--peers"]).peers == list(PEERS)
    assert parse(["--peers", "mpd"]).peers == ["mpd"]
    assert parse(["--no-peers"]).peers == []


def test_a_peer_that_is_not_there_has_no_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [measure_peer(name, tmp_path) for name in PEERS] == [None] * len(PEERS)


def test_the_use_of_a_process_tree_has_its_children(tmp_path: Path) -> None:
    hungry = "held = bytearray(50_000_000); sum(range(3_000_000)); print('up', flush=True); input()"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hungry!r}])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        with Peak(process.pid) as peak:
            used, turns = use_of(process.pid), turns_of(process.pid)
        process.communicate(b"\n")
    assert used.cpu > 0.01
    assert [turn.cpu > 0.01 for turn in turns.values()] == [True, True]
    assert any(turn.wakes > 0 for turn in turns.values())
    assert 100 > peak.megabytes > 50


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_a_measured_server_ends_with_the_bench(number: signal.Signals) -> None:
    code = (
        "import time; from bench.__main__ import end_by_signals; from bench.processes import running\n"
        "end_by_signals()\nwith running(['sleep', '60'], env={}) as server:\n"
        "    print(server.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as bench:
        assert bench.stdout is not None
        server = int(bench.stdout.readline())
        os.kill(server, 0)
        bench.send_signal(number)
        bench.wait()
    assert all_end([server], seconds=10)


@pytest.mark.alike
@pytest.mark.django_db
def test_a_first_scan_is_measured_from_its_request_on(tmp_path: Path, new_database: Path) -> None:
    corpus = make_corpus(tmp_path, 12)
    with databases([SQLITE], migrated=new_database) as fresh:
        found = measure_first_scan(corpus, fresh[SQLITE], 1, loops=1)
    (quiet,), (busy,), (parts,) = found.quiet, found.busy, found.parts
    for one in (quiet, busy):
        assert one.whole > one.queued + one.scan > one.scan > 0 < one.answered
    assert found.ratio == busy.whole / quiet.whole
    assert min(parts.start, parts.tags, parts.mapping, parts.statements, parts.rest) > 0
    text = first_scan_text(found, "Today.")
    assert f"| all | {quiet.whole:.2f} | {busy.whole:.2f} |" in text
    assert f"| scan: statements of SQL | {parts.statements:.2f} |" in text


def test_a_file_that_was_written_to_has_another_stamp(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "server.log").write_text("a line")
    before = stamps(tmp_path)
    assert stamps(tmp_path) == before
    with (tmp_path / "logs" / "server.log").open("a") as log:
        log.write("another")
    assert {name for name, stamp in stamps(tmp_path).items() if before[name] != stamp} == {"logs/server.log"}


def test_the_figures_of_an_idle_server_are_a_table() -> None:
    processes = {"web 12": Process(30.26, 0.0011, 0.2), "web 13": Process(40.0, 0.001, 0.3)}
    idle = Idle(500, 600.0, 3.04, 1.96, 250.4, processes, 80.4, 0.00251, 4096, ("navidrome-lib.db-wal",))
    text = idle_text(idle, "Today.")
    for line in ("| memory of all processes | 70 MB |", "| of a core | 0.25% |", "| sent to disks | 4,096 bytes |",
                 "| files of the data folder that changed | `navidrome-lib.db-wal` |", "| second start | 2.0 s |",
                 "| the same when one person has signed in | 80 MB |",
                 "| most memory during the scan | 250 MB |", "| wakes a second | 0.50 |",
                 "| web | 30.3 | 0.11% | 0.20 |"):  # fmt: skip
        assert f"{line}\n" in text
    at_once = idle_text(replace(idle, seconds=0.0), "Today.")
    assert "| most memory during the scan | 250 MB |" in at_once
    assert "of a core" not in at_once
