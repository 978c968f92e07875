"""The connection to PostgreSQL of one thread, kept from request to request."""

from __future__ import annotations

import select
import time
from typing import Any, Final

from django.db.backends.postgresql import base

# a connection that was in use so lately needs no question, unless the server has said something by itself
SURE_SECONDS: Final = 5.0


class DatabaseWrapper(base.DatabaseWrapper):
    """Asks a kept connection for a sign of life when it was idle, or when its server has ended it.

    Django would ask before the first query of every request, which costs as much as a small query. A server that ends a
    connection, or dies, leaves something to read behind: the system tells that without a question.
    """

    # what Django's own class sets for each request
    health_check_enabled: bool
    health_check_done: bool

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._sure_until = 0.0

    def get_new_connection(self, conn_params: Any) -> Any:
        connection = super().get_new_connection(conn_params)
        self._sure_until = time.monotonic() + SURE_SECONDS
        return connection

    def close_if_health_check_failed(self) -> None:
        """Called before each query; it matters for the first one of a request."""
        if self.connection is None or not self.health_check_enabled or self.health_check_done:
            return
        now = time.monotonic()
        if now < self._sure_until and is_silent(self.connection):
            self.health_check_done = True
        else:
            super().close_if_health_check_failed()
        self._sure_until = now + SURE_SECONDS


def is_silent(connection: Any) -> bool:
    """Whether the server has sent nothing that was not read, such as that it ends the connection."""
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)
