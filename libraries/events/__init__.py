"""Server-sent events: what changed is read from rows, because any process may have changed it.

    rows --NewsReader--> News --Bulletin--> the events of each viewer --Hub--> open streams

One thread of a web process looks for all of its streams; a stream holds a connection, and nothing else.
"""
