"""Items whose changes ask for their entity tag: it is read and sent, and what is stale refused."""

import json
from contextlib import nullcontext
from pathlib import Path
from random import Random

import pytest

from conformance.probe.not_verified import NotServed
from conformance.probe.probe import Probe
from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.clean_up import revoke_all
from conformance.target.entity_tags import tagging_read
from conformance.target.kept import CreatedResource
from demo.mock_process import mock_process
from openapi.contract import Contract
from tests.other_contracts.crates import Hasty
from tests.other_contracts.judging import TOKENS, accused, judged_mock, loaded
from tests.other_contracts.styles import parameter
from tests.other_contracts.tagged import TEXT, Notes, notes, with_tags

PATTERN = {"type": "string", "pattern": '^(W/)?"[^"]+"$'}


def sent_tags(server: Notes, method: str = "PUT") -> tuple[str | None, str]:
    """The If-Match of a plain request on a new note, and the tag of the note."""
    operations = server.contract.operations
    with Hasty("http://target.invalid", TOKENS, tamper=server) as target:
        made = Probe(server.contract, operations["POST /notes"], target, Random(1)).make()
        probe = Probe(server.contract, operations[f"{method} /notes/{{id}}"], target, Random(1))
        request = probe.on_one(str(made.text("id")))
    tag = next((value for name, value in request.headers if name == "If-Match"), None)
    return tag, server.tags[str(made.text("id"))]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("tag", [TEXT, PATTERN])
def test_the_tag_of_a_read_is_sent(method: str, tag: dict[str, str]) -> None:
    sent, own = sent_tags(Notes(Contract(notes(tag))), method)

    assert sent == own


def test_any_tag_is_sent_where_the_one_of_the_item_matches_none() -> None:
    assert sent_tags(with_tags('W/"{}"'.format))[0] == "*"


def test_what_may_lack_is_not_sent() -> None:
    assert sent_tags(Notes(Contract(notes(is_required=False))))[0] is None


@pytest.mark.parametrize(("method", "sent"), [("PUT", None), ("DELETE", "*")])
def test_what_a_put_may_make_has_no_tag(method: str, sent: str | None) -> None:
    contract = notes(is_required=False)
    operation = contract["paths"]["/notes/{id}"][method.lower()]
    operation["responses"]["428"] = operation["responses"]["412"]
    server = Notes(Contract(contract))
    with Hasty("http://target.invalid", TOKENS, tamper=server) as target:
        asked = server.contract.operations[f"{method} /notes/{{id}}"]
        request = Probe(server.contract, asked, target, Random(1)).on_one("new")

    assert dict(request.headers).get("If-Match") == sent


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_read_with_a_tag_of_its_own_is_not_read_for_it(method: str) -> None:
    contract = notes(PATTERN)
    contract["paths"]["/notes/{id}"]["get"]["parameters"] = [
        parameter("If-Match", "header", PATTERN, required=True)
    ]
    sent, _ = sent_tags(Notes(Contract(contract)), method)
    assert sent


def test_the_tag_of_a_list_is_not_that_of_its_items() -> None:
    contract = notes()
    del contract["paths"]["/notes/{id}"]["get"]
    own = Contract(contract)
    assert tagging_read(own, own.operations["PUT /notes/{id}"]) is None


@pytest.mark.parametrize("is_required", [False, True])
def test_a_new_item_of_a_put_has_no_tag(*, is_required: bool) -> None:
    contract = notes(is_required=is_required)
    del contract["paths"]["/notes"]["post"]
    put = contract["paths"]["/notes/{id}"]["put"]
    put["responses"] |= {"201": put["responses"]["200"], "428": put["responses"]["412"]}
    own = Contract(contract)
    with Hasty("http://target.invalid", TOKENS, tamper=Notes(own)) as target:
        probe = Probe(own, own.operations["PUT /notes/{id}"], target, Random(1))
        with pytest.raises(NotServed) if is_required else nullcontext():
            assert "If-Match" not in dict(probe.request().headers)


def test_another_call_has_the_tag_of_then() -> None:
    server = Notes()
    with Hasty("http://target.invalid", TOKENS, tamper=server) as target:
        create = server.contract.operations["POST /notes"]
        own = str(Probe(server.contract, create, target, Random(1)).make().text("id"))
        put = server.contract.operations["PUT /notes/{id}"]
        probe = Probe(server.contract, put, target, Random(1))
        request = probe.on_one(own)
        assert [probe.send(request).status for _ in range(2)] == [200, 412]
        assert probe.send(probe.anew(request)).status == 200


def test_what_a_run_has_made_is_deleted_at_its_end() -> None:
    server = Notes()
    with Hasty("http://target.invalid", TOKENS, tamper=server) as target:
        create = server.contract.operations["POST /notes"]
        made = Probe(server.contract, create, target, Random(1)).make()
        assert revoke_all(server.contract, target, [CreatedResource(0, str(made.text("id")))]) == []
    assert server.items == {}


class Unmatched(Notes):
    """Notes that nothing is known to match."""

    def may_change(self, method: str, match: str | None, own: str) -> bool:
        return False


@pytest.mark.parametrize(
    ("id_", "operation"),
    [
        ("operations.wrong-data-is-refused", "PUT /notes/{id}"),
        ("operations.change-is-shown", "PATCH /notes/{id}"),
        ("revocation.answers-204-without-body", "DELETE /notes/{id}"),
        ("authentication.refused-request-revokes-nothing", "DELETE /notes/{id}"),
    ],
)
def test_a_tag_that_does_not_match_says_nothing(id_: str, operation: str) -> None:
    server = Unmatched()
    with Hasty("http://target.invalid", TOKENS, tamper=server) as target:
        target.capabilities.update({Capability.LISTING, Capability.REVOCATION})
        run = Run(server.contract, target, [], seed=1)
        result = run.check(catalogue()[id_], server.contract.operations[operation])

    assert result.outcome is Outcome.NOT_VERIFIED


class Careless(Notes):
    """Notes that one method changes or deletes whatever tag is named."""

    def __init__(self, method: str) -> None:
        super().__init__()
        self.method = method

    def may_change(self, method: str, match: str | None, own: str) -> bool:
        return method == self.method or super().may_change(method, match, own)


class Hasty304(Notes):
    """Notes that are as they were for whoever has a tag."""

    def is_unchanged(self, none_match: str | None, own: str) -> bool:
        return none_match is not None


def outcomes(server: Notes) -> dict[str, Outcome]:
    """What the requirements on tags find."""
    with Hasty("http://target.invalid", TOKENS, tamper=server) as target:
        target.capabilities.update({Capability.LISTING, Capability.REVOCATION})
        run = Run(server.contract, target, [catalogue()[one] for one in OF_TAGS], seed=1)
        return {
            f"{one.id} {operation.method}": run.check(one, operation).outcome
            for one, operation in run.checks
        }


OF_TAGS = (
    "operations.stale-change-is-refused", "operations.stale-deletion-is-refused",
    "operations.strong-etag-is-of-one-version", "reads.another-tag-is-not-304",
)  # fmt: skip


@pytest.mark.parametrize(
    ("server", "broken"),
    [
        (Notes(), []),
        (Careless("PUT"), ["operations.stale-change-is-refused PUT"]),
        (Careless("PATCH"), ["operations.stale-change-is-refused PATCH"]),
        (Careless("DELETE"), ["operations.stale-deletion-is-refused DELETE"]),
        (Hasty304(), ["reads.another-tag-is-not-304 GET"]),
        (
            with_tags(lambda _: '"1"'),
            ["operations.strong-etag-is-of-one-version PATCH",
             "operations.strong-etag-is-of-one-version PUT"],
        ),
    ],
    ids=["plain", "PUT", "PATCH", "DELETE", "304", "one tag"],
)  # fmt: skip
def test_what_is_stale_is_told_from_what_is_not(server: Notes, broken: list[str]) -> None:
    found = outcomes(server)

    assert sorted(name for name, one in found.items() if one is Outcome.FAILED) == broken
    if not broken:
        assert set(found.values()) == {Outcome.PASSED}


def test_weak_tags_match_nothing_and_break_nothing() -> None:
    found = outcomes(with_tags('W/"{}"'.format))

    assert found.pop("reads.another-tag-is-not-304 GET") is Outcome.PASSED
    assert set(found.values()) == {Outcome.NOT_VERIFIED}


def test_the_mock_of_the_contract_conforms(tmp_path: Path) -> None:
    contract = tmp_path / "notes.json"
    contract.write_text(json.dumps(notes()))
    options = [text for one in ("authentication", "operations", "reads", "revocation")
               for text in ("--select", one)]  # fmt: skip
    code, report = judged_mock(contract, tmp_path, *options)

    assert accused(report) == []
    assert code == 0
    judged = {one["id"] for one in report["results"] if one["outcome"] == "passed"}
    assert judged >= {
        "authentication.refused-request-revokes-nothing", "operations.wrong-data-is-refused",
        "operations.change-is-shown", "operations.patch-keeps-the-rest",
        "revocation.answers-204-without-body", "revocation.leaves-others-alone",
        "reads.deleted-is-gone",
    }  # fmt: skip


def test_users_of_a_load_send_the_tags_of_their_reads(tmp_path: Path) -> None:
    contract = tmp_path / "notes.json"
    contract.write_text(json.dumps(notes(PATTERN)))
    with mock_process("--contract", str(contract), "--partner", f"one:secret:{TOKENS[0]}") as mock:
        code, report = loaded(contract, mock.base_url, tmp_path)

    assert accused(report) == []
    assert code == 0
    counts = report["load"]["counts"]
    assert counts["revoked"] == counts["created"] > 5
    assert counts["left_behind"] == 0
    judged = {(one["id"], one["operation"]): one["outcome"] for one in report["results"]}
    assert judged["revocation.answers-204-without-body", "DELETE /notes/{id}"] == "passed"
