"""Tests that a machine cannot run: the report of a whole run says so in red, where no reader passes over it."""

from __future__ import annotations

import pytest


def say_not_run(reporter: pytest.TerminalReporter, what: str, advice: str) -> None:
    """Write that some tests did not run, and what to do about it."""
    reporter.section(f"{what} DID NOT RUN", sep="!", red=True, bold=True)
    reporter.write_line(advice, red=True)
