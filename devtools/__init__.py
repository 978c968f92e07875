"""What `./script/test` needs and no server does: the checks, the runs of the suite, a private PostgreSQL."""
