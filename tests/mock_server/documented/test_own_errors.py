"""A contract that documents its errors gets them from the mock, with the reason at its place."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from demo.mock_process import mock_process
from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from openapi.contract import Contract
from openapi.document import bundled_path
from tests.mock_server.clients import Client, Serving
from tests.mock_server.documented.error_shapes import INTEGER, SHAPES, STRING, listed, members

BEARER = {"Authorization": "Bearer token"}


def operation(
    schema: Any, example: Any, status: str = "422", media_type: str = "application/json"
) -> dict[str, Any]:
    media = {"schema": schema} | ({"example": example} if example is not None else {})
    body = members("name", name=STRING)
    return {
        "security": [{"jwt": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": {"description": "Done."},
            status: {"description": "Refused.", "content": {media_type: media}},
        },
    }


def contract(paths: dict[str, Any]) -> dict[str, Any]:
    scheme = {"type": "http", "scheme": "bearer"}
    return {
        "openapi": "3.1.0",
        "info": {"title": 'The "Own" API', "version": "1"},
        "paths": paths,
        "components": {"securitySchemes": {"jwt": scheme}},
    }


MESSAGE = members("message", message=STRING)
PATHS = {
    **{f"/{name}": {"post": operation(*shape[:2])} for name, shape in SHAPES.items()},
    **{
        f"/bad_{name}": {"post": operation(*SHAPES[name][:2], status="400")}
        for name in ("target", "nested", "violations_in_an_item", "items")
    },
    "/range": {"post": operation(MESSAGE, None, "4XX")},
    "/default": {"post": operation(MESSAGE, None, "default")},
    "/each": {
        "post": {
            **operation(MESSAGE, {"message": "a 422"}),
            "responses": {
                "200": {"description": "Done."},
                **{
                    status: {
                        "description": "Refused.",
                        "headers": {
                            "X-Trace": {"required": True, "schema": STRING, "example": "t"}
                        },
                        "content": {
                            "application/json": {
                                "schema": members(
                                    "message", name, message=STRING, **{name: INTEGER}
                                ),
                            }
                        },
                    }
                    for status, name in {"400": "a", "401": "b", "422": "c", "500": "d"}.items()
                },
            },
        }
    },
    "/text": {"post": operation(STRING, "bad", "422", "text/plain")},
    "/page": {"post": operation(STRING, "<p>bad</p>", "422", "text/html")},
    "/xml": {"post": operation(MESSAGE, {"message": "bad"}, "422", "application/xml")},
    "/made_up_xml": {"post": operation(MESSAGE, None, "422", "application/xml")},
    "/either": {
        "post": {
            **operation(MESSAGE, None),
            "responses": {
                "200": {"description": "Done."},
                "4XX": {
                    "description": "Refused.",
                    "content": {
                        "application/xml": {"schema": MESSAGE},
                        "application/json": {"schema": MESSAGE},
                    },
                },
            },
        }
    },
    "/problem": {
        "post": operation(
            members("title", "trace", title=STRING, trace=STRING),
            None,
            "422",
            "application/problem+json",
        )
    },
    "/problem_with_violations": {
        "post": operation(
            members("violations", violations=listed(field=STRING, reason=STRING)),
            None,
            "422",
            "application/problem+json",
        )
    },
    "/other_problem": {
        "post": operation(
            members("type", "title", "detail", type=STRING, title=STRING, detail=STRING),
            {"type": "https://own.example/bad", "title": "Bad", "detail": "x"},
            "422",
            "application/problem+json",
        )
    },
    "/undocumented": {"post": operation(MESSAGE, None, "409")},
    "/bodiless": {
        "post": {
            **operation(MESSAGE, None),
            "responses": {"200": {"description": "a"}, "422": {"description": "b"}},
        }
    },
    "/success_by_default": {
        "post": {
            **operation(MESSAGE, None),
            "responses": {
                "default": {
                    "description": "Any.",
                    "content": {"application/json": {"schema": members("total", total=INTEGER)}},
                }
            },
        }
    },
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("own") / "own.yaml"
    path.write_text(yaml.safe_dump(contract(PATHS)))
    return path


@pytest.fixture(scope="module")
def own(serving: Serving, file: Path) -> Iterator[Client]:
    partners = (Partner("partner_x", "id", "secret", "token"),)
    with serving(Settings(contract=file, partners=partners)) as client:
        yield client


def refused(own: Client, path: str, **options: Any) -> httpx.Response:
    return own.post(path, **{"json": {}, "headers": BEARER, **options})


@pytest.mark.parametrize("name", SHAPES)
def test_a_refusal_has_the_reason_at_its_place(own: Client, file: Path, name: str) -> None:
    answer = refused(own, f"/{name}")
    operation = Contract.from_file(file).operations[f"POST /{name}"]
    schema = operation.responses["422"].content["application/json"].schema
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == SHAPES[name][2]
    assert schema is None or schema.errors(answer.json()) == []


def test_a_field_of_an_example_that_is_not_at_fault_is_left_out(own: Client) -> None:
    paths = ("/target", "/nested", "/violations_in_an_item", "/items")
    malformed = {"content": b"{", "headers": {**BEARER, "Content-Type": "application/json"}}
    told = [own.post(path.replace("/", "/bad_", 1), **malformed).json() for path in paths]
    assert told == [
        {"error": {"code": "BadArgument", "message": "The body is not valid JSON."}},
        {"error": {"message": "The body is not valid JSON.", "code": 1001}},
        {
            "error": {
                "code": 400,
                "details": [
                    {
                        "violations": [
                            {"field": "request", "description": "The body is not valid JSON."}
                        ]
                    }
                ],
            }
        },
        {"errors": [{"field": "request", "message": "The body is not valid JSON."}]},
    ]


@pytest.mark.parametrize("path", ["/range", "/default"])
def test_a_range_and_a_default_are_for_all_refusals(own: Client, path: str) -> None:
    wrong_token = {"Authorization": "Bearer wrong"}
    answers = [
        refused(own, path),
        refused(own, path, headers={}),
        refused(own, path, headers=wrong_token),
        refused(own, path, content=b"{", headers={**BEARER, "Content-Type": "application/json"}),
        refused(own, path, headers={**BEARER, "Prefer": "fault=earthquake"}),
    ]
    assert [one.status_code for one in answers] == [422, 401, 401, 400, 400]
    for one in answers:
        assert one.headers["content-type"] == "application/json"
        assert one.json().keys() == {"message"}
        assert one.json()["message"] not in {"", "text"}


def test_each_status_has_the_body_that_is_documented_for_it(own: Client) -> None:
    malformed = {"content": b"{", "headers": {**BEARER, "Content-Type": "application/json"}}
    for options, status, name in (
        (malformed, 400, "a"),
        ({"headers": {}}, 401, "b"),
        ({}, 422, "c"),
    ):
        answer = refused(own, "/each", **options)
        assert answer.status_code == status
        assert answer.json().keys() == {"message", name}
        assert answer.headers["x-trace"] == "t"


def test_a_failure_of_the_mock_has_the_documented_body_too(
    own: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("mock_server.store.sqlite_store.SqliteStore.commit", fail)
    answer = refused(own, "/each", json={"name": "x"})
    assert (answer.status_code, answer.json().keys()) == (500, {"message", "d"})


def test_an_answer_that_is_no_json_is_what_is_documented(own: Client) -> None:
    text, page = refused(own, "/text"), refused(own, "/page")
    assert (text.headers["content-type"], text.text) == ("text/plain", "name is required.")
    assert (page.headers["content-type"], page.text) == ("text/html", "<p>bad</p>")
    assert page.headers["content-security-policy"] == "sandbox"


def test_an_error_is_in_the_media_type_that_is_accepted_best(own: Client) -> None:
    for path, accept, media_type in (
        ("/xml", "*/*", "application/xml"),
        ("/made_up_xml", "*/*", "application/xml"),
        ("/either", "application/xml", "application/xml"),
        ("/either", "application/xml;q=0.5, application/json", "application/json"),
        ("/either", "image/png", "application/json"),
    ):
        answer = refused(own, path, headers={**BEARER, "Accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (422, media_type)
        told = "<message>name is required.</message>"
        if media_type == "application/json":
            told = '{"message":"name is required."}'
        assert told in answer.text


def test_a_documented_problem_keeps_what_the_contract_says_of_it(own: Client) -> None:
    problem = refused(own, "/problem").json()
    assert {"title", "trace", "detail", "errors", "type", "status"} <= problem.keys()
    assert (problem["detail"], problem["type"]) == ("name is required.", "about:blank")
    own_members = refused(own, "/problem_with_violations").json()
    assert own_members["violations"] == [{"field": "name", "reason": "is required"}]
    assert own_members["detail"] == "name is required."
    other = refused(own, "/other_problem").json()
    assert other["type"] == "https://own.example/bad"
    assert other["detail"] == "name is required."


@pytest.mark.parametrize("path", ["/undocumented", "/bodiless", "/success_by_default"])
def test_a_problem_document_answers_where_no_error_is_documented(own: Client, path: str) -> None:
    answer = refused(own, path)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["param"] == "name"
    assert (answer.json()["type"], answer.json()["title"]) == (
        "about:blank",
        "Unprocessable Entity",
    )


WORDS = ("dinie", "partner", "credential")


def test_no_refusal_of_a_foreign_contract_has_words_of_the_bundled_one(own: Client) -> None:
    for path in (*PATHS, "/nowhere"):
        for options in (
            {},
            {"headers": {}},
            {"headers": {"Authorization": "Bearer wrong"}},
            {"headers": {**BEARER, "Content-Type": "text/plain"}},
            {"headers": {**BEARER, "Prefer": "code=abc"}},
        ):
            answer = refused(own, path, **options)
            assert 400 <= answer.status_code < 500
            told = (answer.text + repr(answer.headers)).lower()
            assert [word for word in WORDS if word in told] == []
    wrong_method = own.request("PUT", "/message")
    assert "dinie" not in wrong_method.text


def test_the_realm_is_the_title_of_the_contract(own: Client) -> None:
    answer = refused(own, "/message", headers={})
    assert answer.headers["www-authenticate"] == 'Bearer realm="The Own API"'


def test_what_is_no_request_is_refused_without_words_of_the_bundled_contract(file: Path) -> None:
    with mock_process("--contract", str(file)) as mock:
        host, port = mock.origin.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
            received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.startswith(b"HTTP/1.1 400")
    assert b"about:blank" in received
    assert b"dinie" not in received


def test_what_is_documented_everywhere_is_for_unknown_paths_too(
    serving: Serving, tmp_path: Path
) -> None:
    path = tmp_path / "own.yaml"
    shared = {"type": "object", "required": ["message"], "properties": {"message": STRING}}
    paths = {
        f"/{number}": {
            "get": {
                "responses": {
                    "200": {"description": "a"},
                    "default": {
                        "description": "b",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Error"}}
                        },
                    },
                }
            }
        }
        for number in range(3)
    }
    document = contract(paths)
    document["components"]["schemas"] = {"Error": shared}
    path.write_text(yaml.safe_dump(document))
    with serving(Settings(contract=path)) as client:
        unknown, wrong = client.get("/nowhere"), client.post("/1")
    assert (unknown.status_code, unknown.json().keys()) == (404, {"message"})
    assert (wrong.status_code, wrong.json().keys()) == (405, {"message"})
    assert wrong.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("statuses", "is_own"),
    [
        (["404", "404", "404"], True),
        (["400", "404", "4XX"], True),
        (["401", "404", "200"], True),
        (["404", "200", "201"], False),
        (["500", "503", "5XX"], False),
    ],
)
def test_the_error_that_is_documented_for_other_statuses_is_for_unknown_paths_too(
    serving: Serving, tmp_path: Path, statuses: list[str], *, is_own: bool
) -> None:
    schema = members("code", "message", code=STRING, message=STRING)
    media = {"schema": schema, "example": {"code": "missing", "message": "There is none."}}
    paths = {}
    for at, status in enumerate(statuses):
        answer = {"description": "a", "content": {"application/json": media}}
        responses = {"204": {"description": "Done."}, status: answer}
        paths[f"/{at}"] = {"get": {"responses": responses}}
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(contract(paths)))
    with serving(Settings(contract=path)) as client:
        answers = client.post("/1"), client.get("/nowhere")

    assert [one.status_code for one in answers] == [405, 404]
    assert "GET" in answers[0].headers["allow"]
    assert answers[0].json()["code"] != "missing"
    for answer in answers:
        problem = answer.json()
        assert (problem.keys() == {"code", "message"}) == is_own
        assert problem["message" if is_own else "detail"] not in {"text", "There is none."}
        assert answer.headers["content-type"].endswith("problem+json") != is_own


def test_the_example_that_is_of_the_problem_is_preferred(serving: Serving, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    schema = members("code", "message", code=STRING, message=STRING, hint=STRING)
    refusal = operation(schema, None)
    refusal["responses"]["422"]["content"]["application/json"]["examples"] = {
        "a": {"value": {"code": "conflict", "message": "x"}},
        "b": {"value": {"code": "missing_required_field", "message": "x", "hint": "add it"}},
        "c": {"value": {"code": 7}},
    }
    path.write_text(yaml.safe_dump(contract({"/a": {"post": refusal}})))
    partners = (Partner("partner_x", "id", "secret", "token"),)
    with serving(Settings(contract=path, partners=partners)) as client:
        answer = refused(client, "/a").json()
    assert answer == {
        "code": "missing_required_field",
        "message": "name is required.",
        "hint": "add it",
    }


@pytest.mark.parametrize("name", SHAPES)
def test_what_accept_excludes_is_refused_in_the_same_form(
    serving: Serving, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "own.yaml"
    refusals = {status: operation(*SHAPES[name][:2], status) for status in ("406", "422")}
    content = {"application/json": {"schema": members("id", id=STRING)}}
    for one in refusals.values():
        one["responses"]["200"]["content"] = content
    paths = {f"/{status}": {"post": one} for status, one in refusals.items()}
    path.write_text(yaml.safe_dump(contract(paths)))
    partners = (Partner("partner_x", "id", "secret", "token"),)
    headers = {**BEARER, "Accept": "text/csv"}
    with serving(Settings(contract=path, partners=partners)) as client:
        answer = refused(client, "/406", headers=headers, json={"name": "x"})
        other = refused(client, "/422").json()

    assert answer.status_code == 406
    assert names_in(answer.json()) <= names_in(other)


def names_in(value: Any) -> set[str]:
    """The names of all members in a body; those of fields at fault are only in some."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {*(value if isinstance(value, dict) else ())}.union(*map(names_in, inner))


def test_what_is_no_problem_in_a_contract_like_the_bundled_one_is_its_own(
    serving: Serving, tmp_path: Path
) -> None:
    document = yaml.safe_load(bundled_path(None).read_text())
    own = members("wrong", wrong=STRING)
    refusal = {"description": "No.", "content": {"application/json": {"schema": own}}}
    listing = document["paths"]["/auth/credentials"]["get"]["responses"]
    listing |= {"406": refusal, "422": refusal}
    path = tmp_path / "like.yaml"
    path.write_text(yaml.safe_dump(document))
    partners = (Partner("partner_x", "id", "secret", "token"),)
    with serving(Settings(contract=path, partners=partners)) as client:
        url = "/v3/auth/credentials"
        csv = client.get(url, headers={**BEARER, "Accept": "text/csv"})
        wrong = client.get(f"{url}?limit=0", headers=BEARER)
        no_token = client.get(url)
        usual = client.get(url, headers={**BEARER, "Accept": "application/json"})

    assert (csv.status_code, csv.json().keys()) == (406, {"wrong"})
    assert (wrong.status_code, wrong.json().keys()) == (422, {"wrong"})
    assert no_token.status_code == 401
    assert no_token.json()["type"].startswith("https://api.dinie.com.br/errors/")
    assert usual.status_code == 200
