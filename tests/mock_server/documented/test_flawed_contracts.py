"""One flaw of a contract leaves out what it is in, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mock_server.settings import Settings
from openapi.contract import Contract
from tests.mock_server.clients import Serving

HEAD = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\n"
DONE = "responses: {'200': {description: d}}"
SOUND = f"/sound: {{get: {{{DONE}}}}}"
JSON = "content: {application/json: {schema: %s}}"
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to(paths: str) -> Path:
        path = tmp_path / "contract.yaml"
        path.write_text(f"{HEAD}paths: {{{SOUND}, {paths}}}\n")
        return path

    return to


def getting(rest: str) -> str:
    return f"/a: {{get: {{{rest}}}}}"


@pytest.mark.parametrize(
    ("paths", "place"),
    [
        ("/a: null", "#/paths/~1a"),
        ("/a: [1]", "#/paths/~1a"),
        ("/a: {$ref: '#/components/pathItems/A'}", "#/paths/~1a"),
        ("/a: {get: null}", "#/paths/~1a/get"),
        (getting("responses: [1]"), "#/paths/~1a/get/responses"),
        (getting("responses: {'200': null}"), "#/paths/~1a/get/responses/200"),
        (
            getting("responses: {'200': {$ref: '#/components/responses/R'}}"),
            "#/paths/~1a/get/responses/200",
        ),
        (
            getting(f"responses: {{'200': {{description: d, {JSON % '{type: strin}'}}}}}"),
            "#/paths/~1a/get/responses/200/content/application~1json/schema/type",
        ),
        (getting(f"parameters: [{{name: q, in: mars}}], {DONE}"), "#/paths/~1a/get/parameters/0"),
        (
            getting(f"parameters: [{{name: q, in: query, schema: {{pattern: '['}}}}], {DONE}"),
            "#/paths/~1a/get/parameters/0/schema/pattern",
        ),
        (getting(f"parameters: [{{name: q, in: query}}], {DONE}"), "#/paths/~1a/get/parameters/0"),
        (getting(f"security: [{{none: []}}], {DONE}"), "#/paths/~1a/get/security"),
        (f"'/{{x}}': {{get: {{{DONE}}}}}", "#/paths/~1{x}/get"),
    ],
)
def test_what_a_flaw_is_in_is_a_501_and_told(
    write: Write, serving: Serving, caplog: pytest.LogCaptureFixture, paths: str, place: str
) -> None:
    with serving(Settings(contract=write(paths))) as client:
        told = [one.getMessage() for one in caplog.records if "is not served" in one.getMessage()]
        assert client.get("/sound").status_code == 200
        answer = client.get("/a?q=1")

    assert len(told) == 1
    assert told[0].startswith(place)
    assert (answer.status_code, answer.json()["code"]) == (501, "not_served")
    reason = told[0].partition("is not served: ")[2]
    assert reason in answer.json()["detail"]


def test_a_bad_response_leaves_the_others(write: Write, serving: Serving) -> None:
    bad = f"{{description: d, {JSON % '{pattern: 7}'}}}"
    paths = getting(f"responses: {{'200': {{description: d}}, '409': {bad}}}")
    with serving(Settings(contract=write(paths))) as client:
        assert client.get("/a").status_code == 200
        assert client.get("/a", headers={"Prefer": "code=409"}).status_code == 501


@pytest.mark.parametrize("key", ["2000", "20", "99", "600", "2X0", "ok", "Default"])
def test_a_response_under_no_status_leaves_the_others(
    write: Write, serving: Serving, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    bad = f"{key}: {{description: d}}"
    alone = f"/b: {{get: {{responses: {{{bad}}}}}}}"
    paths = f"{getting(f'responses: {{{bad}, 202: {{description: d}}}}')}, {alone}"
    with serving(Settings(contract=write(paths))) as client:
        assert client.get("/a").status_code == 202
        assert client.get("/b").status_code == 501
        assert client.get("/b", headers={"Prefer": "code=2000"}).status_code in {400, 501}
    reason = f"#/paths/~1a/get/responses/{key} is not served: is under no status"
    assert reason in "\n".join(one.getMessage() for one in caplog.records)


def test_a_bad_body_leaves_those_of_other_media_types(write: Write, serving: Serving) -> None:
    content = (
        "content: {application/json: {schema: {type: strin}}, text/plain: {schema: {maxLength: 1}}}"
    )
    paths = f"/a: {{post: {{requestBody: {{{content}}}, {DONE}}}}}"
    with serving(Settings(contract=write(paths))) as client:
        texts = {"Content-Type": "text/plain"}
        assert client.post("/a", json={}).status_code == 501
        assert client.post("/a", content="a", headers=texts).status_code == 200
        assert client.post("/a", content="ab", headers=texts).status_code == 422


def test_other_methods_of_a_path_are_served(write: Write, serving: Serving) -> None:
    paths = f"/a: {{get: {{responses: 7}}, put: {{{DONE}}}}}"
    with serving(Settings(contract=write(paths))) as client:
        assert client.get("/a").status_code == 501
        assert client.put("/a").status_code == 200
        answer = client.delete("/a")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, PUT")


def test_harmless_flaws_leave_out_nothing(write: Write) -> None:
    paths = (
        f"/a: {{get: {{operationId: q, tags: 7, {DONE}}}, put: {{operationId: q, {DONE}}}}},"
        f" '/b/{{x}}': {{get: {{parameters: [{{name: x, in: path, schema: {{}}}}], {DONE}}}}}"
    )
    contract = Contract.from_file(write(paths))

    assert list(contract.operations) == ["GET /sound", "q", "PUT /a", "GET /b/{x}"]
    assert not contract.unserved
    assert ("#/paths/~1a/put/operationId", "is that of #/paths/~1a/get too") in [
        (one.place, one.reason) for one in contract.flaws
    ]


def parameter(name: str) -> str:
    return f"parameters: [{{name: {name}, in: path, required: true, schema: {{type: string}}}}]"


def test_paths_that_differ_in_names_alone_are_both_served(write: Write, serving: Serving) -> None:
    paths = (
        f"'/a/{{x}}': {{get: {{{parameter('x')}, {DONE}}}}},"
        f" '/a/{{y}}': {{post: {{{parameter('y')}, {DONE}}}, get: {{{parameter('y')}, {DONE}}}}}"
    )
    with serving(Settings(contract=write(paths))) as client:
        assert client.get("/a/1").status_code == 200
        assert client.post("/a/1").status_code == 200
        assert client.put("/a/1").headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/files#add", "/files%23add"),
        ("/a b", "/a%20b"),
        ("/q?x", "/q%3Fx"),
        ("/100%", "/100%25"),
        ("/a+b(c)[d]", "/a+b(c)[d]"),
        ("/ção", "/%C3%A7%C3%A3o"),
        ("/a~b", "/a~b"),
        ("/a:{x}#{y}", "/a:1%232"),
    ],
)
def test_a_path_may_have_any_character(
    write: Write, serving: Serving, path: str, sent: str
) -> None:
    named = ", ".join(
        f"{{name: {one}, in: path, required: true, schema: {{type: integer}}}}"
        for one in "xy"
        if f"{{{one}}}" in path
    )
    answer = f"{{description: d, {JSON % '{type: object, properties: {b: {type: string}}}'}}}"
    body = f"{{required: true, {JSON % '{required: [a], properties: {a: {type: integer}}}'}}}"
    put = f"parameters: [{named}], requestBody: {body}, responses: {{'200': {answer}}}"
    with serving(Settings(contract=write(f"'{path}': {{put: {{{put}}}}}"))) as client:
        assert client.put(sent, json={"a": 1}).json() == {"b": "text"}
        refused = client.put(sent, json={"a": "x"})
        assert [one["param"] for one in refused.json()["errors"]] == ["a"]


def test_a_reference_may_lead_through_such_a_path(write: Write, serving: Serving) -> None:
    first = f"{{description: d, {JSON % '{type: object, properties: {n: {type: integer}}}'}}}"
    place = "#/paths/~1x#y/get/responses/200/content/application~1json/schema"
    plain, encoded = (
        f"{{description: d, {JSON % f'{{type: array, items: {{$ref: {one!r}}}}}'}}}"
        for one in (place, place.replace("x#y", "x%23y"))
    )
    paths = (
        f"'/x#y': {{get: {{responses: {{'200': {first}}}}}}},"
        f" /plain: {{get: {{responses: {{'200': {plain}}}}}}},"
        f" /encoded: {{get: {{responses: {{'200': {encoded}}}}}}}"
    )
    with serving(Settings(contract=write(paths))) as client:
        assert client.get("/plain").json() == [{"n": 0}]
        assert client.get("/encoded").json() == [{"n": 0}]


def test_an_example_that_is_not_used_is_told_and_the_next_one_answers(
    write: Write, serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    schema = "{type: object, required: [id], properties: {id: {type: integer}, at: {format: date}}}"
    media = (
        f"{{schema: {schema}, examples: {{none: {{$ref: '#/components/examples/X'}},"
        " text: {value: {id: x}}, lacking: {value: {}}, good: {value: {id: 7}},"
        " late: {value: {id: y}}}}"
    )
    answer = f"{{description: d, content: {{application/json: {media}}}}}"
    paths = getting(f"responses: {{'200': {answer}}}")
    with serving(Settings(contract=write(paths))) as client:
        assert client.get("/a").json() == {"id": 7}

    place = "#/paths/~1a/get/responses/200/content/application~1json/examples"
    told = "\n".join(one.getMessage() for one in caplog.records if one.levelname == "WARNING")
    assert f"{place}/none is not served: refers to #/components/examples/X" in told
    assert f"{place}/text is not used: id must be an integer" in told
    assert f"{place}/lacking is not used" in told
    assert f"{place}/late is not used: id must be an integer" in told


def test_an_example_of_a_member_that_is_not_used_leaves_the_others(
    write: Write, serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    members = "at: {type: string, example: noon}, v: {type: string, example: 5}, n: {example: 7}"
    schema = f"{{type: object, properties: {{{members}, more: {{type: array, example: [1]}}}}}}"
    answer = f"{{description: d, content: {{application/json: {{schema: {schema}}}}}}}"
    paths = getting(f"responses: {{'200': {answer}}}")
    with serving(Settings(contract=write(paths))) as client:
        assert client.get("/a").json() == {"at": "noon", "v": "text", "n": 7, "more": [1]}

    place = "#/paths/~1a/get/responses/200/content/application~1json/schema"
    [told] = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert told == f"{place} has an example that is not used: v must be a string"


def test_a_bad_body_of_what_makes_a_resource_refuses_nothing(
    write: Write, serving: Serving
) -> None:
    members = "properties: {id: {type: string}, client_secret: {type: string}, t: {type: string}"
    body = f"{{{JSON % f'{{{members}, n: {{pattern: 7}}}}}}'}}}"
    answer = f"{{description: d, {JSON % f'{{type: object, {members}}}}}'}}}"
    paths = f"/a: {{post: {{requestBody: {body}, responses: {{'201': {answer}}}}}}}"
    with serving(Settings(contract=write(paths))) as client:
        assert client.get("/sound").status_code == 200
        assert client.post("/a", json={"t": "x"}).status_code == 501


def test_a_header_that_is_not_read_leaves_its_answer(
    write: Write, serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    headers = "{X-Bad: {$ref: '#/components/headers/None'}, X-Good: {schema: {}, example: 5}}"
    answer = f"{{description: d, headers: {headers}, content: {{text/plain: {{example: hi}}}}}}"
    with serving(Settings(contract=write(getting(f"responses: {{'200': {answer}}}")))) as client:
        response = client.get("/a")

    assert (response.status_code, response.text) == (200, "hi")
    assert response.headers["x-good"] == "5"
    [told] = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert told.startswith("#/paths/~1a/get/responses/200/headers/X-Bad is not served: refers to")
