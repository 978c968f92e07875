"""Scans: `libraries.scanner.pipeline.run` is the only public name."""
