"""Make the Python environment that a command needs, once, and run the command in it. Standard library only."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
LOCK, STAMP = ".nd-lock", ".nd-stamp.json"
COMMANDS = {
    "serve": ("serve.txt", ["-m", "navidrome_lib.runner", "serve"]),
    "demo": ("serve.txt", ["-m", "navidrome_lib.runner", "demo"]),
    "test": ("test.txt", ["-m", "devtools"]),
    "bench": ("test.txt", ["-m", "bench"]),
}
NO_INSTALLER = (
    "The packages cannot be installed: this Python has no venv with ensurepip, and there is no uv. "
    "Install one of them (Debian, Ubuntu: apt install python3-venv) and run this again."
)


# takes an environment, a requirements file and `create`; False where it does not work
Installer = Callable[..., bool]


class SetupError(Exception):
    """The environment cannot be made, with a sentence on what to do."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment of ours in `folder`."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def identity(self) -> dict[str, str]:
        """What an environment is tied to: a folder that moved or another Python makes it useless."""
        version = f"{platform.python_implementation()} {sys.version_info.major}.{sys.version_info.minor}"
        return {"folder": str(self.folder), "python": version, "machine": sysconfig.get_platform()}

    def read_stamp(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            stamp = json.loads((self.folder / STAMP).read_text())
            if isinstance(stamp, dict):
                return stamp
        return {}

    def write_stamp(self, installed: dict[str, str], *, complete: bool) -> None:
        """Replace the stamp in one step: it is never half written."""
        content = {"identity": self.identity(), "complete": complete, "installed": installed}
        temporary = self.folder / f"{STAMP}.{os.getpid()}"
        temporary.write_text(json.dumps(content))
        temporary.replace(self.folder / STAMP)

    def is_ready(self, name: str, digest: str) -> bool:
        """Whether the requirements with this digest are installed here, completely."""
        stamp = self.read_stamp()
        return (
            stamp.get("complete") is True
            and stamp.get("identity") == self.identity()
            and stamp.get("installed", {}).get(name) == digest
            and os.access(self.python, os.X_OK)
        )

    def is_reusable(self) -> bool:
        """Whether an update may install over what is here; an interrupted or moved environment is rebuilt."""
        stamp = self.read_stamp()
        return (
            stamp.get("complete") is True
            and stamp.get("identity") == self.identity()
            and os.access(self.python, os.X_OK)
            and runs([str(self.python), "-c", ""])
        )


def main(arguments: Sequence[str]) -> None:
    """Make the environment for the command that the first argument names, and become that command."""
    command, rest = arguments[0], list(arguments[1:])
    requirements, program = COMMANDS[command]
    environment = Environment(Path(os.environ.get("ND_VENV") or REPOSITORY / ".venv").expanduser().resolve())
    try:
        ensure(environment, REPOSITORY / "requirements" / requirements)
    except SetupError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    os.environ["PYTHONPATH"] = str(REPOSITORY)
    os.environ.pop("PYTHONHOME", None)
    # -P: a file in the current folder must not be mistaken for a module of ours
    os.execv(environment.python, [str(environment.python), "-P", *program, *rest])  # noqa: S606


def ensure(environment: Environment, requirements: Path, *, installers: Sequence[Installer] | None = None) -> None:
    """The requirements are installed when this returns. Any number of processes may do this at the same time.

    `installers` are tried in their order; without them those of this module.
    """
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if environment.is_ready(requirements.name, digest):
        return
    with locked(environment.folder):
        if not environment.is_ready(requirements.name, digest):
            build(environment, requirements, digest, INSTALLERS if installers is None else installers)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one process at a time changes the environment."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise SetupError(f"The environment cannot be made in {folder}: {error.strerror}.") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Another process is installing the packages; waiting for it.")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def build(environment: Environment, requirements: Path, digest: str, installers: Sequence[Installer]) -> None:
    """Install the requirements, with the first tool that works here."""
    reusable = environment.is_reusable()
    if not reusable:
        clear(environment.folder)
    say(f"Installing the packages of requirements/{requirements.name} into {environment.folder} …")
    environment.write_stamp({}, complete=False)
    for install in installers:
        if install(environment, requirements, create=not environment.python.exists()):
            break
    else:
        raise SetupError(NO_INSTALLER if not has_installer() else "The packages could not be installed: see above.")
    environment.write_stamp(covered(requirements, digest), complete=True)


def clear(folder: Path) -> None:
    """Empty the folder, if it is an environment: nothing else is ever deleted."""
    content = [path for path in folder.iterdir() if path.name != LOCK]
    ours = {STAMP, "pyvenv.cfg"}
    if content and not ours.intersection(path.name for path in content):
        raise SetupError(f"{folder} is not empty and not a Python environment; choose another folder with ND_VENV.")
    # the stamp goes last: a deletion that is interrupted must still be recognised as ours
    for path in sorted(content, key=lambda path: path.name == STAMP):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def covered(requirements: Path, digest: str) -> dict[str, str]:
    """The files that are satisfied now: this one, and each whose every pin is also in this one."""
    pins = read_pins(requirements)
    installed = {requirements.name: digest}
    for other in requirements.parent.glob("*.txt"):
        if other != requirements and read_pins(other) <= pins:
            installed[other.name] = hashlib.sha256(other.read_bytes()).hexdigest()
    return installed


def read_pins(requirements: Path) -> set[str]:
    """The `name==version` lines of a requirements file, each with its condition."""
    lines = requirements.read_text().splitlines()
    return {line.rstrip("\\ ") for line in lines if line and not line.startswith((" ", "#"))}


def with_uv(environment: Environment, requirements: Path, *, create: bool) -> bool:
    """Create and install with uv."""
    uv = shutil.which("uv")
    if uv is None or not runs([uv, "--version"]):
        return False
    folder = str(environment.folder)
    if create and not shows([uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, folder]):
        return False
    python = str(environment.python)
    if shows([uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", str(requirements)]):
        return True
    say("uv could not install the packages; trying pip.")
    return False


def with_venv(environment: Environment, requirements: Path, *, create: bool) -> bool:
    """Create with the standard library and install with the environment's own pip."""
    python = str(environment.python)
    pip_works = runs([python, "-m", "pip", "--version"])
    # without ensurepip (a Debian without python3-venv) this fails
    if not pip_works and not runs([sys.executable, "-m", "venv", str(environment.folder)]):
        return False
    return shows([python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(requirements)])


INSTALLERS: tuple[Installer, ...] = (with_uv, with_venv)


def has_installer() -> bool:
    """Whether anything here could have installed packages."""
    return shutil.which("uv") is not None or runs([sys.executable, "-m", "ensurepip", "--version"])


def clean_environ() -> dict[str, str]:
    """Our environment without what would point the installers at another Python."""
    return {
        name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    }


def runs(argv: Sequence[str]) -> bool:
    """Whether the command succeeds; what it says does not matter."""
    try:
        return (
            subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=clean_environ(),
                check=False,
            ).returncode
            == 0
        )
    except OSError:
        return False


def shows(argv: Sequence[str]) -> bool:
    """Whether the command succeeds; the person sees what it says."""
    # to stderr: the output of a command of ours is its own
    result = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=clean_environ(), check=False)
    return result.returncode == 0


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
