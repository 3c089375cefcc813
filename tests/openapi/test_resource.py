"""A resource is found in the contract, whatever its members are called."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from openapi.contract import Contract
from openapi.operation import Operation
from openapi.paging import PageMembers, page_members
from openapi.resource import ACTIVE, REVOKED, Resource
from tests.other_contracts.styles import TEXT, thing
from tests.plain_servers.contracts import BEARER, document, listed

OTHER = """
openapi: 3.1.0
info: {title: Keys, version: "2"}
paths:
  /keys:
    post:
      operationId: createKey
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties: {note: {type: [string, 'null']}, label: {type: string}}
      responses:
        '201':
          description: Created.
          content:
            application/json:
              schema:
                type: object
                properties:
                  key_id: {type: string}
                  label: {type: string}
                  key_secret: {type: string}
    get:
      operationId: listKeys
      parameters:
        - {name: status, in: query, schema: {type: string}}
        - {name: after, in: query, schema: {type: string}}
        - {name: size, in: query, schema: {type: integer}}
      responses:
        '200':
          description: A page.
          content:
            application/json:
              schema:
                type: object
                properties:
                  items: {type: array, items: {type: object}}
                  more: {type: boolean}
  /keys/{key_id}:
    delete:
      operationId: revokeKey
      parameters: [{name: key_id, in: path, required: true, schema: {type: string}}]
      responses: {'204': {description: Revoked.}}
  /health:
    get:
      operationId: readHealth
      responses: {'200': {description: Well.}}
"""


@pytest.fixture
def other(tmp_path: Path) -> Contract:
    path = tmp_path / "keys.yaml"
    path.write_text(OTHER)
    return Contract.from_file(path)


def test_the_bundled_contract_has_one_resource() -> None:
    contract = Contract.bundled()
    [resource] = contract.resources
    assert [one.id for one in resource.operations] == [
        *("createCredential", "listCredentials", "revokeCredential"),
    ]
    assert (resource.id, resource.handle) == ("id", "client_id")
    assert (resource.login, resource.name) == ("client_id", "name")
    assert contract.credentials is resource
    assert resource.secret == "client_secret"
    assert contract.token_operation is contract.operations["createToken"]
    assert resource.page == PageMembers("data", "has_more", "starting_after", "limit")


def test_names_are_those_of_the_contract(other: Contract) -> None:
    [resource] = other.resources
    assert [one.id for one in resource.operations] == ["createKey", "listKeys", "revokeKey"]
    assert (resource.id, resource.handle, resource.login) == ("key_id", "key_id", "key_id")
    assert (resource.name, resource.secret) == ("label", "key_secret")
    assert other.token_operation is None
    assert resource.page == PageMembers("items", "more", "after", "size", is_largest_known=False)


def test_an_operation_has_the_resource_that_it_is_for(other: Contract) -> None:
    [resource] = other.resources
    for name in ("createKey", "listKeys", "revokeKey"):
        assert other.resource_of(other.operations[name]) is resource
    assert other.resource_of(other.operations["readHealth"]) is None


def test_an_operation_without_a_cursor_is_no_list(other: Contract) -> None:
    assert page_members(other.operations["readHealth"]) is None
    assert page_members(other.operations["createKey"]) is None


def test_the_credentials_are_found_without_other_resources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keys.yaml"
    notes = "  /notes:\n    post:\n      responses: {'201': {description: Created.}}\n"
    path.write_text(OTHER + notes)
    read = []
    of = Resource.created_by

    def created_by(create: Operation, operations: Mapping[str, Operation]) -> Resource:
        read.append(create.path)
        return of(create, operations)

    monkeypatch.setattr(Resource, "created_by", created_by)
    contract = Contract.from_file(path)
    assert contract.credentials is not None
    assert read == ["/keys"]
    assert len(contract.resources) == 2
    assert contract.resources[0] is contract.credentials


def put_at(path: str, *members: str, posts: bool = False, listing: Sequence[str] = ()) -> Contract:
    """A contract of what a PUT makes, with these members, and of its list, which has others."""
    thing, item = ({"properties": {one: {"type": "string"} for one in names}}
                   for names in (members, listing or members))  # fmt: skip
    page = {"type": "array", "items": item}
    shown, listed = (
        {"description": "Done.", "content": {"application/json": {"schema": one}}}
        for one in (thing, page)
    )
    name = path.rpartition("{")[2].removesuffix("}")
    above = {"get": {"responses": {"200": listed}}}
    if posts:
        above["post"] = {"responses": {"200": shown}}
    return Contract({
        "openapi": "3.1.0", "info": {"title": "Things", "version": "1"},
        "paths": {
            path.rpartition("/")[0]: above,
            path: {
                "parameters": [{"name": name, "in": "path", "required": True,
                                "schema": {"type": "string"}}],
                "put": {"responses": {"200": shown, "201": shown}},
                "get": {"responses": {"200": shown}},
                "delete": {"responses": {"204": {"description": "Gone."}}},
            },
        },
    })  # fmt: skip


@pytest.mark.parametrize(
    ("path", "members", "handle"),
    [
        ("/projects/{slug}", ["id", "slug"], "slug"),
        ("/flags/{flagKey}", ["key", "kind"], "key"),
        ("/flags/{flag_key}", ["flagKey"], "flagKey"),
        ("/flags/{flagId}", ["ownerId", "id"], "id"),
    ],
)
def test_a_put_makes_what_is_called_as_its_parameter(
    path: str, members: list[str], handle: str
) -> None:
    [resource] = put_at(path, *members).resources
    assert [one.method for one in resource.operations] == ["PUT", "GET", "GET", "DELETE"]
    assert (resource.handle, resource.is_chosen) == (handle, True)


def test_an_id_that_a_server_makes_is_none_of_a_path() -> None:
    [resource] = put_at("/projects/{slug}", "uuid", "ownerId").resources
    assert (resource.handle, resource.list) == ("slug", None)


@pytest.mark.parametrize(
    ("listing", "is_its_own"),
    [
        (["email", "state"], True),
        (["email", "state", "role", "sent_at", "url"], True),
        (["email"], True),
        (["id", "email", "name"], False),
        (["id", "email", "state", "role"], False),
        (["email", "name", "avatar"], False),
        (["state", "role"], False),
    ],
)
def test_a_list_of_another_kind_is_none_of_what_a_put_makes(
    listing: list[str], is_its_own: object
) -> None:
    path = "/invitations/{email}"
    [resource] = put_at(path, "email", "state", "role", "sent_at", listing=listing).resources
    assert (resource.list is not None) == is_its_own


@pytest.mark.parametrize("path", ["/files/v{n}", "/mail/{a}@{b}", "/{root}"])
def test_a_put_at_a_part_of_a_segment_makes_nothing_that_is_known(path: str) -> None:
    assert put_at(path, "id").resources == ()


def test_what_a_post_makes_is_made_by_no_put() -> None:
    [resource] = put_at("/projects/{slug}", "slug", posts=True).resources
    assert resource.create.method == "POST"


@pytest.mark.parametrize(
    ("states", "tells", "condition"),
    [
        (["active", "trashed"], True, REVOKED),
        (["active", "cancelled"], True, REVOKED),
        # Nothing says whether it is the end: a load accused it of being active still.
        (["live", "binned"], False, ACTIVE),
    ],
)
def test_a_list_tells_what_has_ended_where_a_state_is_that_of_an_end(
    states: list[str], *, tells: bool, condition: str
) -> None:
    members = {"id": TEXT, "name": TEXT, "state": {**TEXT, "enum": states}}
    paths = listed("/docs", thing([*members], **members), thing(["name"], name=TEXT))
    resource = Contract(document("Docs", paths, BEARER)).operations["POST /docs"].resource

    assert resource is not None
    assert resource.tells_ended is tells
    assert resource.condition({"id": "d1", "state": states[1]}) == condition
    assert resource.condition({"id": "d1", "state": states[0]}) == ACTIVE
