"""The test command: static checks and the suite, its runs on SQLite, on PostgreSQL and without a database at once."""

from __future__ import annotations

import argparse
import contextlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from devtools.postgres import private_postgres
from navidrome_lib.runner import broker
from navidrome_lib.runner.command import Command
from navidrome_lib.runner.console import Console
from navidrome_lib.runner.errors import Failed, Refused
from navidrome_lib.runner.processes import Child, Sentinel, describe_exit
from navidrome_lib.runner.serve import private_environment
from navidrome_lib.runner.services import REPOSITORY, python

SUMMARY = re.compile(r"(\d+ \w+|no tests ran) in [\d.]+s")
PROGRAMS = Path(sys.executable).parent
# the runs that use no database of their own: what starts whole servers, and mostly waits, is a run by itself
WITHOUT_DATABASE = {"servers": "servers", "no database": "rest"}
# the variable that names a folder for what several runs need and one of them makes
SHARED_FOLDER = "TESTS_SHARED_FOLDER"
# not for us: hundreds of processes would compile the same modules
DO_NOT_COMPILE = "PYTHONDONTWRITEBYTECODE"
GIVING_WAY = ("nice", "-n", "5")
NO_TESTS = 5  # pytest's exit code when it selected none
CHECKS: Mapping[str, Sequence[str]] = {
    "ruff check": python("ruff", "check", "."),
    "ruff format": python("ruff", "format", "--check", "."),
    "mypy": python("mypy", "--strict", "."),
    "import contracts": [str(PROGRAMS / "lint-imports")],
    "migrations": [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
}


@dataclass
class Run:
    """One run of the suite: on one database, or of what needs none."""

    database: str
    child: Child
    lines: list[str] = field(default_factory=list)
    code: int = 0

    @property
    def failed(self) -> bool:
        """Whether something went wrong; a run without a test of the chosen ones did not."""
        return self.code not in (0, NO_TESTS)


def test(
    arguments: Sequence[str],
    console: Console,
    *,
    checks: Mapping[str, Sequence[str]] = CHECKS,  # noqa: PT028 - this is the command, not a test
) -> int:
    """The exit code: 0 only when every check and every run passed. The last line is the summary of a pytest run."""
    parser = argparse.ArgumentParser(prog="test", allow_abbrev=False, description="Other options go to pytest.")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--sqlite", action="store_true", help="run on SQLite only")
    chosen.add_argument("--postgres", action="store_true", help="run on PostgreSQL only")
    static = parser.add_mutually_exclusive_group()
    static.add_argument("--no-checks", action="store_true", help="leave the static checks out")
    static.add_argument("--only-checks", action="store_true", help="run the static checks only")
    parser.add_argument("--coverage", action="store_true", help="measure which lines ran; takes twice as long")
    options, for_pytest = parser.parse_known_args(arguments)
    databases = ["SQLite"] * (not options.postgres) + ["PostgreSQL"] * (not options.sqlite)
    with interruptible(), Checking({} if options.no_checks else checks, console) as checking:
        if options.only_checks:
            return 1 if checking.failed() else 0
        with tempfile.TemporaryDirectory(prefix="nd-coverage-") as folder:
            measured = Path(folder) if options.coverage else None
            runs = run_suites(databases, [part for part in for_pytest if part != "--"], console, measured)
            coverage = report_coverage(measured) if measured else []
        failed_checks = checking.failed()
    for name in failed_checks:
        console.say(f"FAILED: {name} (see above)")
    for line in coverage:
        console.say(line)
    show(runs, console)
    return 1 if failed_checks or any(run.failed for run in runs) or all(run.code for run in runs) else 0


class Checking:
    """The static checks while they run, two at a time: the slowest takes as long as all the others.

    The suite, which is beside them, comes first: it waits for servers and clocks.
    """

    def __init__(self, checks: Mapping[str, Sequence[str]], console: Console) -> None:
        self._console = console
        self._running: set[subprocess.Popen[str]] = set()
        self._pool, self._teller = ThreadPoolExecutor(2), ThreadPoolExecutor(1)
        self._done = {name: self._pool.submit(self._check, argv) for name, argv in checks.items()}
        self._failed = self._teller.submit(self._tell)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the checks that still run: the command was interrupted."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in tuple(self._running):
            process.kill()
        self._pool.shutdown()
        self._teller.shutdown()

    def failed(self) -> list[str]:
        """The names of the checks that fail, when all have ended."""
        return self._failed.result()

    def _tell(self) -> list[str]:
        """The names of the checks that fail; what they say is shown."""
        failed = []
        for name, done in self._done.items():
            code, said, seconds = done.result()
            self._console.say(f"{'FAILED' if code else 'ok':<7} {name} ({seconds:.1f} s)")
            if code:
                self._console.say(said)
                failed.append(name)
        return failed

    def _check(self, argv: Sequence[str]) -> tuple[int, str, float]:
        """The exit code of a check, what it says, and its seconds."""
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="nd-check-") as folder:
            environ = {**private_environment(), "ND_DATAFOLDER": folder}
            environ.pop("DATABASE_URL", None)
            environ.pop(DO_NOT_COMPILE, None)
            process = subprocess.Popen(
                [*GIVING_WAY, *argv],
                cwd=REPOSITORY, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )  # fmt: skip
            self._running.add(process)
            said, _ = process.communicate()
            self._running.discard(process)
        return process.returncode, said.rstrip(), time.monotonic() - started


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM ends the command as Ctrl-C does: everything that was started is stopped and deleted."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def run_suites(
    databases: Sequence[str], for_pytest: Sequence[str], console: Console, measured: Path | None = None
) -> list[Run]:
    """Run the suite on every database at the same time, each with its own broker and data folder.

    On several databases, what touches none has runs of its own, beside them: one starts servers and waits for them
    while the others compute. Which lines they run is noted in the folder `measured`.
    """
    runs: list[Run] = []
    with ExitStack() as stack:
        sentinel = stack.enter_context(Sentinel())
        parts = parts_of(databases)
        shared = stack.enter_context(tempfile.TemporaryDirectory(prefix="nd-tests-"))
        for name, chosen in parts.items():
            environ = stack.enter_context(test_environment(name, sentinel, console))
            if len(parts) > 1:
                environ[SHARED_FOLDER] = shared
            program = ["pytest"]
            if measured:
                note = measured / f".coverage.{name}"
                program = ["coverage", "run", f"--data-file={note}", "-m", "pytest"]
            runs.append(start_run(name, environ, [*program, *for_pytest, *chosen], sentinel, stack))
        wait_for(runs, console)
    return runs


def parts_of(databases: Sequence[str]) -> dict[str, list[str]]:
    """The runs by name, with what tells pytest which tests are theirs."""
    count = len(databases)
    if count == 1:
        return {databases[0]: []}
    parts = {name: [f"--share={own}/{count}", "--part=database"] for own, name in enumerate(databases, 1)}
    return parts | {name: [f"--share=1/{count}", f"--part={part}"] for name, part in WITHOUT_DATABASE.items()}


# options of the tests themselves, by how they begin
OF_TESTS = ("ND_HAZARDS", "ND_CHROMIUM", "ND_CLIENTS")


@contextlib.contextmanager
def test_environment(database: str, sentinel: Sentinel, console: Console) -> Iterator[dict[str, str]]:
    """The environment of one run: a fresh data folder, a broker, and the address of the database."""
    inherited = private_environment()
    # options of the server would change what is tested; those of the tests themselves are meant for them
    environ = {
        name: value for name, value in inherited.items() if not name.startswith("ND_") or name.startswith(OF_TESTS)
    }
    environ.pop(DO_NOT_COMPILE, None)
    address = environ.pop("DATABASE_URL", "")
    data = Path(tempfile.mkdtemp(prefix="nd-test-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, data, ignore_errors=True)
        environ["ND_DATAFOLDER"] = str(data)
        environ["REDIS_URL"] = stack.enter_context(running_broker(data / "broker", environ, sentinel, console))
        if database == "PostgreSQL":
            environ["DATABASE_URL"] = stack.enter_context(postgres(address, environ, sentinel, console))
        yield environ


@contextlib.contextmanager
def running_broker(folder: Path, environ: Mapping[str, str], sentinel: Sentinel, console: Console) -> Iterator[str]:
    """The address of a broker that runs as long as the context."""
    own = broker.configure(folder, environ)
    child = Child(own.command, sentinel, lambda line: console.service("broker", line))
    try:
        limit = time.monotonic() + broker.START_SECONDS
        while not broker.answers(own.url):
            if time.monotonic() > limit or child.ended() is not None:
                raise Failed(f"The message broker did not start:\n{broker.last_words(folder)}")
            time.sleep(0.02)
        yield own.url
    finally:
        child.stop()


@contextlib.contextmanager
def postgres(address: str, environ: Mapping[str, str], sentinel: Sentinel, console: Console) -> Iterator[str]:
    """The address that was given, which must be a PostgreSQL, or a private one."""
    if not address:
        words: list[str] = []
        try:
            with private_postgres(environ, sentinel, words.append) as private:
                yield private
        except Failed as error:
            raise Failed("\n".join([*words[-10:], str(error)])) from None
    elif address.startswith(("postgres://", "postgresql://")):
        yield address
    else:
        raise Refused("DATABASE_URL: must be the address of a PostgreSQL; unset it for a private one.")


def start_run(
    database: str,
    environ: Mapping[str, str],
    program: Sequence[str],
    sentinel: Sentinel,
    stack: contextlib.ExitStack,
) -> Run:
    """Start pytest, or what runs it; its output is shown when the run has ended, so that two runs do not mix."""
    lines: list[str] = []
    cache = f"cache_dir=.pytest_cache/{database.lower().replace(' ', '-')}"
    command = Command(
        name=database,
        argv=python(*program, "-o", cache),
        env=environ,
        cwd=REPOSITORY,
        stop=((signal.SIGINT, 10.0), (signal.SIGTERM, 3.0)),
    )
    child = Child(command, sentinel, lines.append)
    stack.callback(child.stop)
    return Run(database, child, lines)


def wait_for(runs: Sequence[Run], console: Console, *, every: float = 15.0) -> None:
    """Wait for all runs; a line now and then says how far each is."""
    console.say(f"Running the suite: {', '.join(run.database for run in runs)}…")
    said = time.monotonic()
    while any(run.child.ended() is None for run in runs):
        time.sleep(0.1)
        if time.monotonic() - said > every:
            said = time.monotonic()
            console.say("  " + "; ".join(f"{run.database}: {progress(run)}" for run in runs))
    for run in runs:
        run.code = run.child.clean_up()


def report_coverage(folder: Path) -> list[str]:
    """The share of the lines of each package that the runs executed together, without their child processes."""
    for argv in (["combine", "--quiet", str(folder)], ["report", "--skip-covered", "--sort=cover"]):
        done = subprocess.run(
            python("coverage", *argv, f"--data-file={folder / 'whole'}"),
            cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            return ["The coverage could not be measured:", *done.stdout.splitlines()[-5:]]
    lines = done.stdout.splitlines()
    return ["\nCoverage, the 15 modules with the least:", *lines[:17], *lines[-3:]]


def progress(run: Run) -> str:
    """The last percentage that pytest printed."""
    if run.child.ended() is not None:
        return "done"
    seen = [found.group(1) for line in run.lines[-20:] if (found := re.search(r"\[ *(\d+%)\]", line))]
    return seen[-1] if seen else "started"


def show(runs: Sequence[Run], console: Console) -> None:
    """Print the output of every run, one that failed last, so that the command ends with the summary that matters."""
    for run in sorted(runs, key=lambda run: (run.failed, run.code == 0)):
        console.say(f"\n{run.database}:")
        for line in run.lines:
            console.say(line)
        if not SUMMARY.search(run.lines[-1] if run.lines else ""):
            console.say(f"FAILED: pytest on {run.database} ended without a summary ({describe_exit(run.code)})")
