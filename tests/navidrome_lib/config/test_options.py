"""Every option of the server: it is documented, and a value that makes no sense is refused at start."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from libraries.scanner.mapping.splitting import SplitRules
from libraries.scanner.options import split_rules
from navidrome_lib.config.conf import Conf, ConfigError, load
from navidrome_lib.config.option import Option, declared_options
from navidrome_lib.config.reference import render

REPOSITORY = Path(__file__).resolve().parents[3]
OPTIONS = {option.variable: option for option in declared_options(Conf)}
# any text is a name or a password
FREE_TEXT = {"ND_ADMIN_USER", "ND_ADMIN_PASSWORD", "ND_FFMPEGPATH", "ND_LASTFM_APIKEY", "ND_LASTFM_SECRET"}
# these are refused without each other
COMPANIONS = {
    "ND_ADMIN_USER": "me", "ND_ADMIN_PASSWORD": "a long password", "ND_LASTFM_APIKEY": "0123",
    "ND_LASTFM_SECRET": "fedc",
}  # fmt: skip


def value_of(option: Option, text: str) -> object:
    return option.value({option.variable: text})


def test_every_variable_that_the_options_read_is_declared_once() -> None:
    assert len(list(declared_options(Conf))) == len(OPTIONS)
    read = set[str]()

    class Spy(dict[str, str]):
        def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
            read.add(name)
            return default

    load(Spy())
    assert read == set(OPTIONS)


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_has_all_that_its_documentation_says(name: str) -> None:
    option = OPTIONS[name]
    assert re.fullmatch(r"[A-Z].*\.", option.about)
    assert option.reader.takes
    assert option.default or option.default_note
    assert value_of(option, option.example) != value_of(option, ""), "an example is not the default"
    load({**COMPANIONS, name: option.example})


@pytest.mark.parametrize("name", OPTIONS)
def test_a_value_that_makes_no_sense_is_refused_with_its_name_and_the_reason(name: str) -> None:
    option = OPTIONS[name]
    if option.nonsense is None:
        assert name in FREE_TEXT, f"{name} takes any text: say so here, or declare a nonsense that is refused"
        assert value_of(option, "x\x07 '$(") == "x\x07 '$("
        return
    with pytest.raises(ConfigError) as refused:
        load({name: option.nonsense})
    assert refused.value.name == name
    assert str(refused.value).startswith(f"{name}: must ") or "is not a schedule" in refused.value.reason
    assert not option.secret or option.nonsense not in str(refused.value), "a reason that shows a secret"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ND_SCANNER_SCHEDULE", "0 0 30 2 *"),  # that day never comes
        ("ND_SESSIONTIMEOUT", "0s"),
        ("ND_SESSIONTIMEOUT", "999999999d"),  # beyond what a date can say
        ("ND_DATAFOLDER", "~nobody-of-this-name/data"),
        ("ND_ALLOWEDROOTS", "~nobody-of-this-name"),
        ("ND_DATAFOLDER", "/dev/null/data"),
        ("ND_DATAFOLDER", "x" * 5000),
        ("DATABASE_URL", "postgres://host:port/name"),
        ("REDIS_URL", "redis://[::1/0"),
        ("ND_ALLOWEDHOSTS", "music.example.org, a b"),
        ("ND_ADDRESS", "10.0.0.1/8"),
        ("ND_BASEURL", "http://host/a b"),
        ("ND_TAGS_ARTIST_SPLIT", " / , "),
        ("ND_TAGS_ARTIST_SPLIT", '[" "]'),
        ("ND_TAGS_ARTIST_SPLIT", '["a\\u0000"]'),
        ("ND_SCANNER_ARTISTSPLITEXCEPTIONS", "AC/DC," * 10_000 + "AC/DC"),
    ],
)
def test_more_that_makes_no_sense(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{name}: "):
        load({name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ND_ADDRESS", "::"),
        ("ND_ADDRESS", "localhost"),
        ("ND_ALLOWEDHOSTS", ".example.org, [::1], 127.0.0.1, *"),
        ("DATABASE_URL", "sqlite:////srv/music.db"),
        ("DATABASE_URL", "postgres:///music?host=/run/postgresql"),
        ("REDIS_URL", "unix:///run/redis.sock?db=1"),
        ("ND_SCANNER_SCHEDULE", "never"),
        ("ND_SCANNER_WATCHERWAIT", "0s"),
        ("ND_SESSIONTIMEOUT", "1h30m"),
        ("ND_DATAFOLDER", "a folder that is not there yet"),
    ],
)
def test_values_that_are_taken(name: str, value: str) -> None:
    load({name: value})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[" / ", ", "]', (" / ", ", ")),
        ('  ["/"]  ', ("/",)),
        (" / , feat. ", (" / ", " feat. ")),
        ("/", ("/",)),
        ("[]", ()),
        ("  ", (" / ", " feat. ", " feat ", " ft. ", " ft ", "; ")),
    ],
)
def test_spaces_count_in_separators(text: str, expected: tuple[str, ...]) -> None:
    assert load({"ND_TAGS_ARTIST_SPLIT": text}).tags.artist_split == expected
    names = load({"ND_SCANNER_ARTISTSPLITEXCEPTIONS": text}).scanner.artist_split_exceptions
    assert names == (tuple(each.strip() for each in expected) if text.strip() else ())


def test_album_artists_are_split_as_artists_unless_said_otherwise() -> None:
    assert split_rules(load({})) == SplitRules()
    rules = split_rules(load({"ND_TAGS_ARTIST_SPLIT": "+", "ND_TAGS_ARTISTS_SPLIT": "/"}))
    assert (rules.albumartist, rules.albumartists) == (("+",), ("/",))
    rules = split_rules(load({"ND_TAGS_ALBUMARTIST_SPLIT": "[]", "ND_TAGS_ALBUMARTISTS_SPLIT": "|"}))
    assert (rules.artist, rules.albumartist, rules.albumartists) == (SplitRules().artist, (), ("|",))


def test_the_first_admin_needs_a_name_and_a_password() -> None:
    with pytest.raises(ConfigError, match=r"^ND_ADMIN_PASSWORD: must be set together with ND_ADMIN_USER"):
        load({"ND_ADMIN_USER": "me"})
    with pytest.raises(ConfigError, match=r"^ND_ADMIN_USER: must be set together with ND_ADMIN_PASSWORD"):
        load({"ND_ADMIN_PASSWORD": "a long password"})


def test_last_fm_needs_a_key_and_a_secret() -> None:
    for given in ({}, {"ND_LASTFM_APIKEY": "0123"}, {"ND_LASTFM_SECRET": "fedc"}):
        with pytest.raises(ConfigError, match=r"^ND_LASTFM_ENABLED: must be set together with ND_LASTFM_APIKEY"):
            load({"ND_LASTFM_ENABLED": "true", **given})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("https://api.example/1/", "https://api.example/1"), ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
     ("http://api.example", None), ("https://user@api.example", None), ("https://api.example/?a=b", None), ("x", None)],
)  # fmt: skip
def test_tokens_go_to_encrypted_addresses_only(text: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ConfigError, match=r"^ND_LISTENBRAINZ_BASEURL: must "):
            load({"ND_LISTENBRAINZ_BASEURL": text})
    else:
        assert load({"ND_LISTENBRAINZ_BASEURL": text}).listenbrainz.base_url == expected


def test_no_representation_shows_a_secret() -> None:
    secrets = {name: option.example for name, option in OPTIONS.items() if option.secret}
    known = {"DATABASE_URL", "REDIS_URL", "ND_ADMIN_PASSWORD", "ND_LASTFM_APIKEY", "ND_LASTFM_SECRET"}
    assert known == set(secrets)
    shown = repr(load({**COMPANIONS, **secrets}))
    assert not [secret for secret in secrets.values() if secret in shown]


def test_a_command_is_refused_with_one_sentence(tmp_path: Path) -> None:
    environ = {**os.environ, "ND_DATAFOLDER": str(tmp_path), "ND_SCANNER_SCHEDULE": "foo"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=REPOSITORY, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("ND_SCANNER_SCHEDULE: “foo” is not a schedule: cron has five fields")


def test_the_documentation_of_the_options_is_current() -> None:
    page = (REPOSITORY / "docs" / "configuration.md").read_text()
    assert page == render(), "run python -m navidrome_lib.config docs/configuration.md"
    for name, option in OPTIONS.items():
        assert page.count(f"\n### `{name}`\n") == 1
        assert not option.default or f"- Default: `{option.default}`" in page


def test_the_defaults_in_the_documentation_are_those_of_a_server_without_options() -> None:
    conf = dataclasses.asdict(load({}))
    assert (conf["port"], conf["session_timeout"], conf["scanner"]["file_timeout"]) == (4533, 48 * 3600, 10)
    assert (conf["scanner"]["watcher_wait"], conf["scanner"]["watcher_poll"]) == (5, 300)
    assert (conf["music_folder"], conf["allowed_roots"], conf["base_url"]) == (None, (), "")
    assert (conf["address"], conf["data_folder"]) == ("0.0.0.0", Path.cwd() / "data")  # noqa: S104 - compared with
    assert (conf["auth_request_limit"], conf["allowed_hosts"], conf["log_level"]) == (5, "*", "info")
