"""Exclusion rules: gitignore patterns, ignore files and presets, and which of them decides."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import time
from pathlib import Path

import pytest

from libraries.scanner.types import ScanOptions
from libraries.scanner.walk.ignore import IgnoreRule, IgnoreScope, explain_rule, root_scope
from libraries.scanner.walk.patterns import compile_patterns, validate_pattern
from tests.support.trees import listings, paths, plant


def excluded(patterns: tuple[str, ...], path: bytes, is_dir: bool = False) -> bool:
    return root_scope(ScanOptions(b"/", exclude_patterns=patterns)).excluded(path, is_dir) is not None


@pytest.mark.parametrize(
    ("patterns", "path", "is_dir", "expected"),
    [
        (("*.ogg",), b"a/b/c.ogg", False, True),
        (("*.ogg",), b"a/b/c.mp3", False, False),
        (("Podcasts/",), b"a/Podcasts", True, True),
        (("Podcasts/",), b"a/Podcasts", False, False),
        (("/Podcasts",), b"Podcasts", True, True),
        (("/Podcasts",), b"a/Podcasts", True, False),
        (("a/b",), b"a/b", True, True),
        (("a/b",), b"x/a/b", True, False),
        (("a/**/z.mp3",), b"a/z.mp3", False, True),
        (("a/**/z.mp3",), b"a/1/2/z.mp3", False, True),
        (("**/Live",), b"a/b/Live", True, True),
        (("a/**",), b"a", True, False),
        (("a/**",), b"a/b/c.mp3", False, True),
        (("*.mp3", "!keep.mp3"), b"a/keep.mp3", False, False),
        (("*.mp3", "!keep.mp3"), b"a/other.mp3", False, True),
        (("!keep.mp3", "*.mp3"), b"keep.mp3", False, True),
        (("*", "!*/", "!*.flac"), b"artist", True, False),
        (("*", "!*/", "!*.flac"), b"artist/1.flac", False, False),
        (("*", "!*/", "!*.flac"), b"artist/1.mp3", False, True),
        (("foo",), b"foo/foo", True, True),
        (("track?.mp3",), "tracké.mp3".encode(), False, True),
        (("track?.mp3",), b"track\xff.mp3", False, True),
        (("[0-9]*.mp3",), b"a/1x.mp3", False, True),
        (("[!0-9]*.mp3",), b"a/1x.mp3", False, False),
        (("*.tmp.mp3",), b"new\nline/a\nb.tmp.mp3", False, True),
        (("foo",), b"foo\n", False, False),
        ((r"\#1.mp3",), b"#1.mp3", False, True),
        ((r"\!1.mp3",), b"!1.mp3", False, True),
        (("# a comment", "", "[broken"), b"# a comment", False, False),
        (("a*b*c.mp3",), b"a-c-b-c.mp3", False, True),
        (("*live*/*.mp3",), b"x live y/1.mp3", False, True),
        (("*live*/*.mp3",), b"x/live.mp3", False, False),
        (("*ab*ab.mp3",), b"aab.mp3", False, False),
    ],
)
def test_patterns_mean_what_they_mean_in_git(
    patterns: tuple[str, ...], path: bytes, is_dir: bool, expected: bool
) -> None:
    assert excluded(patterns, path, is_dir) is expected


def test_agrees_with_git_on_a_tree(tmp_path: Path) -> None:
    plant(tmp_path, "a/1.mp3", "a/2.ogg", "a/keep/3.ogg", "b/a/4.mp3", "b/x.mp3/5.flac", "Live/6.mp3", "c/Live/7.mp3")
    lines = ("*.ogg", "!keep/*.ogg", "/a/1*", "**/Live/", "b/**/*.flac", "!5.flac")
    plant(tmp_path, ".gitignore", content="\n".join(lines).encode())
    git = ["git", "-C", str(tmp_path), "-c", "core.excludesFile="]
    subprocess.run([*git, "init", "-q"], check=True)
    kept = subprocess.run([*git, "ls-files", "-oz", "--exclude-standard"], check=True, capture_output=True)

    found = paths(listings(os.fsencode(tmp_path), exclude_patterns=lines))

    assert found == set(kept.stdout.split(b"\0")) - {b"", b".gitignore"}


NAMES = ["a", "b", "ab", "a-b", "A1", "aab", "b a", "!a", "#b", "a\\b"]
PARTS = [
    "a", "b", "A", "-", "1", " ", "!", "#", "*", "*", "**", "?", "[ab]", "[!a]", "[a-c]", "[^b-]", "[a-]",
    "[[:alpha:]]", "[\\]b]", "\\", "/", "/", "**/", "/**", "/**/", "***",
]  # fmt: skip


def test_agrees_with_git_on_random_patterns(tmp_path: Path) -> None:
    dice = random.Random(17)
    trees = {"/".join(dice.choices(NAMES, k=dice.randint(1, 4))) for _ in range(150)}
    files = sorted(path for path in trees if not any(other.startswith(path + "/") for other in trees))
    plant(tmp_path, *files)
    git = ["git", "-C", str(tmp_path), "-c", "core.excludesFile="]
    subprocess.run([*git, "init", "-q"], check=True)
    told_apart = 0
    for _ in range(150):
        lines = ("a*", "".join(dice.choices(PARTS, k=dice.randint(1, 6))))
        if "**" in lines[1].replace("/**", "/").replace("**/", "/").removeprefix("**"):
            continue  # inside a name, what git makes of it hangs on where the line lies in memory
        plant(tmp_path, ".git/info/exclude", content="\n".join(lines).encode())
        kept = subprocess.run([*git, "ls-files", "-oz", "--exclude-standard"], check=True, capture_output=True)

        scope = root_scope(ScanOptions(b"/", exclude_patterns=lines, ignore_presets=False))
        ours = {os.fsencode(file) for file in files if not is_left_out(scope, file)}

        assert ours == set(kept.stdout.split(b"\0")) - {b""}, lines
        told_apart += 0 < len(ours) < len(files)
    assert told_apart > 50


def is_left_out(scope: IgnoreScope, file: str) -> bool:
    parts = os.fsencode(file).split(b"/")
    return any(scope.excluded(b"/".join(parts[:to]), to < len(parts)) for to in range(1, len(parts) + 1))


@pytest.mark.parametrize(
    ("lines", "path", "expected"),
    [
        (("*a" * 40 + "b",), b"a" * 250, False),
        (("*[a]" * 60 + "b",), b"a" * 250 + b"b", True),
        (("**/" + "a/**/" * 60 + "c/b",), b"a/" * 2_000 + b"b", False),
        (("**/*a*a*a*/" * 12 + "*b",), (b"a" * 250 + b"/") * 15 + b"b", True),
        (("**/*a*a*a*b*/" * 12 + "*b",), (b"a" * 250 + b"/") * 15 + b"b", False),
        (tuple(f"{'a/**/' * 10}b{number}" for number in range(500)), b"a/" * 2_000 + b"b7", True),
    ],
)
def test_a_hostile_pattern_takes_no_time(lines: tuple[str, ...], path: bytes, expected: bool) -> None:
    scope = root_scope(ScanOptions(b"/", exclude_patterns=lines))
    begin = time.process_time()
    assert (scope.excluded(path, False) is not None) is expected
    assert time.process_time() - begin < 1


def test_what_a_path_costs_grows_with_its_depth_only() -> None:
    def cost(depth: int) -> float:
        scope = root_scope(ScanOptions(b"/", exclude_patterns=("a/**/" * 20 + "c/b",)))
        begin = time.process_time()
        scope.excluded(b"a/" * depth + b"b", False)
        return time.process_time() - begin

    few = min(cost(500) for _ in range(3))
    assert cost(8_000) < 80 * max(few, 0.0005)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a\0b", "NUL"),
        ("a\nb", "one line"),
        ("a\rb", "one line"),
        ("x" * 1_001, "1000"),
        ("  ", "empty"),
        ("[abc", "not a valid"),
        ("[z-a]", "not a valid"),
        ("a\\", "not a valid"),
        ("!", "not a valid"),
        ("/", "not a valid"),
        ("[[:nonsense:]]", "not a valid"),
    ],
)
def test_impossible_patterns_are_refused_with_the_reason(text: str, word: str) -> None:
    assert word in (validate_pattern(text) or "")


@pytest.mark.parametrize("text", ["*.mp3", "!keep", "/a/**/b/", "# comment", "Café", "a b", r"\#x", "[!a]*"])
def test_good_patterns_are_accepted(text: str) -> None:
    assert validate_pattern(text) is None


def test_an_excluded_folder_is_never_entered(tmp_path: Path) -> None:
    root = plant(tmp_path, "a/1.mp3", "no/2.mp3", "no/keep.mp3")

    found = listings(root, exclude_patterns=("no/", "!keep.mp3"))

    assert list(found) == [b"", b"a"]


def test_excluded_files_are_counted_and_change_the_digest(tmp_path: Path) -> None:
    root = plant(tmp_path, "1.mp3", "2.ogg")

    found = listings(root, exclude_patterns=("*.ogg",))[b""]

    assert (len(found.files), found.ignored) == (1, 1)
    assert found.digest != listings(root)[b""].digest


class TestIgnoreFiles:
    def test_an_empty_one_ignores_its_folder(self, tmp_path: Path) -> None:
        root = plant(tmp_path, "a/1.mp3", "a/b/2.mp3", "c/3.mp3", "d/4.mp3")
        plant(tmp_path, "a/.ndignore", content=b"")
        plant(tmp_path, "c/.ndignore", content=b"\n# nothing here\n  \r\n")

        found = listings(root)

        assert paths(found) == {b"d/4.mp3"}
        assert found[b"a"].ignored == 1
        assert found[b"a"].complete

    def test_patterns_are_relative_to_its_folder_and_hold_below(self, tmp_path: Path) -> None:
        root = plant(tmp_path, "x.mp3", "a/x.mp3", "a/b/x.mp3", "a/b/y.ogg", "z.ogg")
        plant(tmp_path, "a/.ndignore", content=b"\xef\xbb\xbf/x.mp3\r\n*.ogg\r\n")

        assert paths(listings(root)) == {b"x.mp3", b"a/b/x.mp3", b"z.ogg"}

    def test_the_deepest_decides_and_the_library_has_the_last_word(self, tmp_path: Path) -> None:
        root = plant(tmp_path, "a/1.ogg", "a/b/2.ogg", "a/b/3.ogg", "a/b/4.mp3")
        plant(tmp_path, "a/.ndignore", content=b"*.ogg")
        plant(tmp_path, "a/b/.ndignore", content=b"!*.ogg\n*.mp3")

        assert paths(listings(root)) == {b"a/b/2.ogg", b"a/b/3.ogg"}
        assert paths(listings(root, exclude_patterns=("3.ogg", "!4.mp3"))) == {b"a/b/2.ogg", b"a/b/4.mp3"}

    def test_lines_that_are_not_utf8_match_their_bytes(self, tmp_path: Path) -> None:
        root = plant(tmp_path, b"caf\xe9.mp3", b"b.mp3")
        plant(tmp_path, ".ndignore", content=b"caf\xe9.mp3")

        assert paths(listings(root)) == {b"b.mp3"}

    @pytest.mark.parametrize("kind", ["folder", "fifo", "dangling"])
    def test_only_a_file_counts(self, tmp_path: Path, kind: str) -> None:
        root = plant(tmp_path, "1.mp3")
        place = tmp_path / ".ndignore"
        if kind == "folder":
            place.mkdir()
        elif kind == "fifo":
            os.mkfifo(place)
        else:
            place.symlink_to("nowhere")

        assert paths(listings(root)) == {b"1.mp3"}

    def test_one_that_cannot_be_read_protects_the_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        root = plant(tmp_path, "a/1.mp3", "2.mp3")
        plant(tmp_path, "a/.ndignore", content=b"*.ogg")
        real = os.open

        def refuse(path: bytes, flags: int) -> int:
            if path.endswith(b".ndignore"):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return real(path, flags)

        monkeypatch.setattr(os, "open", refuse)
        found = listings(root)

        assert (found[b""].complete, found[b"a"].complete) == (True, False)
        assert found[b"a"].problems[0].kind == "io"

    @pytest.mark.parametrize("content", [b"x\n" * 1_001, b"x" * 65_537])
    def test_one_that_is_too_long_protects_its_folder_and_is_a_problem(self, tmp_path: Path, content: bytes) -> None:
        folders = [f"{number:02}" for number in range(12)]
        root = plant(tmp_path, *(f"{folder}/1.mp3" for folder in folders), "z/2.mp3")
        for folder in folders:
            plant(tmp_path, f"{folder}/.ndignore", content=content)

        found = listings(root)

        assert paths(found) == {b"z/2.mp3"}
        assert not any(found[os.fsencode(folder)].complete for folder in folders)
        (problem,) = found[b"00"].problems
        assert problem.message == "“00” could not be read: its file .ndignore has more than 1000 lines or 64 KiB."

    def test_one_within_the_limits_is_obeyed_to_its_last_line(self, tmp_path: Path) -> None:
        root = plant(tmp_path, "1.mp3", "2.mp3")
        plant(tmp_path, ".ndignore", content=b"x" * 64_000 + b"\n" * 999 + b"1.mp3\n")

        assert paths(listings(root)) == {b"2.mp3"}


class TestPresets:
    junk = (
        "@eaDir/a.mp3/SYNOAUDIO.mp3", "#recycle/b.mp3", "#snapshot/c.mp3", ".Trash-1000/files/d.mp3",
        "$RECYCLE.BIN/e.mp3", "System Volume Information/f.mp3", "x/@eaDir/g.mp3", "lost+found/h.mp3",
        ".AppleDouble/i.mp3", ".hidden/j.mp3", ".k.mp3",
    )  # fmt: skip

    def test_system_folders_and_hidden_files_are_left_out(self, tmp_path: Path) -> None:
        root = plant(tmp_path, *self.junk, "._fork.mp3", ".DS_Store", "x/1.mp3", "...And Justice for All/2.mp3")

        assert paths(listings(root)) == {b"x/1.mp3", b"...And Justice for All/2.mp3"}
        assert listings(root)[b""].ignored == 2

    def test_they_can_be_switched_off(self, tmp_path: Path) -> None:
        root = plant(tmp_path, *self.junk, "._fork.mp3", "x/1.mp3")

        assert paths(listings(root, ignore_presets=False)) == {os.fsencode(path) for path in (*self.junk, "x/1.mp3")}

    def test_one_can_be_brought_back_by_a_pattern(self, tmp_path: Path) -> None:
        root = plant(tmp_path, "#recycle/b.mp3", ".hidden/j.mp3")

        assert paths(listings(root, exclude_patterns=("!#recycle/",))) == {b"#recycle/b.mp3"}


class TestExplain:
    def test_names_the_rule_and_its_source(self, tmp_path: Path) -> None:
        root = plant(tmp_path, "a/b/1.mp3")
        plant(tmp_path, "a/.ndignore", content=b"b/\n!c\n")
        plant(tmp_path, "e/.ndignore", content=b"")
        options = ScanOptions(root, exclude_patterns=("*.ogg", "!keep.ogg"))

        assert explain_rule(options, b"a/b/1.mp3") == IgnoreRule("b/", "a/.ndignore", b"a/b")
        assert explain_rule(options, b"x/1.ogg") == IgnoreRule("*.ogg", "excludePatterns", b"x/1.ogg")
        assert explain_rule(options, b"x/@eaDir/1.mp3") == IgnoreRule("@eaDir", "preset", b"x/@eaDir")
        assert explain_rule(options, b"._a.mp3") == IgnoreRule("._*", "preset", b"._a.mp3")
        assert explain_rule(options, b"e/1.mp3") == IgnoreRule("", "e/.ndignore", b"e")
        assert explain_rule(options, b"e", is_dir=True) == IgnoreRule("", "e/.ndignore", b"e")
        assert explain_rule(options, b"x/keep.ogg") is None
        assert explain_rule(options, b"a/1.mp3") is None
        assert explain_rule(options, b"", is_dir=True) is None

    def test_agrees_with_the_walk(self, tmp_path: Path) -> None:
        root = plant(tmp_path, "a/1.mp3", "a/2.ogg", "b/.h/3.mp3", "b/4.mp3", "c/d/5.mp3")
        plant(tmp_path, "c/.ndignore", content=b"d")
        options = ScanOptions(root, exclude_patterns=("*.ogg",))
        every = {b"a/1.mp3", b"a/2.ogg", b"b/.h/3.mp3", b"b/4.mp3", b"c/d/5.mp3"}

        kept = paths(listings(root, exclude_patterns=("*.ogg",)))

        assert kept == {path for path in every if explain_rule(options, path) is None} == {b"a/1.mp3", b"b/4.mp3"}


def test_compiled_patterns_are_shared() -> None:
    assert compile_patterns(("*.mp3",)) is compile_patterns(("*.mp3",))
