"""Reproducible benchmarks of the scanner beside floors and peers; see `docs/benchmarks.md` for the last figures."""
