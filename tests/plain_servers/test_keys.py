"""Keys of each partner's own, where one token does not open all operations of a contract."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.fuzz.findings.exporting import python_script
from conformance.fuzz.findings.recording import steps_of
from conformance.fuzz.storage.steps import steps_of as stored_steps
from conformance.results.curl import reproduction
from conformance.target.connecting import AccessSettings, authenticate
from conformance.target.exchange import Answer, Request
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from openapi.contract import Contract
from tests.other_contracts.judging import accused, judged
from tests.plain_servers.contracts import BEARER, SCHEMES, mixed, together
from tests.plain_servers.serving import TOKENS, serving
from tests.plain_servers.test_plain_servers import contract_file, judged_server

FIRST, SECOND = (f"{one}-key" for one in TOKENS)
KEYS = (
    *("--key", f"X-Api-Key:{FIRST}", "--key", f"rates_key:{FIRST}"),
    *("--second-key", f"x-api-key:{SECOND}", "--second-key", f"rates_key:{SECOND}"),
)
CHOSEN = ("created", "lists", "revocation", "reads", "authentication")
SELECTED = [word for one in CHOSEN for word in ("--select", one)]


def without_verdict(report: dict[str, Any]) -> set[str]:
    return {one["id"] for one in report["results"] if one.get("class") == "option"}


def test_each_partner_is_judged_with_keys_of_its_own(tmp_path: Path) -> None:
    report = judged_server("mixed", tmp_path, *KEYS, *SELECTED, own_keys=True)
    outcomes = {(one["id"], one["operation"]): one["outcome"] for one in report["results"]}

    assert without_verdict(report) == set()
    for id_, operation in (
        ("created.plain-request-succeeds", "POST /orders"),
        ("lists.only-ones-own", "GET /orders"),
        ("reads.belongs-to-its-partner", "GET /orders/{id}"),
        ("authentication.no-token-is-refused", "GET /rates"),
        ("authentication.damaged-token-is-refused", "POST /orders"),
    ):
        assert outcomes[id_, operation] == "passed"


def test_keys_that_are_needed_at_once_are_given_beside_the_token(tmp_path: Path) -> None:
    with serving("together") as (url, document):
        code, report = judged(
            "run", "--no-config", "--contract", str(contract_file(document, tmp_path)),
            "--url", url, "--token", TOKENS[0], "--second-token", TOKENS[1],
            "--key", f"X-App-Id:{TOKENS[0]}", "--second-key", f"X-App-Id:{TOKENS[1]}", *SELECTED,
            "--level", "should", folder=tmp_path,
        )  # fmt: skip

    assert (code, accused(report), without_verdict(report)) == (0, [], set())
    assert report["summary"]["passed"] > 20


def refused(folder: Path, name: str, scheme: str, *options: str) -> tuple[int, str]:
    """The exit code of a run on a server, and the last line that it says."""
    with serving(name, scheme, own_keys=name == "mixed") as (url, document):
        command = (sys.executable, "-m", "conformance.cli", "run", "--no-config")
        contract = str(contract_file(document, folder))
        ended = subprocess.run(
            [*command, "--contract", contract, "--url", url, *options],
            check=False, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
    return ended.returncode, ended.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "scheme", "options", "said"),
    [
        (
            "together", "header", ("--token", TOKENS[0]),
            "the token was refused (401) by POST /todos: it needs the API key in header X-App-Id"
            " beside it: give --key X-App-Id:VALUE",
        ),
        (
            "together", "header",
            ("--token", TOKENS[0], "--key", f"X-App-Id:{TOKENS[0]}", "--second-token", TOKENS[1]),
            "the second token was refused (401) by POST /todos: it needs the API key in header"
            " X-App-Id beside it: give --second-key X-App-Id:VALUE",
        ),
        (
            "todos", "basic", ("--token", "partner_4c1e9a77d0b25f83"),
            "the token was refused (401) by POST /todos: it takes HTTP Basic:"
            " give --token USER:PASSWORD",
        ),
        ("todos", "header", ("--token", "another"), "the token was refused (401)"),
        (
            "mixed", "bearer", ("--token", TOKENS[0], "--key", "X-Key:value-of-a-key"),
            "no scheme of the contract has a key X-Key: it has X-Api-Key, rates_key",
        ),
        (
            "todos", "header", ("--key", "X-Api-Key:one-key", "--second-key", "X-Api-Key:one-key"),
            "--second-key must be another partner's",
        ),
        (
            "mixed", "bearer", ("--key", f"X-Api-Key:{FIRST}"),
            "give --token too: other operations of the contract take a bearer token",
        ),
        (
            "mixed", "bearer",
            ("--token", TOKENS[0], "--second-token", TOKENS[1], "--key", "X-Api-Key"),
            "'--key': must be NAME:VALUE, with the name of a header, query parameter or cookie",
        ),
    ],
)  # fmt: skip
def test_one_line_names_the_scheme_and_the_option(
    name: str, scheme: str, options: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    code, line = refused(tmp_path, name, scheme, *options)

    assert code == 2
    assert line.endswith(said)


def test_a_key_alone_is_a_credential(tmp_path: Path) -> None:
    with serving("todos", "header") as (url, document):
        code, _ = judged(
            "run", "--no-config", "--contract", str(contract_file(document, tmp_path)),
            "--url", url, "--key", f"X-Api-Key:{TOKENS[0]}",
            "--second-key", f"X-Api-Key:{TOKENS[1]}", "--select", "lists", folder=tmp_path,
        )  # fmt: skip

    assert code == 0


def test_a_key_of_both_tells_no_partners_apart(tmp_path: Path) -> None:
    report = judged_server(
        "mixed", tmp_path, "--key", f"X-Api-Key:{FIRST}", "--second-key", f"X-Api-Key:{FIRST}",
        *SELECTED, own_keys=True,
    )  # fmt: skip
    outcomes = {(one["id"], one["operation"]): one["outcome"] for one in report["results"]}

    assert outcomes["created.plain-request-succeeds", "POST /orders"] == "passed"
    assert outcomes["lists.only-ones-own", "GET /orders"] == "not_verified"
    assert outcomes["reads.belongs-to-its-partner", "GET /orders/{id}"] == "not_verified"


def test_scripts_have_a_variable_for_each_key(tmp_path: Path) -> None:
    exchanges = []
    with serving("mixed", own_keys=True) as (url, document), Target(url, []) as target:
        access = AccessSettings(
            token=TOKENS[0], second_token=TOKENS[1],
            keys=(("X-Api-Key", FIRST), ("rates_key", FIRST)),
            second_keys=(("X-Api-Key", SECOND), ("rates_key", SECOND)),
        )  # fmt: skip
        contract = Contract(document)
        authenticate(target, access, contract)
        for path, partner in (("/products", 0), ("/orders", 0), ("/rates", 1)):
            places = contract.token_places(contract.operations[f"GET {path}"])
            request = Request("GET", path, partner=partner, token_places=places)
            exchanges.append((request, target.send(request)))
        script = reproduction(url, exchanges, target.settings)
        steps = steps_of(exchanges, target.settings)
        python = tmp_path / "finding.py"
        python.write_text(python_script(url, steps))
        variables = {
            "PATH": os.environ["PATH"], "TOKEN": TOKENS[0], "DINIE_KEY_X_API_KEY": FIRST,
            "DINIE_SECOND_KEY_RATES_KEY": SECOND, "DINIE_TOKEN": TOKENS[0],
            "DINIE_SECOND_TOKEN": TOKENS[1], "DINIE_KEY": f"X-Api-Key:{FIRST}",
            "DINIE_SECOND_KEY": f"rates_key: {SECOND}",
        }  # fmt: skip
        shown = [
            subprocess.run(command, check=True, capture_output=True, text=True, env=variables)
            .stdout.count(status)
            for command, status in (
                (["/bin/bash", "-c", script], "200 OK"), ([sys.executable, str(python)], " 200 "),
            )
        ]  # fmt: skip

    assert [one.status for _, one in exchanges] == [200, 200, 200]
    assert shown == [3, 3]
    assert not any(one in text for one in (*TOKENS,) for text in (script, python.read_text()))


def test_keys_beside_the_token_are_in_scripts_and_steps() -> None:
    contract = Contract(together(SCHEMES["header"]))
    places = contract.token_places(contract.operations["GET /todos"])
    exchange = Request("GET", "/todos", token_places=places), Answer(200)
    with Target("http://target.test", []) as target:
        script = reproduction(target.base_url, [exchange], target.settings)
        [step] = steps_of([exchange], target.settings)

    assert '-H "X-Api-Key: $TOKEN" -H "X-App-Id: $DINIE_KEY_X_APP_ID"' in script
    assert "${DINIE_KEY_X_APP_ID:?export the key}" in script
    assert stored_steps([step], "file") == (step,)
    assert step["keys_beside"] == ["header X-App-Id"]


def test_a_key_in_a_header_of_the_users_is_told_of_there() -> None:
    contract = Contract(mixed(BEARER))
    places = contract.token_places(contract.operations["GET /orders"])
    settings = TargetSettings(headers=(("X-Api-Key", "a-key-of-the-users"),))
    with Target("http://target.test", [TOKENS[0]], settings) as target:
        said = target.refusal("GET /orders", places, 0)

    assert said == (
        "the token was refused (401) by GET /orders: the API key in header X-Api-Key is that of"
        " --header: give another there"
    )


def test_a_key_that_was_not_sent_is_in_no_script() -> None:
    contract = Contract(together(SCHEMES["header"]))
    places = contract.token_places(contract.operations["GET /todos"])
    exchange = Request("GET", "/todos", token_places=places), Answer(200)
    settings = TargetSettings(token_place=contract.key_place, keys=(frozenset({"another"}),))
    [step] = steps_of([exchange], settings)

    assert "DINIE_KEY" not in reproduction("http://target.test", [exchange], settings)
    assert "keys_beside" not in step


def test_a_python_script_documents_the_variables_that_it_reads() -> None:
    contract = Contract(together(SCHEMES["header"]))
    places = contract.token_places(contract.operations["GET /todos"])
    request = Request("GET", "/todos", token_places=places)
    own, plain = (steps_of([(one, Answer(200))], TargetSettings())
                  for one in (request, replace(request, token_places=None)))  # fmt: skip

    assert python_script("", own).splitlines()[:4] == [
        "# The variables that this reads:",
        "# DINIE_URL: the base URL",
        "# DINIE_TOKEN: the token, where no key goes in its place",
        "# DINIE_KEY: keys, one a line, of x-api-key:VALUE, x-app-id:VALUE",
    ]
    assert "DINIE_KEY" not in python_script("", plain).partition("DINIE_HEADER")[0]


def test_a_bearer_token_may_have_a_key_beside_it() -> None:
    document = mixed(BEARER)
    document["paths"]["/orders"]["get"]["security"] = [{"credential": [], "key": []}]
    contract = Contract(json.loads(json.dumps(document)))
    operations = contract.operations

    assert contract.token_places(operations["GET /orders"]) == ("", "header X-Api-Key")
    assert not contract.has_usual_token(operations["GET /orders"])
    assert contract.has_usual_token(operations["GET /products"])
