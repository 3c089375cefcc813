"""The configuration file: every option of every command, what beats what, and what is refused."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
import trustme

from conformance.cli.catalogue import explain_command, list_command
from conformance.cli.client import client_command
from conformance.cli.fuzz import fuzz_command
from conformance.cli.load import load_command
from conformance.cli.merge import merge_command
from conformance.cli.replay import replay_command
from conformance.cli.run import run_command
from dinie_contract.command_line import ConfiguredOption, settings_of_file
from dinie_contract.options import COMMANDS, CONFIGURATION, TARGET_TABLE, Option
from mock_server.cli.client import exercise_command, report_command
from mock_server.cli.serve import serve_command

CLICK: Mapping[str, click.Command] = {
    "run": run_command,
    "fuzz": fuzz_command,
    "replay": replay_command,
    "merge": merge_command,
    "load": load_command,
    "client": client_command,
    "list": list_command,
    "explain": explain_command,
    "pytest": run_command,
    "serve": serve_command,
    "report": report_command,
    "exercise": exercise_command,
}

POSITIONAL = {
    "replay": ["finding.json"],
    "merge": ["campaign"],
    "explain": ["lists.no-secrets"],
    "exercise": ["true"],
}

VALUES: Mapping[str, tuple[str, str, str]] = {
    "base URL": ("http://one:1/v3", "http://two:2/v3", "http://three:3/v3"),
    "web address": ("http://one:1/clock", "http://two:2/clock", "http://three:3/clock"),
    "mock URL": ("http://one:1", "http://two:2", "http://three:3"),
    "origin": ("http://one:1", "https://two", "*"),
    "proxy": ("http://one:3128", "http://two:3128", "env"),
    "database": ("redis://one:1/0", "redis://two:2/0", "redis://three:3/0"),
    "store": ("sqlite:///one.db", "redis://two:2", "sqlite://"),
    "text": ("one:app", "two:app", "three:app"),
    "secret": ("secret-one", "secret-two", "secret-three"),
    "password": ("secret-one", "secret-two", "secret-three"),
    "bearer token": ("secret-one", "secret-two", "secret-three"),
    "partner": ("one:secret", "two:secret:token", "three:secret"),
    "header": ("X-Api-Key: key-one", "X-Api-Key: key-two", "X-Api-Key: key-three"),
    "key": ("X-Api-Key: key-one", "X-Api-Key: key-two", "X-Api-Key: key-three"),
    "authorities": ("one.pem", "two.pem", "three.pem"),
    "PEM file": ("one.pem", "two.pem", "three.pem"),
    "file": ("one.txt", "two.txt", "three.txt"),
    "export": ("pytest one.py", "pytest two.py", "pytest three.py"),
    "duration": ("1m", "2m", "3m"),
    "duration or 0": ("1m", "2m", "0"),
    "more than 0": ("1.5", "2", "3"),
    "0 or more": ("1.5", "0", "3"),
    "share": ("0.1", "0.2", "1"),
    "whole, 0 or more": ("1", "2", "3"),
    "whole, 1 or more": ("1", "2", "3"),
    "port": ("1001", "1002", "1003"),
    "port or 0": ("1001", "1002", "0"),
    "workers": ("2", "3", "4"),
    "shard": ("1/3", "2/3", "3/3"),
    "rate limit": ("1/minute", "2/minute", "3/minute"),
    "level": ("should", "must", "should"),
    "format": ("json", "junit", "html"),
    "log format": ("json", "text", "json"),
    "log level": ("debug", "info", "error"),
    "preset": ("lost-response", "outage", "lost-response"),
    "fault": ("lost-response", "503", "502:html"),
    "contract": ("2026-03-01", "one.yaml", "two.yaml"),
    "flag": ("true", "false", "true"),
    "switch": ("false", "true", "false"),
}
"""By the kind of an option: values for the file, the environment and the command line."""

SECRET_VARIABLE = "VALUE_FOR_THE_FILE"


class Case(NamedTuple):
    """One option of one command."""

    command: str
    option: Option

    def __str__(self) -> str:
        return f"{self.command}-{self.option.name}"


def options_of(command: str) -> Iterator[Option]:
    """The options of a command that a file can give, report files included."""
    for one in CLICK[command].params:
        if isinstance(one, ConfiguredOption):
            option = one.declared
            is_named = command != "pytest" or option.name in {one.name for one in COMMANDS[command]}
            if is_named and option not in CONFIGURATION:
                yield option


CASES = [Case(command, option) for command in sorted(CLICK) for option in options_of(command)]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pem: bytes) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DINIE_WAIT_FOR")
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.pem").write_bytes(pem)
    return tmp_path


@pytest.fixture(scope="session")
def pem() -> bytes:
    return trustme.CA().cert_pem.bytes()


def needed(command: str, option: Option) -> str:
    """Lines of the file without which a command does not begin."""
    if command == "load" and option.name != "url":
        return 'url = "http://needed:1/v3"\n'
    if command == "client" and option.name != "har":
        return 'har = ["needed.har"]\n'
    return ""


def in_toml(option: Option, text: str) -> str:
    """A value as the file has it: a secret by the name of its variable."""
    if option.kind in {"header", "key"}:
        name, _, value = text.partition(": ")
        os.environ[SECRET_VARIABLE] = value
        value = f'{{ name = "{name}", variable = "{SECRET_VARIABLE}" }}'
    elif option.is_secret:
        os.environ[SECRET_VARIABLE] = text
        value = f'{{ variable = "{SECRET_VARIABLE}" }}'
    elif option.kind == "export":
        return str(text.split())
    elif option.kind in {"flag", "switch"} or re.fullmatch(r"[0-9.]+", text):
        value = text
    else:
        value = f'"{text}"'
    return f"[{value}]" if option.multiple else value


def on_command_line(option: Option, text: str) -> list[str]:
    if option.kind in {"flag", "switch"}:
        return [f"--{option.name}" if text == "true" else option.negative]
    return [f"--{option.name}", *(text.split() if option.kind == "export" else [text])]


def read(command: str, *arguments: str) -> dict[str, Any]:
    given = [*arguments, *POSITIONAL.get(command, [])]
    return CLICK[command].make_context(command, given).params


def refused(command: str, *arguments: str) -> str:
    with pytest.raises(click.UsageError) as error:
        read(command, *arguments)
    message = error.value.format_message()
    assert "\n" not in message
    return message


@pytest.fixture(autouse=True)
def _no_variable_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, "")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_command_line_beats_the_environment_which_beats_the_file(
    case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, option = case
    first, second, third = VALUES[option.kind]
    table, target = f"[{command}]\n{needed(command, option)}", []
    if option.for_named_target:
        table, target = f"{table}[target.named]\n", ["--target", "named"]

    def by_option(text: str) -> dict[str, Any]:
        return read(command, *target, *on_command_line(option, text))

    (folder / "dinie.toml").write_text(table)
    expected = {text: by_option(text) for text in (first, second, third)}
    (folder / "dinie.toml").write_text(f"{table}{option.name} = {in_toml(option, first)}\n")

    assert read(command, *target) == expected[first] != expected[second]
    assert by_option(third) == expected[third]
    if option.has_variable:
        monkeypatch.setenv(option.variable, second)
        assert read(command, *target) == expected[second]
        assert by_option(third) == expected[third]


SENDING = sorted(
    name for name, options in COMMANDS.items() if any(one.name == "target" for one in options)
)
OF_TARGETS = [Case(command, option) for command in SENDING for option in TARGET_TABLE]


@pytest.mark.parametrize("case", OF_TARGETS, ids=str)
def test_a_target_beats_the_table_of_the_command(case: Case, folder: Path) -> None:
    command, option = case
    first, second, _ = VALUES[option.kind]
    in_table = option in options_of(command) and not option.for_named_target | option.is_secret
    table = f"{option.name} = {in_toml(option, second)}\n" if in_table else ""
    lines = f"[{command}]\n{needed(command, option)}{table}[target.a]\n"
    (folder / "dinie.toml").write_text(lines)
    # Pytest takes from a target what `run` does, and `load` not all.
    declared = [one.declared for one in CLICK[command].params if isinstance(one, ConfiguredOption)]
    is_taken = option.name in {one.name for one in declared}
    expected = read(command, "--target", "a", *(on_command_line(option, first) * is_taken))
    (folder / "dinie.toml").write_text(f"{lines}{option.name} = {in_toml(option, first)}\n")

    assert read(command, "--target", "a") == expected


def test_every_sample_is_of_a_kind_that_an_option_has() -> None:
    kinds = {case.option.kind for case in CASES}
    assert kinds == VALUES.keys()
    assert {case.command for case in CASES} == COMMANDS.keys()


TARGETS = """
[run]
target = "staging"
select = ["problems"]

[target.staging]
url = "http://staging:1/v3"
token = { variable = "STAGING_TOKEN" }

[target.local]
app = "local:app"
client-id = { variable = "LOCAL_ID" }
client-secret = { variable = "LOCAL_SECRET" }
"""


@pytest.fixture
def targets(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("STAGING_TOKEN", "LOCAL_ID", "LOCAL_SECRET"):
        monkeypatch.setenv(name, f"value-of-{name}")
    file = folder / "dinie.toml"
    file.write_text(TARGETS)
    return file


def test_a_table_may_name_its_target_and_the_user_another(targets: Path) -> None:
    assert read("run")["url"] == "http://staging:1/v3"
    local = read("run", "--target", "local")
    assert (local["url"], local["app"], local["token"]) == (None, "local:app", None)
    assert read("fuzz")["url"] is None


def test_the_variable_of_the_target_counts(targets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DINIE_TARGET", "local")
    assert read("run")["app"] == "local:app"
    assert read("run", "--target", "staging")["app"] is None


@pytest.mark.parametrize("source", ["command line", "environment"])
@pytest.mark.parametrize(
    ("name", "value", "excluded"),
    [("app", "my:app", "url"), ("client-id", "my-client", "token")],
)
def test_an_option_takes_the_place_of_another_one_in_the_file(
    source: str, name: str, value: str, excluded: str, targets: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    arguments = [f"--{name}", value] if source == "command line" else []
    if source == "environment":
        monkeypatch.setenv(f"DINIE_{name.replace('-', '_').upper()}", value)
    found = read("run", *arguments)
    assert found[excluded] is None
    assert found[name.replace("-", "_")] == value


def test_a_target_takes_the_place_of_the_command_s_app(folder: Path) -> None:
    file = folder / "dinie.toml"
    file.write_text('[run]\napp = "my:app"\n[target.a]\nurl = "http://a:1/v3"\n')
    assert read("run")["app"] == "my:app"
    found = read("run", "--target", "a")
    assert (found["app"], found["url"]) == (None, "http://a:1/v3")


def test_an_app_and_its_url_may_stand_together(folder: Path) -> None:
    (folder / "dinie.toml").write_text('[run]\napp = "my:app"\nurl = "http://a:1/v3"\n')
    found = read("run")
    assert (found["app"], found["url"]) == ("my:app", "http://a:1/v3")


def test_a_resumed_campaign_takes_no_directory_and_seed_of_the_file(folder: Path) -> None:
    (folder / "dinie.toml").write_text('[fuzz]\ndirectory = "new"\nseed = 4\nshard = "1/2"\n')
    found = read("fuzz", "--resume", "old")
    assert (found["directory"], found["seed"], found["shard"]) == (None, None, None)


def test_the_variable_of_a_value_that_does_not_count_need_not_be_set(targets: Path) -> None:
    os.environ.pop("STAGING_TOKEN")
    assert read("run", "--token", "mine")["token"] == "mine"
    message = refused("run")
    assert message == (
        "dinie.toml: [target.staging] token needs the environment variable STAGING_TOKEN,"
        " which is not set"
    )


def test_the_file_of_the_nearest_folder_counts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "dinie.toml").write_text('[run]\nurl = "http://above:1/v3"\nbaseline = "b.yaml"\n')
    below = folder / "project" / "tests"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    # A project without a table of ours, or whose file is broken elsewhere, is passed by.
    (below / "pyproject.toml").write_text('[project]\nname = "dinie-user"\n')
    (below.parent / "pyproject.toml").write_text("[tool.other\n")
    assert read("run")["url"] == "http://above:1/v3"
    assert read("run")["baseline"] == folder / "b.yaml"
    (below / "pyproject.toml").write_text('[tool.dinie.run]\nurl = "http://project:1/v3"\n')
    assert read("run")["url"] == "http://project:1/v3"
    (below / "dinie.toml").write_text('[run]\nurl = "http://own:1/v3"\n')
    assert read("run")["url"] == "http://own:1/v3"
    assert read("run", "--config", "../../dinie.toml")["url"] == "http://above:1/v3"
    assert read("run", "--no-config")["url"] is None


def test_config_and_no_config_take_each_other_s_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "one.toml").write_text('[run]\nurl = "http://one:1/v3"\n')
    monkeypatch.setenv("DINIE_CONFIG", "one.toml")
    assert read("run")["url"] == "http://one:1/v3"
    assert read("run", "--no-config")["url"] is None
    monkeypatch.delenv("DINIE_CONFIG")
    monkeypatch.setenv("DINIE_NO_CONFIG", "1")
    (folder / "dinie.toml").write_text("nothing that would be read")
    assert read("run")["url"] is None
    assert read("run", "--config", "one.toml")["url"] == "http://one:1/v3"
    assert refused("run", "--config", "one.toml", "--no-config") == (
        "give either --config or --no-config"
    )


def test_paths_start_at_the_folder_of_the_file(folder: Path) -> None:
    (folder / "ci").mkdir()
    (folder / "ci" / "gate.toml").write_text(
        '[run]\nreport-html = "report.html"\nbaseline = "/etc/baseline.yaml"\n'
        '[fuzz]\nhar = ["a.har", "../b.har"]\nexport = ["pytest", "found.py"]\n'
        '[serve]\nstore = "sqlite:///mock.db"\ncontract = "api.yaml"\n'
    )
    config = ("--config", "ci/gate.toml")
    assert read("run", *config)["report_html"] == Path("ci/report.html")
    assert read("run", *config)["baseline"] == Path("/etc/baseline.yaml")
    fuzz = read("fuzz", *config)
    assert fuzz["hars"] == (Path("ci/a.har"), Path("ci/../b.har"))
    assert fuzz["export"] == ("pytest", Path("ci/found.py"))
    serve = read("serve", *config)
    assert (serve["store"], serve["contract"]) == ("sqlite:///ci/mock.db", Path("ci/api.yaml"))


@pytest.mark.parametrize("case", [one for one in CASES if one.option.is_secret], ids=str)
def test_a_secret_itself_is_refused_and_not_repeated(case: Case, folder: Path) -> None:
    command, option = case
    secret = "hunter2-hunter3"
    for content in (f'"{secret}"', f'["{secret}"]', f'{{ variable = "{secret}" }}',
                    f'{{ value = "{secret}" }}', f'[{{ X-Api-Key = "{secret}" }}]'):  # fmt: skip
        rest = needed(command, option)
        (folder / "dinie.toml").write_text(f"[{command}]\n{rest}{option.name} = {content}\n")
        message = refused(command)
        assert message.startswith(f"dinie.toml: [{command}] {option.name} ")
        assert "variable" in message
        assert "hunter" not in message


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("fuzz", 'example-database = "redis://:hunter2@redis:6379/0"'),
        ("fuzz", 'example-database = "redis://:hun/ter2@redis:6379/0"'),
        ("run", 'proxy = "http://me:hunter2@proxy:3128"'),
        ("run", 'proxy = "me:hunter2@proxy:3128"'),
        ("run", 'clock-url = "http://target/clock?key=hunter2"'),
        ("run", 'url = "https://hunter2@staging/v3"'),
        ("run", 'app = "dinie_at_hunter2"'),
        ("serve", 'store = "rediss://mock:hunter2@redis"'),
    ],
)
def test_a_text_that_may_hold_a_secret_is_refused_and_not_repeated(
    command: str, line: str, folder: Path
) -> None:
    (folder / "dinie.toml").write_text(f"[{command}]\n{line}\n")
    message = refused(command)
    assert message == (
        f"dinie.toml: [{command}] {line.partition(' ')[0]} may hold a secret: the file names a"
        ' variable with it, as { variable = "NAME" }'
    )


def test_what_a_variable_holds_is_not_repeated(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEVEL", "hunter2")
    (folder / "dinie.toml").write_text('[run]\nlevel = { variable = "LEVEL" }\n')
    message = refused("run")
    assert message == "dinie.toml: [run] level: 'LEVEL' is not one of 'must', 'should'."


REFUSED: Mapping[str, tuple[str, str]] = {
    "an underscore": ("[run]\nmax_rps = 4", "[run] takes no max_rps; the nearest is max-rps"),
    "a misspelt key": ("[run]\nselekt = []", "[run] takes no selekt; the nearest is select"),
    "a misspelt key of another target": (
        '[target.other]\nurll = "http://a:1"',
        "[target.other] takes no urll; the nearest is url",
    ),
    "what no target has": (
        '[target.other]\nlevel = "must"',
        "[target.other] takes no level; the nearest is ",
    ),
    "an option of the file itself": ('[run]\nconfig = "a"', "[run] takes no config; the"),
    "a misspelt table": ("[rum]\n", "[rum] is no table of a command; the nearest is run"),
    "a key in no table": ("max-rps = 4", "max-rps must stand in the table of a command"),
    "a command that is no table": ("run = 4", "[run] must be a table"),
    "a target that is no table": ("[target]\nurl = 1", "[target] has tables alone, such as"),
    "an unknown default": (
        '[run]\ntarget = "stagin"\n[target.staging]',
        "[run] target stagin is no target; the nearest is staging",
    ),
    "text for a number": ('[run]\nmax-rps = "4"', "[run] max-rps must be a number, without"),
    "a fraction": ("[run]\nseed = 1.5", "[run] seed must be a whole number, without quotes"),
    "a truth for a number": ("[run]\nseed = true", "[run] seed must be a whole number"),
    "a number out of range": ("[run]\nmax-rps = -1", "[run] max-rps: -1.0 is not in the range"),
    "no number": ("[run]\nmax-rps = nan", "[run] max-rps: "),
    "an endless number": (f"[run]\nmax-rps = 1{'0' * 400}", "[run] max-rps: is too large"),
    "text for a flag": ('[run]\nkeep = "yes"', "[run] keep must be true or false"),
    "a number for a flag": ("[run]\nkeep = 1", "[run] keep must be true or false"),
    "a number for text": ("[run]\nwait-for = 30", "[run] wait-for must be text, in quotes"),
    "a date": ("[run]\nwait-for = 2026-01-01", "[run] wait-for must be text, in quotes"),
    "a duration": ('[run]\nwait-for = "x"', "[run] wait-for: must be a duration such as"),
    "text for a list": ('[run]\nselect = "a"', "[run] select must be a list, in [ ]"),
    "a list in a list": ('[run]\nselect = [["a"]]', "[run] select must be text, in quotes"),
    "a list for one value": ('[run]\nlevel = ["must"]', "[run] level must be one value"),
    "a table for a value": ("[run.url]\na = 1", "[run] url must be { variable"),
    "another choice": ('[run]\nlevel = "may"', "[run] level: 'may' is not one of"),
    "a control character": ('[run]\nbaseline = "a\\u0000b"', "[run] baseline must not hold"),
    "no protection for all": (
        "[run]\nallow-production = true",
        "[run] allow-production may stand only in a table [target.NAME], which --target NAME",
    ),
    "no protection by default": (
        '[run]\ntarget = "a"\n[target.a]\ninsecure = true',
        "[target.a] insecure counts only for a target that is named: --target a",
    ),
    "no TOML": ("[run\n", " is no TOML: "),
    "nested deeply": (f"a = {'[' * 90_000}", " is nested too deeply"),
    "a deep key": (f"[run]\n{'a.' * 30_000}a = 1", " is nested too deeply"),
    "a deep key in quotes": ("[" + '\'a\' . "a\\".".' * 4000 + "a]", " is nested too deeply"),
    "a mark before the text": ("\ufeff[run]", " begins with a byte order mark"),
    "a long integer": (f"[run]\nseed = {'1' * 5000}", " has an integer of too many digits"),
    "a long key": (f"[run]\n{'k' * 50_000} = 1", f"[run] takes no {'k' * 60}…; the nearest is"),
    "a long table": (f"[{'k' * 50_000}]", f"[{'k' * 60}…] is no table of a command"),
    "a long value": (f"{'k' * 50_000} = 1", f": {'k' * 60}… must stand in the table of a"),
    "a long target": (f"[target.{'k' * 5000}]\na = 1", f"[target.{'k' * 60}…] takes no a"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_wrong_file_is_one_line(name: str, folder: Path) -> None:
    content, expected = REFUSED[name]
    (folder / "dinie.toml").write_text(content)
    message = refused("run")
    assert message.startswith("dinie.toml")
    assert expected in message
    assert len(message) < 400


def test_dots_in_a_comment_and_in_a_text_are_no_deep_key(folder: Path) -> None:
    text = f'# {"." * 500}\n[run]\nurl = "http://a:1/v3"  # {"a. b, " * 500}\n'
    (folder / "dinie.toml").write_text(text)
    assert read("run")["url"] == "http://a:1/v3"


def test_a_project_s_file_has_its_prefix_in_errors(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.dinie.run]\nmax_rps = 4\n")
    assert refused("run") == (
        "pyproject.toml: [tool.dinie.run] takes no max_rps; the nearest is max-rps"
    )


UNREADABLE: Mapping[str, tuple[Callable[[Path], object], str]] = {
    "nothing": (lambda path: None, "cannot be read: No such file or directory"),
    "a folder": (lambda path: path.mkdir(), "cannot be read: Is a directory"),
    "a pipe": (os.mkfifo, "cannot be read: is no regular file"),
    "a huge file": (lambda path: path.write_bytes(b"#" * 100_001), "is larger than 100000"),
    "no text": (lambda path: path.write_bytes(b"\xff"), "is not UTF-8"),
    "a project without a table": (lambda path: path.write_text("[tool]"), "has no table [tool."),
}


@pytest.mark.parametrize("name", sorted(UNREADABLE))
def test_a_file_that_cannot_be_read_is_one_line(name: str, folder: Path) -> None:
    make, expected = UNREADABLE[name]
    path = folder / "given" / ("pyproject.toml" if "project" in name else "dinie.toml")
    path.parent.mkdir()
    make(path)
    assert f"{path} {expected}" in refused("run", "--config", str(path))


def test_a_target_without_a_file_is_one_line() -> None:
    assert refused("run", "--target", "a").startswith("--target takes a target of a configuration")
    assert refused("run", "--target", "a", "--no-config").endswith("leave out --no-config")


def test_a_target_that_is_not_in_the_file_is_one_line(targets: Path) -> None:
    assert refused("run", "--target", "stagin") == (
        "dinie.toml: --target stagin is no target; the nearest is staging"
    )


def test_a_found_file_of_another_user_is_refused(
    targets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owned = list(targets.lstat())
    owned[4] = 54_321
    of_another = os.stat_result(owned)
    monkeypatch.setattr(Path, "lstat", lambda _: of_another)
    assert refused("run") == (
        "dinie.toml is of another user: --config dinie.toml takes it, --no-config does without"
    )
    assert read("run", "--config", "dinie.toml")["url"] == "http://staging:1/v3"


def test_a_named_target_may_be_production_and_no_other_url(folder: Path) -> None:
    (folder / "dinie.toml").write_text(
        '[target.a]\nurl = "https://a:1/v3"\nallow-production = true\ninsecure = true\n'
    )
    found = read("run", "--target", "a")
    assert (found["allow_production"], found["insecure"]) == (True, True)
    other = read("run", "--target", "a", "--url", "https://b:1/v3")
    assert (other["allow_production"], other["insecure"]) == (False, False)


def test_a_command_says_which_file_it_uses(targets: Path) -> None:
    def line(command: str, *arguments: str) -> str:
        context = CLICK[command].make_context(command, [*arguments])
        return settings_of_file(context).line

    assert line("run") == "configuration: dinie.toml, target staging"
    assert line("serve") == ""
    assert line("run", "--no-config") == ""
    targets.write_text('[target.a]\nurl = "http://a:1/v3"\nmax-rps = 4\n')
    assert line("load", "--target", "a") == (
        "configuration: dinie.toml, target a (max-rps: not for this command)"
    )


def test_a_table_of_another_command_is_not_read(folder: Path) -> None:
    (folder / "dinie.toml").write_text('[fuzz]\nmax_time = "1h"\n')
    assert read("run")["max_seconds"] is None


@pytest.mark.parametrize("command", sorted(CLICK))
def test_the_example_of_the_document_is_right(
    command: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = Path(__file__).parent.parent / "docs" / "configuration.md"
    [example] = re.findall(r"```toml\n(.*?)```", document.read_text(), re.DOTALL)
    (folder / "dinie.toml").write_text(example)
    (folder / "certificates").mkdir()
    for name in ("client.pem", "client.key"):
        (folder / "certificates" / name).touch()
    for name in re.findall(r'variable = "(\w+)"', example):
        monkeypatch.setenv(name, "some:value")

    needs = {"client": ["--har", "a.har"]}.get(command, [])
    settings = read(command, *needs)
    if command in {"run", "fuzz", "load"}:
        assert settings["url"] == "https://staging.example.com/v3"
    if command in SENDING:
        assert read(command, "--target", "production")["allow_production"] is True
