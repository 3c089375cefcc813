"""A load reads lists to their end, whatever the largest page of their contract is."""

import json
from pathlib import Path

import pytest

from tests.conformance.load.command_line import load
from tests.other_contracts.judging import accused, loaded
from tests.other_contracts.styles import TEXT, answer, taken, thing
from tests.plain_servers.contracts import BEARER, document, listed
from tests.plain_servers.serving import TOKENS, serving


@pytest.mark.parametrize(
    "name",
    ["uploads", *(pytest.param(one, marks=pytest.mark.thorough) for one in ("stays", "shop"))],
)
def test_what_a_load_makes_is_found_on_later_pages(name: str, tmp_path: Path) -> None:
    contract = tmp_path / "contract.json"
    with serving(name) as (url, document):
        contract.write_text(json.dumps(document))
        longer = ("--users", "4", "--max-time", "5s")
        code, report = loaded(contract, url, tmp_path, *longer, token=TOKENS[0])

    assert accused(report) == []
    assert code == 0
    assert report["load"]["counts"]["created"] > 55


def test_a_load_says_that_no_post_of_its_contract_creates(tmp_path: Path) -> None:
    flag = thing(["key"], key=TEXT)
    paths = listed("/flags", flag, flag)
    del paths["/flags"]["post"]
    paths["/flags/{id}"]["put"] = {
        "requestBody": {"required": True, **taken(flag)},
        "responses": {"201": answer(flag), "200": answer(flag)},
    }
    contract = tmp_path / "contract.json"
    contract.write_text(json.dumps(document("Flags", paths, BEARER)))

    run = load("http://127.0.0.1:9", tmp_path, "--no-config", "--contract", str(contract))

    assert (run.code, run.out, run.report["complete"]) == (2, "", False)
    said = "load makes things by a POST, and no POST of the contract creates any"
    assert run.err == f"dinie-conformance: {said}\n"
