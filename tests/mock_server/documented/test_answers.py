"""Documented answers in the media type, with the example, and as new as a request wishes."""

import random
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from mock_server.documented.dynamic import dynamic_value
from mock_server.documented.negotiation import best_accepted
from mock_server.settings import Settings
from openapi.contract import Contract
from openapi.file_bodies import file_of, is_binary
from openapi.generation import Generation
from tests.mock_server.clients import Client, serve

CONTRACT = Path(__file__).parent / "answers.yaml"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serve(Settings(contract=CONTRACT)) as client:
        yield client


def get(client: Client, path: str, *, method: str = "GET", **headers: str) -> httpx.Response:
    return client.request(method, path, headers={"Accept": "", **headers})


XML, JSON, CSV = "application/xml", "application/json", "text/csv"
PROLOG = '<?xml version="1.0" encoding="UTF-8"?>\n'


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/xml", XML),
        ("application/json;q=0.5, application/xml", XML),
        ("application/json;q=0.5, application/xml;q=0.4, */*;q=0.1", JSON),
        ("text/html, application/xml;q=0.9, */*;q=0.8", XML),
        ("*/*, application/json;q=0", XML),
        ("text/*, application/json;q=0.9", CSV),
        ("text/html", JSON),
        ("image/png;q=1, nonsense", JSON),
    ],
)
def test_the_media_type_is_the_best_accepted_one(client: Client, accept: str, name: str) -> None:
    response = get(client, "/item", accept=accept)

    assert response.status_code == 200
    assert response.headers["content-type"] == name
    bodies = {
        JSON: '{"name":"text","qty":0}',
        XML: f"{PROLOG}<item><name>text</name><qty>0</qty></item>",
        CSV: "name,qty\r\ntext,0\r\n",
    }
    assert response.text == bodies[name]


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("/strict", "text/html", 406),
        ("/strict", "application/json;q=0, application/xml;q=0", 406),
        ("/strict", "text/html, */*;q=0.1", 200),
        ("/strict", "", 200),
        ("/xml", "application/json", 200),
    ],
)
def test_an_answer_is_refused_where_nothing_fits_and_the_contract_has_a_406(
    client: Client, path: str, accept: str, status: int
) -> None:
    response = get(client, path, accept=accept)

    assert response.status_code == status
    if path == "/xml":
        assert response.headers["content-type"] == XML
    forced = get(client, path, accept=accept, prefer="code=200")
    assert forced.status_code == 200


@pytest.mark.parametrize(
    ("accept", "text"),
    [
        ("", "1"),
        ("application/json;version=2", "2"),
        ("application/json;version=1;q=0.1, application/json;version=2;q=0.2", "2"),
        ("application/json;version=2;q=0, application/json", "1"),
        ("application/json;version=9", "1"),
    ],
)
def test_media_types_with_parameters_are_their_own(client: Client, accept: str, text: str) -> None:
    response = get(client, "/versions", accept=accept)

    assert response.text == text
    assert response.headers["content-type"] == f"application/json;version={text}"


@pytest.mark.parametrize(
    ("method", "accept", "name"),
    [
        ("GET", "", JSON),
        ("GET", XML, XML),
        ("GET", "text/plain", "text/plain"),
        ("PUT", "", "application/octet-stream"),
        ("PUT", "image/png", "image/png"),
        ("POST", "", "image/png"),
        ("POST", "image/webp, image/gif;q=0.9", "image/webp"),
        ("POST", "image/gif", "image/gif"),
    ],
)
def test_a_range_is_answered_as_a_type_of_it(
    client: Client, method: str, accept: str, name: str
) -> None:
    response = get(client, "/ranges", method=method, accept=accept)

    assert response.headers["content-type"] == name
    if name.startswith("image/"):
        assert response.content == file_of(name) != b""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("application/x-ndjson", '{"a":1}\n{"a":2}\n'),
        ("text/csv", 'a,b\r\n1,"x,""y"\r\n2,\r\n'),
        ("text/event-stream", 'data: {"a":1}\n\n'),
        ("application/x-www-form-urlencoded", "a=1&b=x+y"),
        ("application/yaml", '{"a":1}'),
        ("text/html", "<p>x</p>"),
    ],
)
def test_other_types_of_text_are_written_as_they_are(client: Client, name: str, text: str) -> None:
    response = get(client, "/lines", accept=name)

    assert response.headers["content-type"] == name
    assert response.text == text


def test_an_example_that_is_xml_already_stays_as_it_is(client: Client) -> None:
    assert get(client, "/xml", method="POST").text == "<item><name>as it is</name></item>"


def test_what_is_kept_is_answered_in_the_media_type_that_is_accepted(client: Client) -> None:
    made = client.post("/pets", json={"name": "Rex & co"}).json()
    path = f"/pets/{made['id']}"

    assert get(client, path).json() == made
    response = get(client, path, accept=XML)
    assert response.headers["content-type"] == XML
    assert response.headers["content-security-policy"] == "sandbox"
    text = f"<Pet><id>{made['id']}</id><name>Rex &amp; co</name></Pet>"
    assert response.text == PROLOG + text
    assert get(client, path, accept="text/html").status_code == 406


MAGIC = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
    "image/webp": b"RIFF",
    "image/tiff": b"II*\0",
    "application/pdf": b"%PDF-",
    "application/zip": b"PK",
    "application/gzip": b"\x1f\x8b",
    "audio/wav": b"RIFF",
    "image/svg+xml": b"<svg",
}


@pytest.mark.parametrize("name", MAGIC)
def test_a_binary_answer_is_a_file_of_its_type(name: str) -> None:
    assert is_binary(name)
    for example in (None, "text", "a picture", {"a": 1}):
        assert file_of(name, example).startswith(MAGIC[name])


@pytest.mark.parametrize(
    "name",
    ["image/x-icon", "video/mp4", "font/woff2", "application/octet-stream", "application/msword",
     "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "audio/mpeg"],
)  # fmt: skip
def test_a_file_of_another_binary_type_is_empty(name: str) -> None:
    assert is_binary(name)
    assert file_of(name) == file_of(name, None) == b""


@pytest.mark.parametrize(
    "name", ["text/csv", "application/json", "application/xml", "application/vnd.x+json",
             "application/yaml", "application/javascript", "application/x-ndjson"],
)  # fmt: skip
def test_text_is_no_file(name: str) -> None:
    assert not is_binary(name)


def test_the_files_can_be_read() -> None:
    assert ZipFile(BytesIO(file_of("application/zip"))).namelist() == []
    pdf = file_of("application/pdf")
    start = int(pdf.split(b"startxref\n")[1].split(b"\n")[0])
    assert pdf[start:].startswith(b"xref")
    places = [int(line[:10]) for line in pdf[start:].split(b"\n")[3:6]]
    assert [pdf[at : at + 7] for at in places] == [b"1 0 obj", b"2 0 obj", b"3 0 obj"]
    assert file_of("application/octet-stream", "text") == b"text"
    assert file_of("image/png", "iVBORw0KGgoAAAA=") == b"\x89PNG\r\n\x1a\n\0\0\0"


@pytest.mark.parametrize(
    ("names", "accept", "best"),
    [
        ([], None, None),
        ([], "*/*", None),
        ([JSON, XML], None, JSON),
        ([JSON, XML], " ", JSON),
        ([JSON, XML], "application/*;q=0.1, application/xml;q=0.2", XML),
        (["application/problem+json"], "application/*+json", "application/problem+json"),
        ([JSON], "application/json; charset=utf-8", JSON),
        ([JSON], "APPLICATION/JSON", JSON),
        ([JSON], "text/plain", None),
        ([JSON, XML], "*", JSON),
        ([JSON, XML], "application/xml;q=0.5, *; q=.2", XML),
        ([JSON], "nonsense", JSON),
        ([JSON], "*/*;q=0", None),
    ],
)
def test_the_most_specific_range_has_the_quality(
    names: list[str], accept: str | None, best: str | None
) -> None:
    assert best_accepted(names, accept) == best


@pytest.mark.parametrize(
    ("prefer", "status", "body", "applied"),
    [
        ("example=second", 200, {"at": "2025-01-01T10:00:00Z"}, "example=second"),
        ('example="first"', 200, {"at": "2024-01-01T10:00:00Z"}, "example=first"),
        ("example=gone", 404, {"why": "gone"}, "example=gone"),
        ("code=404, example=first", 404, {"why": "never"}, "code=404, example=first"),
        ("example=gone; code=404", 404, {"why": "gone"}, "code=404, example=gone"),
        ("code=503, example=down", 503, {"why": "down"}, "code=503, example=down"),
        ("example=down", 500, {"why": "down"}, "example=down"),
        ("example=second, dynamic=true", 200, {"at": "2025-01-01T10:00:00Z"}, "example=second"),
        ("dynamic=false", 200, {"at": "2024-01-01T10:00:00Z"}, None),
    ],
)
def test_an_example_can_be_had_by_its_name(
    client: Client, prefer: str, status: int, body: object, applied: str | None
) -> None:
    response = get(client, "/examples", prefer=prefer)

    assert response.status_code == status
    assert response.json() == body
    assert response.headers.get("preference-applied") == applied
    assert "preference-ignored" not in response.headers


@pytest.mark.parametrize(
    ("prefer", "known"),
    [
        ("example=third", "first, second, gone, down"),
        ("example=wrong", "first, second, gone, down"),
        ("example=", "first, second, gone, down"),
        ("code=404, example=second", "gone, first"),
    ],
)
def test_an_unknown_example_is_refused_with_the_known_ones(
    client: Client, prefer: str, known: str
) -> None:
    response = get(client, "/examples", prefer=prefer)

    assert response.status_code == 400
    assert response.json()["code"] == "unknown_example"
    assert f"They have: {known}." in response.json()["detail"]
    other = get(client, "/item", prefer=prefer.rpartition(" ")[2])
    assert "They have none." in other.json()["detail"]


def test_dynamic_data_is_valid_and_new_each_time(client: Client) -> None:
    answer = Contract.from_file(CONTRACT).operations["GET /dynamic"].responses["200"]
    schema = answer.content[JSON].schema
    assert schema is not None
    bodies = set()
    for _ in range(30):
        response = get(client, "/dynamic", prefer="dynamic=true")
        assert response.headers["preference-applied"] == "dynamic=true"
        assert schema.errors(response.json()) == []
        assert response.json()["pet"]["kind"] in {"cat", "dog"}
        bodies.add(response.text)
    assert len(bodies) == 30
    texts = {get(client, "/dynamic", prefer="dynamic=true", accept=XML).text for _ in range(9)}
    assert len(texts) > 5
    assert all(text.startswith(f"{PROLOG}<item>") for text in texts)
    assert get(client, "/dynamic").text == get(client, "/dynamic").text


@pytest.mark.parametrize(
    "bounds",
    [{}, {"minLength": 5}, {"maxLength": 3}, {"minLength": 10, "maxLength": 13}, {"minLength": 999},
     {"pattern": "^[A-Za-z]{8}$"}],
)  # fmt: skip
def test_generated_base64_has_the_length_that_is_asked_for(bounds: dict[str, object]) -> None:
    schema = {"type": "string", "format": "byte", **bounds}
    content = {"application/json": {"schema": schema}}
    operation = {"responses": {"200": {"description": "x", "content": content}}}
    info = {"title": "t", "version": "1"}
    contract = Contract({"openapi": "3.1.0", "info": info, "paths": {"/a": {"get": operation}}})
    read = contract.operations["GET /a"].responses["200"].content[JSON].schema
    assert read is not None

    assert read.errors(Generation(contract.document, contract.resolve_schema).value(read)) == []
    assert read.errors(dynamic_value(read, contract.resolve_schema, random.Random(1))) == []


@pytest.mark.parametrize(
    ("prefer", "ignored"),
    [
        ("respond-async", "respond-async"),
        ("wait=10, return=minimal", "wait, return"),
        ("code=200, Handling=Strict", "handling"),
        ("example=second, x;y=1", "x, y"),
        ("code=418, wait=1", "wait"),
    ],
)
def test_other_preferences_are_told(client: Client, prefer: str, ignored: str) -> None:
    response = get(client, "/examples", prefer=prefer)

    assert response.headers["preference-ignored"] == ignored
