"""How many operations on storage may be under way at once: as many as make it faster.

A disk of this machine answers from memory in microseconds, and threads would only cost time. A server across a network
answers after milliseconds, however many operations wait, and a disk with one arm serves them one after the other. What
the storage is like shows in the operations themselves: `limit` of them in flight that take `seconds` each are done at
the rate of `limit / seconds`.
"""

from __future__ import annotations

from math import log2
from statistics import median
from time import perf_counter, thread_time
from typing import Final, NamedTuple

# what an operation must wait before threads are worth their own cost
WORTH_SECONDS: Final = 0.0003
# the share of operations that wait so long, and how much they waited in all, before the first threads start
_START_SHARE: Final = 0.5
_START_SECONDS: Final = 0.004
# how many operations are under way then: as many as the processor has time for while one waits, within these limits
_START_LIMIT: Final = 8
_MOST_AT_START: Final = 32
# operations that say how long one takes
_SAMPLES: Final = 8
# the least gain of twice as many in flight, and the least rate of half as many that is as good
_GAIN: Final = 1.25
_AS_GOOD: Final = 0.9
# the share of the processor above which more in flight would only wait for it
_BUSY: Final = 0.7
# rounds of samples between two trials of another limit: the storage, or what else is at work, may have changed
_REST: Final = 2
_LONGEST_REST: Final = 16
# of this number of trials in vain, one is of less instead of more
_LESS_EVERY: Final = 3


class Stopwatch:
    """How long an operation takes, which begins now in this thread."""

    __slots__ = ("_began", "_worked")

    def __init__(self) -> None:
        self._began, self._worked = perf_counter(), thread_time()

    def read(self) -> tuple[float, float]:
        """Its seconds until now, and those of them in which the thread waited."""
        seconds = perf_counter() - self._began
        return seconds, seconds - (thread_time() - self._worked)


class _Trial(NamedTuple):
    """The limit that a trial of another one began with, and its rate."""

    limit: int
    rate: float


class InFlight:
    """The number of operations that may be under way, adapted to what they take. Not safe in threads by itself."""

    def __init__(self, most: int, *, least: int = 1) -> None:
        """Begin with `least` at a time, and never allow fewer than these, nor more than `most`."""
        self.most = max(1, most)
        self.least = min(least, self.most)
        self.limit = self.least
        # of the last operations: the seconds, and how many of these were waiting
        self._samples: list[tuple[float, float]] = []
        self._quick = 0
        self._trial: _Trial | None = None
        self._trials = 0
        # whether a start was in vain
        self._starts_small = False
        self._rest = 0
        self._next_rest = _REST

    def bound(self, most: int, *, least: int = 1) -> None:
        """Allow other numbers at the most and at the least from now on."""
        self.most = max(1, most)
        self.least = min(least, self.most)
        if not self.least <= self.limit <= self.most:
            self._trial = None
            self._change(max(self.least, min(self.most, self.limit)))

    def add(self, seconds: float, waited: float, in_flight: int) -> None:
        """Take in that an operation took `seconds`, of which it `waited`, with `in_flight` under way in its time.

        One that did not wait found what it needed in memory. Where too few were under way there was not enough to do.
        Neither says anything of the storage.
        """
        if in_flight * 4 < self.limit * 3:
            return
        if waited < WORTH_SECONDS:
            self._quick += 1
            if self._quick >= max(_SAMPLES, self.limit) and not self._waits_often():
                self._trial = None
                self._change(self.least)
            return
        self._samples.append((seconds, waited))
        if len(self._samples) >= max(_SAMPLES, self.limit) or self._may_start():
            self._judge()

    def _may_start(self) -> bool:
        # where it was in vain, a whole round is to tell: two operations are soon slow for another reason
        if self.limit > 1 or self._rest or self._starts_small or len(self._samples) < 2:
            return False
        return sum(waited for _, waited in self._samples) > _START_SECONDS and self._waits_often()

    def _waits_often(self) -> bool:
        return len(self._samples) >= _START_SHARE * (len(self._samples) + self._quick)

    def _judge(self) -> None:
        """End a round: see what came of a trial, and begin another one."""
        # the quicker ones of them: what else the machine does makes any number of operations slow for a moment
        seconds = sorted(seconds for seconds, _ in self._samples)[len(self._samples) // 4]
        rate = self.limit / seconds
        work = median(all_ - waited for all_, waited in self._samples)
        if self._rest:
            self._rest -= 1
        elif self._trial is None:
            self._try(rate, seconds, work)
        elif self._is_better(rate, self._trial):
            self._next_rest = _REST
            self._trials = 0
            self._trial = None
            self._try(rate, seconds, work)
        else:
            self._starts_small = True
            self._rest, self._next_rest = self._next_rest, min(_LONGEST_REST, self._next_rest * 2)
            self._change(self._trial.limit)
            self._trial = None
        self._forget()

    def _is_better(self, rate: float, trial: _Trial) -> bool:
        doublings = log2(self.limit / trial.limit)
        return rate >= trial.rate * (_GAIN**doublings if doublings > 0 else _AS_GOOD)

    def _try(self, rate: float, seconds: float, work: float) -> None:
        """Begin a trial of more, or of less: now and then, and where the processor is the limit.

        Operations take `seconds` each, and `work` of it at the processor.
        """
        if self.limit == 1:
            if not self._waits_often():
                return
            most = _START_LIMIT if self._starts_small else _MOST_AT_START
            other = max(_START_LIMIT, int(min(most, seconds / max(work, WORTH_SECONDS / most))))
        else:
            self._trials += 1
            less = self.limit * work > _BUSY * seconds or self._trials % _LESS_EVERY == 0
            other = self.limit // 2 if less else self.limit * 2
        other = max(self.least, min(other, self.most))
        if other != self.limit:
            self._trial = _Trial(self.limit, rate)
            self._change(other)

    def _change(self, limit: int) -> None:
        self.limit = limit
        self._forget()

    def _forget(self) -> None:
        self._samples.clear()
        self._quick = 0
