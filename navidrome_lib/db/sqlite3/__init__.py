"""Django's backend for SQLite, with connections that may be kept between requests."""
