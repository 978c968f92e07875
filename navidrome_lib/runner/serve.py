"""Serve: broker, preparation, worker and web, in this order, until a signal asks to stop."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from pathlib import Path
from urllib.parse import quote

from navidrome_lib.config.conf import Conf
from navidrome_lib.runner import broker, preload, services
from navidrome_lib.runner.console import Console
from navidrome_lib.runner.errors import Failed
from navidrome_lib.runner.locks import claim_data_folder, listen
from navidrome_lib.runner.supervisor import Supervisor

READY_SECONDS = 90.0
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound to
Notes = Sequence[str]


def serve(
    conf: Conf,
    environ: MutableMapping[str, str],
    console: Console,
    *,
    before: Callable[[Supervisor], Notes] = lambda supervisor: (),
) -> None:
    """Serve until a signal. `before` prepares more once the folder is ours; its lines end the ready message."""
    with contextlib.ExitStack() as stack:
        lock = stack.enter_context(claim_data_folder(conf.data_folder))
        listener = stack.enter_context(listen(conf.address, conf.port))
        console.keep_in(conf.data_folder / "logs")
        stack.callback(console.close)
        supervisor = stack.enter_context(Supervisor(console, keep_open=(lock,)))
        # closed first: a client that connects while we stop is refused instead of kept waiting
        stack.callback(listener.close)
        notes = before(supervisor)
        environ["REDIS_URL"] = start_broker(supervisor, conf, environ)
        preload.load_django(environ, is_sqlite=services.uses_sqlite(conf))
        # side by side: one waits for the disk, and most machines have a second core
        found = prepare(supervisor, conf, environ, meanwhile=preload.load_services)
        supervisor.start(services.worker(environ))
        supervisor.start(services.web(conf, environ, listener.fileno()))
        if not supervisor.wait_until(lambda: port_answers(conf), seconds=READY_SECONDS):
            raise Failed(f"The web server did not answer within {READY_SECONDS:.0f} s: see the lines above.")
        for line in (*ready_lines(conf, setup_code=found["setup_code"]), *notes):
            console.say(line)
        supervisor.watch()
        console.say("Stopping…")


def start_broker(supervisor: Supervisor, conf: Conf, environ: Mapping[str, str]) -> str:
    """The address of a broker that answers: the configured one, or one that we start."""
    if conf.redis_url:
        if not supervisor.wait_until(lambda: broker.answers(conf.redis_url), seconds=10):
            raise Failed("REDIS_URL: no Redis or Valkey server answers at this address.")
        return conf.redis_url
    return start_own_broker(supervisor, conf.data_folder / "broker", environ)


def start_own_broker(supervisor: Supervisor, folder: Path, environ: Mapping[str, str]) -> str:
    """The address of our broker, which answers."""
    own = broker.configure(folder, environ)
    supervisor.start(own.command)
    try:
        if supervisor.wait_until(lambda: broker.answers(own.url), seconds=broker.START_SECONDS):
            return own.url
        reason = "it does not answer"
    except Failed as error:
        reason = str(error)
    raise Failed(f"The message broker did not start: {reason}\n{broker.last_words(folder)}")


def prepare(
    supervisor: Supervisor,
    conf: Conf,
    environ: MutableMapping[str, str],
    *,
    meanwhile: Callable[[], None] = lambda: None,
) -> dict[str, str]:
    """Migrate, create what the environment asks for, and say what was found; call `meanwhile` in this process.

    It is `setup_code`, which is empty when there is an account.
    """
    report = conf.data_folder / f".prepared-{secrets.token_hex(4)}.json"
    try:
        supervisor.run(services.preparation(environ, report), meanwhile=meanwhile)
        found: dict[str, str] = json.loads(report.read_text(encoding="utf-8"))
        return found
    finally:
        report.unlink(missing_ok=True)


def port_answers(conf: Conf) -> bool:
    """Whether the web server answers a request."""
    connection = http.client.HTTPConnection(EVERYWHERE.get(conf.address, conf.address), conf.port, timeout=5)
    try:
        connection.request("GET", f"{conf.base_url}/api/keepalive/")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def home_url(conf: Conf) -> str:
    """The address that a person on this machine types."""
    host = "localhost" if conf.address in {*EVERYWHERE, *EVERYWHERE.values()} else conf.address
    return f"http://{f'[{host}]' if ':' in host else host}:{conf.port}{conf.base_url}"


def ready_lines(conf: Conf, *, setup_code: str) -> list[str]:
    """The lines that say where the server is; with a set-up code the one address where it begins."""
    home = home_url(conf)
    if setup_code:
        return [
            "",
            "navidrome-lib is ready: create your admin account at",
            f"  {home}/setup?code={quote(setup_code)}",
            "From another machine, type the IP address of this one in the place of the host name.",
            "",
            "Press Ctrl-C to stop.",
        ]
    return [
        "",
        f"navidrome-lib is ready: {home}/",
        f"  admin site      {home}/admin/",
        f"  API reference   {home}/api/docs/",
        f"  data folder     {conf.data_folder}",
        "",
        "Press Ctrl-C to stop.",
    ]


def private_environment() -> dict[str, str]:
    """The environment of our children: this one, in which only our own packages are importable."""
    environ = {name: value for name, value in os.environ.items() if name not in {"PYTHONHOME", "PYTHONSAFEPATH"}}
    return {**environ, "PYTHONPATH": str(services.REPOSITORY), "PYTHONUNBUFFERED": "1"}
