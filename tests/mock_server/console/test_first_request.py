"""The first request of each language is true: it runs, and no value of a contract breaks it."""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
import yaml

from demo.mock_process import MockProcess, mock_process
from mock_server.console.first_request.call import first_call
from mock_server.console.first_request.literals import LITERALS
from mock_server.console.first_request.programs import (
    LANGUAGES,
    SDK,
    FirstRequest,
    first_requests,
)
from openapi.contract import Contract

CONTRACTS = Path(__file__).parents[1] / "documented" / "contracts"
LOGIN = ("dinie_ci_live_me", "dinie_cs_live_mine", "dinie_at_mine", "a key")

RUNTIMES = {
    ".sh": ("sh", "curl"),
    ".py": (sys.executable,),
    ".mjs": ("node",),
    ".java": ("java", "javac"),
    ".go": ("go",),
    ".cs": ("dotnet",),
    ".php": ("php",),
}
"""What runs a program by the end of its name, and what else it needs."""

HOSTILE = (
    "' \" \\ \\\\ ` $HOME ${HOME} {$x} $(id) `id` \\u0022 \\x22 %s %d %22 #{x} {{7*7}} {x}"
    " \n \r \t \0"
    " \u2028 \u202e \x1b[2J \x7f é 💥 </script> <?php ?> */ // -- ; && | > \\"
)


def programs(contract: Contract, base_url: str) -> dict[str, FirstRequest]:
    return {one.file: one for one in first_requests(contract, base_url, *LOGIN)}


def run(program: FirstRequest, folder: Path) -> str:
    """The output of a program; skips the test where its runtime is missing."""
    commands = RUNTIMES[Path(program.file).suffix]
    missing = next((one for one in commands if shutil.which(one) is None), None)
    if missing:
        pytest.skip(f"NOT TESTED: there is no {missing}")
    (folder / program.file).write_text(program.code, encoding="utf-8")
    _, *words = program.command.split()
    # What Go builds belongs to the test, and nothing is fetched.
    go = {"GOCACHE": str(folder / "cache"), "GOTOOLCHAIN": "local", "GO111MODULE": "off"}
    ended = subprocess.run(
        [commands[0], *words],
        cwd=folder,
        capture_output=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8", **go},
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def needs_sdk(file: str) -> None:
    if file == SDK.file:
        pytest.importorskip("dinie", reason="NOT TESTED: there is no dinie-sdk")


FILES = [one.file for one in LANGUAGES]


@pytest.mark.parametrize("file", FILES)
def test_it_creates_an_api_key(process: MockProcess, tmp_path: Path, file: str) -> None:
    needs_sdk(file)
    with httpx.Client(base_url=process.origin, trust_env=False) as http:
        made = http.post("/_mock/partners").json()
        login = (made["client_id"], made["client_secret"], made["access_token"], "a fresh key")
        [program] = [
            one
            for one in first_requests(Contract.bundled(), process.base_url, *login)
            if one.file == file
        ]
        output = run(program, tmp_path)
        entries = http.get(f"/_mock/partners/{made['id']}/journal").json()["data"]
        last = entries[-1]
        assert (last["operation"], last["status"], last["refusals"]) == (
            "createCredential",
            201,
            [],
        )
        assert json.loads(last["request_body"]) == {"name": "Production Key"}
        [resource] = http.get(f"/_mock/partners/{made['id']}/resources").json()["data"]
        assert resource["id"] in output
        if file != SDK.file:
            assert "201" in output
            assert len(entries) == 1


def test_the_same_key_makes_one_resource(process: MockProcess, tmp_path: Path) -> None:
    with httpx.Client(base_url=process.origin, trust_env=False) as http:
        made = http.post("/_mock/partners").json()
        login = (made["client_id"], made["client_secret"], made["access_token"], "a fresh key")
        for _ in range(2):
            for one in first_requests(Contract.bundled(), process.base_url, *login):
                if one.file.endswith((".sh", "request.py")):
                    run(one, tmp_path)
        entries = http.get(f"/_mock/partners/{made['id']}/journal").json()["data"]
        # The value of a body counts, not how a language writes it.
        assert [one["replayed"] for one in entries] == [False, True, True, True]


HOSTILE_DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": HOSTILE, "version": "1"},
    "servers": [{"url": "/it's/$HOME/`id`"}],
    "security": [{"key": []}],
    "paths": {
        "/o'r\"d$er$/$HOME`y`;&": {
            "post": {
                "operationId": "order",
                "parameters": [
                    {
                        "name": "q'\"$x",
                        "in": "query",
                        "required": True,
                        # .NET takes marks of direction out of a URL.
                        "schema": {"const": HOSTILE.replace("\u202e", "")},
                    },
                    {
                        "name": "X-It's-`$!#",
                        "in": "header",
                        "required": True,
                        "schema": {"const": "'\"\\ ` $HOME ${x} {$x} \\u0022 %s </script> ?> \\\\"},
                    },
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {"type": "object", "required": [HOSTILE, "__proto__"]},
                            "example": {
                                HOSTILE: [HOSTILE, None, True, 1.5, {}],
                                "__proto__": {"a": 1},
                            },
                        }
                    },
                },
                "responses": {"201": {"description": "Made."}},
            }
        }
    },
    "components": {
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-$K'`"}}
    },
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Contract, MockProcess]]:
    path = tmp_path_factory.mktemp("hostile") / "contract.yaml"
    path.write_text(yaml.safe_dump(HOSTILE_DOCUMENT, allow_unicode=True), encoding="utf-8")
    with mock_process("--contract", str(path)) as mock:
        yield Contract.from_file(path), mock


@pytest.mark.parametrize("file", [one for one in FILES if one != SDK.file])
def test_hostile_values_of_a_contract_arrive_as_they_are(
    hostile: tuple[Contract, MockProcess], tmp_path: Path, file: str
) -> None:
    contract, mock = hostile
    with httpx.Client(base_url=mock.origin, trust_env=False) as http:
        made = http.post("/_mock/partners").json()
        login = (made["client_id"], made["client_secret"], made["access_token"], "a key")
        [program] = [
            one for one in first_requests(contract, mock.base_url, *login) if one.file == file
        ]
        assert "201" in run(program, tmp_path)
        [entry] = http.get(f"/_mock/partners/{made['id']}/journal").json()["data"]
    assert (entry["operation"], entry["status"], entry["refusals"]) == ("order", 201, [])
    [example] = contract.operations["order"].json_body.examples  # type: ignore[union-attr]
    assert json.loads(entry["request_body"]) == example
    assert "/o'r\"d$er$/$HOME`y`;&?" in unquote(entry["url"])


KEYS_EVERYWHERE: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Keys", "version": "1"},
    "security": [{"header": [], "query": [], "cookie": []}],
    "paths": {
        "/pets": {
            "get": {
                "operationId": "listPets",
                "parameters": [
                    {
                        "name": "X-Trace",
                        "in": "header",
                        "required": True,
                        "schema": {"const": "7"},
                    }
                ],
                "responses": {"200": {"description": "."}},
            }
        }
    },
    "components": {
        "securitySchemes": {
            "header": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
            "query": {"type": "apiKey", "in": "query", "name": "api key"},
            "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
        }
    },
}
"""A contract whose one operation wants a token in each place that there is."""


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Contract, MockProcess]]:
    path = tmp_path_factory.mktemp("keyed") / "contract.json"
    path.write_text(json.dumps(KEYS_EVERYWHERE), encoding="utf-8")
    with mock_process("--contract", str(path)) as mock:
        yield Contract.from_file(path), mock


@pytest.mark.parametrize("file", [one for one in FILES if one != SDK.file])
def test_an_api_key_stands_where_its_scheme_says(
    keyed: tuple[Contract, MockProcess], tmp_path: Path, file: str
) -> None:
    contract, mock = keyed
    found = first_requests(contract, mock.base_url, mock.client_id, None, mock.token, "a key")
    [program] = [one for one in found if one.file == file]
    assert "200" in run(program, tmp_path)


def test_an_unknown_secret_is_shown_as_one_to_put_in() -> None:
    scheme = {"type": "http", "scheme": "basic"}
    contract = Contract(
        {**KEYS_EVERYWHERE, "components": {"securitySchemes": dict.fromkeys(
            ("header", "query", "cookie"), scheme)}}
    )  # fmt: skip
    [shell] = [
        one
        for one in first_requests(contract, "http://localhost:1", "me", None, "token", "key")
        if one.file.endswith(".sh")
    ]
    assert base64.b64encode(b"me:SECRET").decode() in shell.code


def test_the_announcement_has_a_command_for_any_contract(
    hostile: tuple[Contract, MockProcess], tmp_path: Path
) -> None:
    _, mock = hostile
    _, _, lines = mock.announcement.partition("Send a first request:")
    command = next(one for one in lines.splitlines() if "curl" in one)
    assert "201 Created" in run(FirstRequest("curl", "line.sh", command, "sh line.sh"), tmp_path)


@pytest.mark.parametrize(
    ("name", "suffix", "program"),
    [
        ("python", ".py", "import sys; sys.stdout.write({})"),
        ("javascript", ".mjs", "process.stdout.write({})"),
        ("php", ".php", "<?php echo {};"),
        (
            "java",
            ".java",
            "class A {{ public static void main(String[] a) throws Exception {{"
            ' System.out.write({}.getBytes("UTF-8")); }} }}',
        ),
        ("go", ".go", 'package main\nimport "os"\nfunc main() {{ os.Stdout.WriteString({}) }}'),
        ("csharp", ".cs", "System.Console.Write({});"),
        ("shell", ".sh", "printf %s {}"),
    ],
)
def test_a_literal_is_its_text(tmp_path: Path, name: str, suffix: str, program: str) -> None:
    text = HOSTILE + "".join(map(chr, range(1, 0x250)))
    text = text.replace("\0", "") if name == "shell" else text
    literal = LITERALS[name](text)
    if name != "shell":
        assert literal.isprintable()
    words = {".go": "go run A.go", ".cs": "dotnet run A.cs"}.get(suffix, f"x A{suffix}")
    file = f"A{suffix}"
    assert run(FirstRequest(name, file, program.format(literal), words), tmp_path) == text.replace(
        "\r\n", "\n"
    ).replace("\r", "\n")


def test_a_foreign_contract_has_no_sdk_and_begins_with_what_it_has() -> None:
    expected = {
        "payments-3.1.yaml": ("POST", "/api/payments"),
        "pets-3.0.yaml": ("POST", "/v2/pets"),
    }
    for name, (method, path) in expected.items():
        contract = Contract.from_file(CONTRACTS / name)
        found = programs(contract, f"http://localhost:1{contract.base_path}")
        assert set(found) == {one.file for one in LANGUAGES if one is not SDK}
        call = first_call(contract)
        assert call is not None
        assert (call.operation.method, contract.base_path + call.path) == (method, path)
        assert call.operation.json_body is not None
        assert call.operation.json_body.schema is not None
        assert call.operation.json_body.schema.is_valid(call.value)
        for one in found.values():
            assert f"http://localhost:1{path}" in one.code


def test_the_sdk_is_left_out_where_the_secret_is_not_known() -> None:
    found = first_requests(Contract.bundled(), "http://localhost:1/v3", "id", None, "token", "key")
    assert SDK.file not in {one.file for one in found}
    assert len(found) == len(LANGUAGES) - 1


def document(operation: dict[str, Any], path: str = "/pets") -> Contract:
    return Contract(
        {
            "openapi": "3.1.0",
            "info": {"title": "Pets", "version": "1"},
            "paths": {path: {"get": {"responses": {"200": {"description": "."}}, **operation}}},
        }
    )


@pytest.mark.parametrize(
    "operation",
    [
        {"parameters": [{"name": "a", "in": "cookie", "required": True, "schema": {}}]},
        {
            "parameters": [
                {"name": "a", "in": "query", "required": True, "schema": {"type": "array"}}
            ]
        },
        {
            "requestBody": {
                "required": True,
                "content": {"text/plain": {"schema": {"type": "string"}}},
            }
        },
        {"requestBody": {"required": True, "content": {"application/json": {"schema": False}}}},
        {
            "requestBody": {
                "required": True,
                "content": {"application/json": {"example": "x" * 10_000}},
            }
        },
    ],
)
def test_a_call_that_would_need_thought_is_not_made_up(operation: dict[str, Any]) -> None:
    assert programs(document(operation), "http://localhost:1") == {}


def test_what_a_path_and_a_query_need_is_filled_in() -> None:
    parameters = [
        {"name": "id", "in": "path", "required": True, "schema": {"example": "a/b c"}},
        {"name": "n", "in": "query", "required": True, "schema": {"type": "integer", "minimum": 7}},
        {"name": "other", "in": "query", "schema": {"type": "string"}},
    ]
    contract = document({"parameters": parameters}, "/pets/{id}")
    for one in programs(contract, "http://localhost:1/v1").values():
        assert "http://localhost:1/v1/pets/a%2Fb%20c?n=7" in one.code
