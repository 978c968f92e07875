"""How much media may cost, and how long what is known of them counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class MediaLimits:
    """What one request, one look or one run may cost, and for how long its answer counts."""

    # how long a look at the disk for a picture counts: for who asks without its digest, and for who has it
    cover_seconds: float = 10.0
    known_cover_seconds: float = 600.0
    # larger originals are not kept in the cache: they would push out hundreds of small ones
    kept_original_bytes: int = 512 * 1024
    # how long a request waits for the end of another conversion of the same person, or for any
    slot_seconds: float = 1.0
    # archives that are sent at once to the guests of one person
    guest_archives: int = 4
    # broken pictures that are tried for one cover
    tried_pictures: int = 4
    # covers that one run of the background task looks for
    covers_at_once: int = 100
    # things that wait for services outside, of each of these; a wish beyond that is forgotten
    outside_waiting: int = 1000
    # after this number of failures a thing is given up until its lifetime is over
    outside_tries: int = 6
    # seconds that one run may ask a service, and before a wish of the same thing is sent again
    outside_run_seconds: float = 20.0
    outside_wish_seconds: float = 600.0
    # factor of the seconds between two requests to a service
    outside_spacing: float = 1.0
