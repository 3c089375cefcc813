"""Scripts and tests made of foreign findings: nothing of them is ever source, or shell."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from conformance.fuzz.findings.exporting import (
    as_pytest,
    can_be_exported,
    python_script,
    with_scripts,
)
from conformance.fuzz.resending import shape
from conformance.fuzz.storage.files import FileError
from conformance.fuzz.storage.finding import Finding
from tests.conformance.client.journals import UNHURRIED
from tests.conformance.foreign_json import mutated
from tests.conformance.fuzz.conftest import CONTRACT
from tests.conformance.fuzz.foreign.campaigns import WHOLE
from tests.fake_server import fake_server, reply

URL = "http://127.0.0.1:1/v3"
MARK = "mark-of-an-enemy"
CODE = f"open({MARK!r}, 'w')"
PAYLOADS = (
    f'"""\n{CODE}\n"""', f"'''\n{CODE}\n'''", f'"\n{CODE}\n"', f"'\n{CODE}\n'", f"\n{CODE}\n",
    f"\r{CODE}\r", f"\x0c{CODE}", f"\u2028{CODE}\u2028", f"\\\n{CODE}", f"{{{CODE}}}", "{0}{x!r}",
    f"«id 0»{CODE}", f"'); {CODE}; ('", f'"); {CODE}; ("', "\ud800", "\udcff", "\\", "'", '"',
    f"'; touch {MARK} #", f"$(touch {MARK})", f"`touch {MARK}`", f"\ntouch {MARK}\n",
    f"\nBODY\ntouch {MARK}\n", f"/x'; touch {MARK} #", f"/$(touch${{IFS}}{MARK})", "x" * 20_000,
    f"-o{MARK}", f"@/etc/passwd;touch {MARK}", f"x\n\n\ndef test_x(): {CODE}\n", f"/x?'{CODE}'",
)  # fmt: skip
HONEST = json.loads(WHOLE.text())


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each member that is no object and no list."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for step, one in members:
        if isinstance(one, dict | list):
            yield from places(one, (*path, step))
        else:
            yield (*path, step)


def hostile() -> Iterator[Finding]:
    """The finding with each payload in each of its members, whether a file may hold it or not."""
    for path in places(HONEST):
        for number, payload in enumerate(PAYLOADS):
            changed = json.loads(json.dumps(HONEST))
            node: Any = changed
            for step in path[:-1]:
                node = node[step]
            node[path[-1]] = payload
            with suppress(FileError):
                yield Finding.read_text(json.dumps(changed), CONTRACT, "here")
            # What no file may hold is no source either: neither boundary relies on the other.
            if path[0] in {"cause", "expected", "actual", "work"} and payload.isascii():
                yield replace(WHOLE, **{path[0]: f"{number} {payload}"})
            if path[0] == "steps" and path[2] in {"path", "body", "method", "headers"}:
                yield replace(WHOLE, steps=tuple(changed["steps"]))


def skeleton(source: str) -> str:
    """What a source does, apart from the values of its literals and the names of its tests."""
    return blank(ast.parse(source))


def blank(tree: ast.AST) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value = None
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            assert node.name.isascii()
            node.name = "test"
    return ast.dump(tree)


HONEST_TEST = skeleton(as_pytest(URL, [WHOLE]))
HONEST_SCRIPT = skeleton(python_script(URL, WHOLE.steps))


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_a_payload_in_a_step_is_a_literal_of_a_script(payload: str) -> None:
    steps = [{**one, "body": payload, "path": f"/{payload}"} for one in WHOLE.steps]
    assert skeleton(python_script(URL, steps)) == HONEST_SCRIPT


def test_a_payload_in_any_member_is_a_literal_and_runs_nothing_when_collected(
    tmp_path: Path,
) -> None:
    findings = {one.id: one for one in hostile() if can_be_exported(one)}
    assert len(findings) > 50
    source = as_pytest(URL, list(findings.values()))
    honest, whole = ast.parse(as_pytest(URL, [WHOLE])), ast.parse(source)
    [*shared, test] = map(blank, honest.body)
    found = list(map(blank, whole.body))
    assert found == [*shared, *[test] * len(findings)]
    file = tmp_path / "test_found.py"
    file.write_text(source)
    collected = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "--",
         str(file)],
        cwd=tmp_path, env={}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert collected.returncode == 0, collected.stdout + collected.stderr
    assert collected.stdout.count("::test_") == len(findings)
    assert not (tmp_path / MARK).exists()


@pytest.mark.parametrize("url", ["", URL, 'http://h/");import os;("'])
def test_the_target_is_a_literal_as_well(url: str) -> None:
    found = skeleton(as_pytest(url, [WHOLE]))
    assert (found == HONEST_TEST) == bool(url)
    assert "DINIE_URL" in as_pytest(url, [WHOLE])


@UNHURRIED
@given(text=mutated(HONEST))
def test_whatever_can_be_read_is_exported_as_literals(text: str) -> None:
    try:
        finding = with_scripts(URL, Finding.read_text(text, CONTRACT, "here"))
    except FileError:
        return
    assert finding.python in {"", python_script(URL, finding.steps)}
    if can_be_exported(finding):
        assert skeleton(as_pytest(URL, [finding])) == HONEST_TEST


def test_scripts_of_a_file_are_never_those_that_are_shown() -> None:
    text = json.dumps({**HONEST, "curl": f"touch {MARK}", "python": CODE})
    finding = Finding.read_text(text, CONTRACT, "here")
    assert (finding.curl, finding.python) == ("", "")
    made = with_scripts(URL, finding)
    assert MARK not in made.curl + made.python
    assert made.python == python_script(URL, WHOLE.steps)
    # These steps refer to an earlier answer, which curl does not know.
    assert made.curl == ""
    assert with_scripts(URL, replace(finding, steps=finding.steps[:1])).curl.count("curl ") == 1


@pytest.mark.thorough
def test_a_curl_script_of_a_foreign_finding_runs_curl_alone(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    curl = programs / "curl"
    curl.write_text(f'#!/bin/sh\ncat > /dev/null < /dev/null\necho "$@" >> {tmp_path}/called\n')
    curl.chmod(0o755)
    scripts = []
    for one in hostile():
        alone = replace(one, steps=one.steps[:1])
        if one.steps and "«" not in alone.steps[0]["path"]:
            with suppress(ValueError):
                scripts.append(with_scripts(URL, alone).curl)
    shell = tmp_path / "script.sh"
    shell.write_text("\n".join(dict.fromkeys(scripts)), errors="backslashreplace")
    subprocess.run(
        ["sh", str(shell)],
        cwd=tmp_path,
        env={"PATH": f"{programs}:{os.environ['PATH']}", "TOKEN": "t", "SECOND_TOKEN": "t"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    assert (tmp_path / "called").read_bytes().count(URL.encode()) > 20
    assert not (tmp_path / MARK).exists()


def test_an_exported_test_that_fails_shows_no_answer_and_no_command(tmp_path: Path) -> None:
    secret, command = "dinie_cs_live_acf7e37428c9ae438b768b6db0512749", "##vso[task.complete]x"
    body = json.dumps({"note": command, "client_secret": secret}).encode()
    answers = [(201, "application/json", body)] * len(WHOLE.steps)
    finding = replace(WHOLE, shows=shape(list(WHOLE.steps), answers), cause=command, actual=command)
    file = tmp_path / "test_finding.py"
    with fake_server(lambda _: reply(201, body)) as origin:
        file.write_text(as_pytest(f"{origin}/v3", [finding]))
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)],
            env={**os.environ, "DINIE_TOKEN": "a", "DINIE_SECOND_TOKEN": "b"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert done.returncode == 1, done.stdout
    assert "assert not True" in done.stdout
    assert secret not in done.stdout + done.stderr
    assert "##vso[" not in done.stdout + done.stderr + file.read_text()
