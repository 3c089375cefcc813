"""A PUT of a file makes it, and its read shows what was sent."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from conformance.probe.probe import Probe
from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.exchange import Request
from openapi.contract import Contract
from openapi.file_bodies import file_of
from tests.mock_server.kept.contracts import answer, array, contract, number, obj, operation, text
from tests.other_contracts.crates import TOKENS, Hasty
from tests.other_contracts.files import OCTETS, PLAIN, PNG, Files, files
from tests.other_contracts.judging import accused, judged_mock

OF_FILES = (
    "reads.file-is-as-sent", "reads.deleted-file-is-gone", "reads.file-belongs-to-its-partner",
)  # fmt: skip


def outcomes(fault: str = "", media_type: str = OCTETS) -> dict[str, Outcome]:
    """What the requirements on files find on a server."""
    own = Contract(files(media_type))
    read = own.operations["GET /files/{name}"]
    found = [one for one in map(catalogue().get, OF_FILES) if one and one.applies_to(read)]
    with Hasty("http://target.invalid", TOKENS, tamper=Files(fault, media_type)) as target:
        target.capabilities.add(Capability.SECOND_PARTNER)
        run = Run(own, target, found, seed=1)
        return {one.id: run.check(one, read).outcome for one in found}


@pytest.mark.parametrize("media_type", [OCTETS, PLAIN])
@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        ("", set()),
        ("cut", {"reads.file-is-as-sent"}),
        ("decoded", {"reads.file-is-as-sent"}),
        ("empty", {"reads.file-is-as-sent"}),
        ("stays", {"reads.deleted-file-is-gone"}),
        ("shown to anybody", {"reads.file-belongs-to-its-partner"}),
    ],
)
def test_each_fault_of_a_file_is_found(fault: str, broken: set[str], media_type: str) -> None:
    found = outcomes(fault, media_type)

    assert {name for name, one in found.items() if one is Outcome.FAILED} == broken
    assert {name for name, one in found.items() if one is Outcome.PASSED} == {*OF_FILES} - broken


def test_what_becomes_of_an_image_is_its_servers_affair() -> None:
    assert outcomes(media_type=PNG) == {}


def sent_to(media_type: str) -> list[Request]:
    """Two plain requests for a new file."""
    own = Contract(files(media_type))
    with Hasty("http://target.invalid", TOKENS) as target:
        probe = Probe(own, own.operations["PUT /files/{name}"], target, Random(1))
        return [probe.request() for _ in range(2)]


@pytest.mark.parametrize(
    ("media_type", "written"),
    [(OCTETS, OCTETS), ("*/*", OCTETS), ("application/*", OCTETS), (PNG, PNG), ("image/*", PNG),
     ("application/pdf", "application/pdf")],
)  # fmt: skip
def test_a_file_is_of_its_type(media_type: str, written: str) -> None:
    first, second = sent_to(media_type)

    assert ("Content-Type", written) in first.headers
    assert first.path != second.path
    if written == OCTETS:
        assert first.body != second.body
    else:
        assert first.body == file_of(written) != b""


def uploads() -> dict[str, Any]:
    """The contract of images that a POST makes, with a list of what is known of them."""
    image = obj("id", "size", id=text(), size=number())
    error = answer(obj("message", message=text()))
    refusals = {"400": error, "401": error, "404": error, "415": error}
    document = contract({
        "/images": {
            "post": operation({"201": answer(image), **refusals}, text(format="binary"),
                              media_type=PNG),
            "get": operation({"200": answer(array(image)), **refusals}),
        },
        "/images/{id}": {
            "get": operation({"200": answer(image), **refusals}),
            "delete": operation({"204": answer(), **refusals}),
        },
    })  # fmt: skip
    document["security"] = [{"bearer": []}]
    return document


@pytest.mark.parametrize(
    ("document", "judged"),
    [
        (files(), {*OF_FILES, "revocation.unknown-id-is-404"}),
        (uploads(), {"reads.shows-what-was-made", "reads.deleted-is-gone",
                     "lists.all-that-was-made-is-listed", "created.plain-request-succeeds"}),
    ],
    ids=["by name", "by POST"],
)  # fmt: skip
def test_the_mock_of_the_contract_conforms(
    document: dict[str, Any], judged: set[str], tmp_path: Path
) -> None:
    file = tmp_path / "files.json"
    file.write_text(json.dumps(document))
    code, report = judged_mock(file, tmp_path)

    assert accused(report) == []
    assert code == 0
    assert judged <= {one["id"] for one in report["results"] if one["outcome"] == "passed"}
