"""A request that changes an item marks it as test data under the name that its resource has."""

import pytest

from conformance.probe.plain_requests import NAME_PREFIX
from conformance.probe.probe import Probe
from conformance.run.runner import Run
from conformance.target.target import Target
from openapi.contract import Contract
from tests.other_contracts.styles import answer, taken
from tests.plain_servers.contracts import NAME, SCHEMES, TEXT, Document, listed, refused, thing
from tests.plain_servers.contracts import document as documented


def changeable() -> Document:
    """Notes with a title that a PUT and a PATCH take as well."""
    members = {"title": NAME, "text": NAME}
    item = thing(["id", "title", "text"], id=TEXT, **members)
    paths = listed("/notes", item, thing(["title", "text"], **members), 422)
    for method in ("put", "patch"):
        paths["/notes/{id}"][method] = {
            "requestBody": {"required": True, **taken(thing([], **members))},
            "responses": {"200": answer(item), **refused(404, 422)},
        }
    return documented("Notes", paths, SCHEMES["bearer"])


def probe_of(operation: str) -> Probe:
    contract = Contract(changeable())
    survey = Run(contract, Target("http://target", ["token"]), [], seed=1)._survey
    return survey.probe(contract.operations[operation])


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_what_is_changed_has_the_name_of_its_resource(method: str) -> None:
    probe = probe_of(f"{method} /notes/{{id}}")

    assert probe.name_member == probe.resource.name == "title"
    assert str(probe.plain_body()["title"]).startswith(NAME_PREFIX)


def test_a_creation_has_the_same_name() -> None:
    assert probe_of("POST /notes").name_member == "title"
