"""What the catalog tells others, who hang rows of their own on its rows."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

albums_became: Final = Signal()
"""Sent with `became`, a dict of ids: what hangs on an album belongs to the other one from now on.

In the transaction of the change, while both rows exist; the first one may be deleted by the end of it. A model with a
foreign key to albums has its rows moved or merged here.
"""

tracks_became: Final = Signal()
"""Sent with `became`, a dict of ids: what hangs on a track belongs to the other one from now on.

In the transaction of the change, while both rows exist; the first one is deleted by the end of it. So a file that was
found as a new track, and turns out to be one that had gone, brings along what people have said of it meanwhile.
"""

scan_ended: Final = Signal()
"""Sent behind a scan that ended well or is held, in the process of the scan, outside of any transaction.

With `library_id`; `playlists`, the paths in bytes, relative to the root, of the playlist files in the folders that the
scan has seen; and `changed`, whether it added, updated, moved or restored any track.
"""
