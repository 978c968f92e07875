"""What the project tells apps, which it does not know."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

# The first process of a web server begins to answer. `home`: the address of the server on its own machine.
serving: Final = Signal()
