"""How long a client may take, and how much of the server it may hold meanwhile."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class WebLimits:
    """Limits of one web process. A test has a worker class of its own with shorter ones."""

    # from the connection to the first byte, from that to the end of the head, from the head to the end of the body
    first_byte_seconds: float = 10.0
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    # without taking a single byte of what waits for it
    stall_seconds: float = 120.0
    # the same for a body that is drawn piece by piece, as by a player that pauses
    pause_seconds: float = 3600.0
    # after the last byte, for what the client still sends: an earlier end would take the answer from it
    linger_seconds: float = 2.0
    head_bytes: int = 32 * 1024
    # requests that one address has begun and not finished, and answers that it is slow to take
    unfinished_each: int = 64
    # that it may have more, until what arrived with its connections has been read
    burst_seconds: float = 0.2
    slow_readers_each: int = 64
    # of one answer before its source has to wait, and of all answers before the oldest slow reader is dropped
    unsent_bytes: int = 256 * 1024
    unsent_bytes_of_all: int = 64 * 1024 * 1024
    # what is read at once of a body that is drawn piece by piece, and what waits unsent before more is read: fewer
    # where many bodies are sent, so that together they stay below half of the limit above
    piece_bytes: int = 128 * 1024
    least_piece_bytes: int = 16 * 1024
    # threads that read such bodies: in all, and of one storage, so that one that hangs leaves some to the others
    storage_threads: int = 32
    storage_threads_each: int = 8
    # of all requests that have not arrived whole before the oldest is dropped
    unread_bytes_of_all: int = 64 * 1024 * 1024
    # of all bodies that have arrived and are not answered, before more are refused
    read_bytes_of_all: int = 64 * 1024 * 1024
    # how often deadlines are looked at, and without connections whether the parent lives
    tick_seconds: float = 0.5
    idle_tick_seconds: float = 5.0
