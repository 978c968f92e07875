"""`./script/bench`: scan a generated library beside floors and peers, and write the figures to `bench/results/`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import rounds
from bench.calls import calls_part, measure_calls
from bench.corpus import MUTAGEN_FORMATS, make_corpus
from bench.crowds import crowds_part, measure_crowds
from bench.databases import POSTGRESQL, SQLITE, Fresh, databases
from bench.first_scan import first_scan_text, measure_first_scan
from bench.idle import IDLE_SECONDS as LEFT_ALONE
from bench.idle import idle_text, measure_idle
from bench.lists import lists_part, measure_lists, split
from bench.network import measure_network, measure_one_arm, network_part, round_lines, split_network
from bench.orders import measure_orders, orders_part
from bench.peers import PEERS
from bench.processes import REPOSITORY
from bench.report import Section, page, remark, section_text
from bench.serving import IDLE_SECONDS, measure_serving, serving_text

RESULTS = REPOSITORY / "bench" / "results"
PAGE = RESULTS / "tables.md"
CALLS_PAGE = RESULTS / "calls.md"
CROWDS_PAGE = RESULTS / "crowds.md"
NETWORK_TRACKS, IDLE_TRACKS = 3_000, 500
CORPORA = REPOSITORY / "build" / "bench"


def main(arguments: Sequence[str]) -> int:
    """The exit code: measure, print every table as soon as it is known, and write the page."""
    options = parse([part for part in arguments if part != "--"])
    load = os.getloadavg()[0]
    if options.calls:
        text = calls_part(measure_calls(options.rounds, options.against), remark(load))
        print(text, flush=True)
        (RESULTS / "calls.md").write_text(text, encoding="utf-8")
        return 0
    if options.orders:
        text = orders_part(
            measure_orders(options.database, options.orders, options.rounds), options.orders, remark(load)
        )
        print(text, flush=True)
        (RESULTS / "orders.md").write_text(text, encoding="utf-8")
        return 0
    if options.first_scan:
        with databases([SQLITE]) as fresh:
            first = measure_first_scan(make_corpus(options.corpus, options.tracks[0]), fresh[SQLITE], options.rounds)
        text = first_scan_text(first, remark(load))
        print(text, flush=True)
        (options.results / "first-scan.md").write_text(text, encoding="utf-8")
        return 0
    if options.crowds:
        text = crowds_part(measure_crowds(options.rounds), remark(load))
        print(text, flush=True)
        (RESULTS / "crowds.md").write_text(text, encoding="utf-8")
        return 0
    known = options.output.read_text(encoding="utf-8") if options.output.exists() else ""
    scans, lists = split(known)
    if options.idle is not None:
        idle = measure_idle(make_corpus(options.corpus, options.tracks[0]), seconds=options.idle)
        text = idle_text(idle, remark(load))
        print(text, flush=True)
        (options.results / ("idle.md" if options.idle else "peak.md")).write_text(text, encoding="utf-8")
        return 0
    scans, network = split_network(scans)
    if options.network:
        network = network_text(options, load)
        print(network, flush=True)
    elif options.lists:
        lists = lists_part(measure_lists(options.database, options.lists), options.lists, remark(load))
        print(lists, flush=True)
    else:
        scans = page(measure_all(options), load) + "\n"
    options.output.write_text(scans + network + lists, encoding="utf-8")
    return 0


def measure_all(
    options: argparse.Namespace,
    *,
    scans: Callable[[argparse.Namespace, int, dict[str, Fresh]], str] | None = None,
    idle_seconds: float = IDLE_SECONDS,
    migrated: Path | None = None,
) -> list[str]:
    """The tables of every size that is asked for (made by `scans`), and how the server answers meanwhile.

    It is asked for `idle_seconds` before and after a scan, too. Catalogs are copies of `migrated`, where there is one.
    """
    texts = []
    with databases(options.database, migrated=migrated) as fresh:
        for tracks in options.tracks:
            texts.append((scans or scans_text)(options, tracks, fresh))
            print(texts[-1], flush=True)
        if options.serving:
            corpus = make_corpus(options.corpus, options.tracks[0])
            served = measure_serving(corpus, fresh, options.rounds, idle_seconds=idle_seconds)
            texts.append(serving_text(served, corpus.tracks, options.rounds))
            print(texts[-1], flush=True)
    return texts


def network_text(options: argparse.Namespace, load: float) -> str:
    """The part of the page about network storage; every single figure goes to a page of its own."""
    tracks = options.tracks[0]
    corpus = make_corpus(options.corpus, tracks)
    with databases(options.database) as fresh:
        done = []
        for turn in range(options.rounds):
            print(f"round {turn + 1} of {options.rounds} …", file=sys.stderr, flush=True)
            done.append(measure_network(corpus, fresh, turn, options.peers if turn < options.peer_rounds else ()))
            # what several operations in flight do to a disk has nothing to do with the database
            done[-1].one_arm = measure_one_arm(corpus, next(iter(fresh.values())))
    options.results.mkdir(parents=True, exist_ok=True)
    long = "\n".join(["# Network storage, every round", "", f"{remark(load)}", "", round_lines(done)])
    (options.results / "network.md").write_text(long, encoding="utf-8")
    return network_part(done, tracks, remark(load))


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "--tracks", type=int, nargs="+", help="sizes of the libraries (10000; 3000 behind a delay, 500 idle)"
    )
    parser.add_argument("--lists", type=int, metavar="SONGS", help="measure lists of SONGS songs, not the scans")
    parser.add_argument("--orders", type=int, metavar="SONGS", help="measure pages of all orders of SONGS songs")
    parser.add_argument("--calls", action="store_true", help="measure the CPU of single requests, not the scans")
    parser.add_argument("--crowds", action="store_true", help="measure requests beside streams and slow readers")
    parser.add_argument(
        "--first-scan",
        action="store_true",
        help="measure a first scan from its request on, and beside other programs, not the page",
    )
    parser.add_argument(
        "--against", type=Path, help="with --calls: another checkout, whose server is measured in turns"
    )
    parser.add_argument(
        "--idle",
        type=float,
        nargs="?",
        const=LEFT_ALONE,
        metavar="SECONDS",
        help="measure what the whole server costs while idle (600 seconds), its start and its peak, not the page; "
        "with 0 seconds its starts and its peak alone",
    )
    parser.add_argument(
        "--network", action="store_true", help="measure scans of storage behind a delay, not those of a disk (as root)"
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured (3)")
    names = [SQLITE, POSTGRESQL]
    parser.add_argument("--database", nargs="+", choices=names, default=names, help="SQLite, PostgreSQL or both")
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=[], help="other servers, without names all")
    parser.add_argument("--no-peers", action="store_true", help="no other servers")
    parser.add_argument("--peer-rounds", type=int, default=1, help="in how many of the rounds (1): some take minutes")
    parser.add_argument(
        "--serving", action=argparse.BooleanOptionalAction, default=True, help="the answers of the API during a scan"
    )
    parser.add_argument("--corpus", type=Path, default=CORPORA, help="where the generated music is kept")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where long tables go (bench/results)")
    parser.add_argument("--output", type=Path, default=PAGE, help="the page (bench/results/tables.md)")
    options = parser.parse_args(arguments)
    few = NETWORK_TRACKS if options.network else IDLE_TRACKS if options.idle is not None else 10_000
    options.tracks = options.tracks or [few]
    options.peers = [] if options.no_peers else options.peers or list(PEERS)
    return options


def scans_text(options: argparse.Namespace, tracks: int, fresh: dict[str, Fresh]) -> str:
    """The tables of one size."""
    return section_text(measure(options, tracks, fresh))


def measure(options: argparse.Namespace, tracks: int, fresh: dict[str, Fresh]) -> Section:
    """Everything about one size."""
    print(f"making {tracks:,} files …", file=sys.stderr, flush=True)
    corpus = make_corpus(options.corpus, tracks)
    others = make_corpus(options.corpus, tracks, MUTAGEN_FORMATS)
    done = []
    for turn in range(options.rounds):
        print(f"round {turn + 1} of {options.rounds} …", file=sys.stderr, flush=True)
        measured = rounds.measure_round(corpus, fresh, turn, options.peers if turn < options.peer_rounds else ())
        rounds.add_first_by_mutagen(measured, others, fresh)
        done.append(measured)
    return Section(
        tracks=tracks,
        rounds=options.rounds,
        rows=rounds.summarise(done, tracks),
        floors=rounds.median_floors(done),
        peers=rounds.summarise_peers(done),
    )


def end_by_signals() -> None:
    """Have this process clean up behind itself when it is asked to end: servers, mounts and folders."""

    def end(number: int, _: object) -> None:
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)


if __name__ == "__main__":
    end_by_signals()
    sys.exit(main(sys.argv[1:]))
