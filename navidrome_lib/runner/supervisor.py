"""Runs services side by side: starts them in order, restarts the one that crashes, stops them in the opposite order."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any, Self

from navidrome_lib.runner.command import Command
from navidrome_lib.runner.console import Console
from navidrome_lib.runner.errors import Failed, Interrupted
from navidrome_lib.runner.forked import STOP_SIGNALS
from navidrome_lib.runner.outputs import Outputs
from navidrome_lib.runner.processes import Child, Sentinel, describe_exit

TICK = 0.1
HEALTHY_AFTER = 60.0
LONGEST_PAUSE = 30.0
TRIES_BEFORE_READY = 3


class Service:
    """A command that should always run."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.child: Child | None = None
        self.crashes = 0
        self.start_at = 0.0


class Supervisor:
    """A context in which services run; leaving it, in whatever way, stops all of them.

    The first SIGINT, SIGTERM or SIGHUP asks for an orderly stop; a second one shortens it. It has one thread, which
    sleeps until a service says something or ends: services may be forked from it at any time.
    """

    def __init__(self, console: Console, *, keep_open: Sequence[int] = ()) -> None:
        self._console = console
        self._sentinel = Sentinel(keep_open=keep_open)
        self._services: list[Service] = []
        self._outputs = Outputs()
        self._stack = contextlib.ExitStack()
        self._signals = 0
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._stack.callback(self._outputs.close)
        self._stack.enter_context(self._sentinel)
        self._stack.enter_context(self._outputs.woken_by_signals())
        # started with nohup, the server outlives the terminal
        ignored = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        numbers = [number for number in STOP_SIGNALS if not (ignored and number == signal.SIGHUP)]
        self._previous = {number: signal.signal(number, self._on_signal) for number in numbers}
        return self

    def __exit__(self, *error: object) -> None:
        self.stop_all()
        self._stack.close()
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    @property
    def stopping(self) -> bool:
        """Whether a signal asked us to stop."""
        return self._signals > 0

    def pids(self) -> dict[str, int]:
        """The process of every running service, by name."""
        return {one.command.name: one.child.pid for one in self._services if one.child is not None}

    def start(self, command: Command) -> None:
        """Start a service and keep it running from now on."""
        service = Service(command)
        self._services.append(service)
        self._spawn(service)

    def run(self, command: Command, *, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Run a command to its end; raises `Failed` when it does not succeed.

        `meanwhile` is called as soon as it runs. It may fail: the command is stopped then.
        """
        child = self._child(command)
        try:
            meanwhile()
        except BaseException:
            child.stop()
            raise
        while child.ended() is None and not self.stopping:
            self._look_after_services(ready=False)
            self._outputs.wait(TICK)
        if self.stopping:
            child.stop(self._in_a_hurry)
            raise Interrupted
        code = child.clean_up()
        if code != 0:
            raise Failed(f"{command.name} ended with {describe_exit(code)}: see the lines above.")

    def wait_until(self, condition: Callable[[], bool], *, seconds: float) -> bool:
        """Whether `condition` came true within `seconds`; services are looked after meanwhile."""
        limit = time.monotonic() + seconds
        while not self.stopping:
            if condition():
                return True
            if time.monotonic() > limit:
                return False
            self._look_after_services(ready=False)
            self._outputs.wait(TICK)
        raise Interrupted

    def watch(self) -> None:
        """Keep every service running until a signal asks us to stop."""
        while not self.stopping:
            self._look_after_services(ready=True)
            self._outputs.wait(self._until_next_start())

    def stop_all(self) -> None:
        """Stop the services, the last started first."""
        for service in reversed(self._services):
            child, service.child = service.child, None
            if child is not None:
                code = child.stop(self._in_a_hurry)
                self._console.say(f"{service.command.name} stopped ({describe_exit(code)}).")
        self._services.clear()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1

    def _in_a_hurry(self) -> bool:
        return self._signals > 1

    def _until_next_start(self) -> float | None:
        """Seconds until a service that crashed is started again; None when all run."""
        waiting = [service.start_at for service in self._services if service.child is None]
        return max(min(waiting) - time.monotonic(), 0.0) if waiting else None

    def _child(self, command: Command) -> Child:
        return Child(
            command,
            self._sentinel,
            lambda line: self._console.service(command.name, line),
            outputs=self._outputs,
        )

    def _spawn(self, service: Service) -> None:
        service.child = self._child(service.command)

    def _look_after_services(self, *, ready: bool) -> None:
        self._sentinel.revive()
        for service in self._services:
            if service.child is None:
                if time.monotonic() >= service.start_at:
                    self._spawn(service)
            elif (code := service.child.ended()) is not None:
                self._after_crash(service, service.child, code, ready=ready)

    def _after_crash(self, service: Service, child: Child, code: int, *, ready: bool) -> None:
        child.clean_up()
        service.child = None
        if self.stopping:
            return
        service.crashes = 1 if time.monotonic() - child.started > HEALTHY_AFTER else service.crashes + 1
        name = service.command.name
        if not ready and service.crashes >= TRIES_BEFORE_READY:
            raise Failed(f"{name} ended {service.crashes} times ({describe_exit(code)}): see the lines above.")
        pause = min(2.0 ** (service.crashes - 1), LONGEST_PAUSE)
        service.start_at = time.monotonic() + pause
        self._console.say(f"{name} ended with {describe_exit(code)}; starting it again in {pause:.0f} s.")
