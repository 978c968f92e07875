"""The catalog as clients read it: songs, albums, artists, genres, tags and folders below `/api`.

A list is answered in three steps: the ids of the page, by an index that has the order; the rows of these ids, as plain
values; and one pass over them into the objects of the wire. The number of queries does not depend on the page.

Other apps add keys, sorts and filters through `extension`, which is all that they need besides `songs.song_objects`.
"""
