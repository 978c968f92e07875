"""Find a Python that is new enough, and hand over to `environment.py` with it.

Runs on any Python 3.6 or newer, only to say what is missing: nothing newer may be used in this file.
"""

import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
NAMES = ["python3.13", "python3.12", "python3.11", "python3.14"]
HERE = os.path.dirname(os.path.abspath(__file__))


def is_new_enough(python: str) -> bool:
    """Whether the program runs and is new enough: a version manager leaves names that only print an error."""
    code = "import sys; sys.exit(sys.version_info < " + repr(OLDEST) + ")"
    try:
        return subprocess.call([python, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def find_newer() -> str:
    """A Python on PATH that is new enough, or nothing."""
    for name in NAMES:
        found = shutil.which(name)
        if found and is_new_enough(found):
            return found
    return ""


def main() -> None:
    """Run `environment.py` with the same arguments."""
    arguments = [os.path.join(HERE, "environment.py")] + sys.argv[1:]  # noqa: RUF005 - must run on old versions
    if sys.version_info >= OLDEST:
        os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606
    newer = find_newer()
    if not newer:
        version = ".".join(str(part) for part in sys.version_info[:2])
        sys.exit("navidrome-lib needs Python 3.11 or newer, and python3 here is " + version + ": install a newer one.")
    os.execv(newer, [newer, *arguments])  # noqa: S606


if __name__ == "__main__":
    main()
