"""`python -m synth ROOT --tracks N --seed S [--manifest FILE]`: write a synthetic music library."""

import argparse
import sys
from pathlib import Path

from synth import ALL_FORMATS, make_demo_library, make_library


def main(arguments: list[str]) -> int:
    """Write the library that the arguments ask for and say what it holds."""
    parser = argparse.ArgumentParser(prog="python -m synth", description=__doc__)
    parser.add_argument("root", type=Path, help="folder to write into")
    parser.add_argument("--tracks", type=int, default=500, help="number of files (default 500)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same bytes (default 1)")
    parser.add_argument("--formats", nargs="+", choices=ALL_FORMATS, default=ALL_FORMATS, metavar="FORMAT")
    parser.add_argument("--no-pictures", action="store_true", help="embed no covers")
    parser.add_argument("--demo", action="store_true", help="write the small demo library instead")
    parser.add_argument("--manifest", type=Path, help="also write the ground truth to this file, as JSON")
    options = parser.parse_args(arguments)
    if options.tracks < 1:
        parser.error("--tracks must be at least 1")
    if options.demo:
        manifest = make_demo_library(options.root)
    else:
        manifest = make_library(
            options.root,
            tracks=options.tracks,
            seed=options.seed,
            formats=tuple(options.formats),
            pictures=not options.no_pictures,
        )
    if options.manifest:
        options.manifest.write_text(manifest.to_json(), encoding="utf-8")
    totals = manifest.totals
    sys.stdout.write(f"{totals.songs} songs, {totals.albums} albums, {totals.artists} artists, {totals.size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
