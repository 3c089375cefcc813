"""Requests to other contracts: paths, parameters, media types, forms, XML and codings."""

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_server.settings import Settings
from tests.mock_server.clients import Client, serve

CONTRACT = Path(__file__).parent / "foreign_requests.yaml"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serve(Settings(contract=CONTRACT)) as client:
        yield client


def params(response: Any, status: int = 422) -> list[str]:
    assert response.status_code == status, response.text
    return [one["param"] for one in response.json()["errors"]]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/files/a%2Fb", 200),
        ("/files/a%2fb", 200),
        ("/files/%63", 200),
        ("/files/%C3%A9%2F%25", 200),
        ("/files/a%252Fb", 422),
        ("/files/d%2Fb", 422),
        ("/files/a/b", 202),
        ("/files%2Fa/b", 404),
        ("/files%2Fc", 404),
        ("/files/c/", 404),
        ("/label/.1,2/;y=3", 200),
        ("/label/1,2/;y=3", 422),
        ("/label/.1,2/3", 422),
    ],
)
def test_a_path_is_split_before_it_is_decoded(client: Client, path: str, status: int) -> None:
    for _ in range(2):  # the second time from the cache, if at all
        assert client.get(path).status_code == status
    assert client.get("/files/a/b").status_code == 202


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/jobs/7:cancel", 202),
        ("POST", "/jobs/7%3Acancel", 202),
        ("GET", "/jobs/7.csv", 203),
        ("GET", "/jobs/7.5.json", 203),
        ("GET", "/jobs/7.pdf", 422),
        ("GET", "/jobs/7:cancel", 200),
        ("DELETE", "/jobs/7.csv", 204),
        ("GET", "/jobs/7", 200),
        ("POST", "/jobs/7", 405),
        ("PUT", "/jobs/7:cancel", 405),
    ],
)
def test_a_part_with_fixed_text_goes_before_a_parameter_alone(
    client: Client, method: str, path: str, status: int
) -> None:
    assert client.request(method, path).status_code == status


@pytest.mark.parametrize("path", ["/files/d%2Fb", "/files/d%2fb%20c", "/files/%C3%A9%2F"])
def test_a_refusal_names_the_path_as_it_was_sent(client: Client, path: str) -> None:
    assert client.get(path).json()["instance"] == path


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ids=all", []),
        ("ids=1,2", []),
        ("ids=1", []),
        ("ids=some", ["ids"]),
        ("ids=1,x", ["ids[1]"]),
        ('filter={"name":"x"}', []),
        ("filter=%7B%22name%22:%22x%22%7D", []),
        ('filter={"qty":1}', ["filter.name"]),
        ('filter={"name":"x","qty":2147483648}', ["filter.qty"]),
        ("filter=name", ["filter"]),
        ("dry", []),
        ("dry=", []),
        ("dry=true", []),
        ("dry=maybe", ["dry"]),
    ],
)
def test_query_parameters_are_read_as_they_are_described(
    client: Client, query: str, found: list[str]
) -> None:
    response = client.get(f"/query?{query}")

    assert (params(response) if found else response.status_code) == (found or 200)


@pytest.mark.parametrize(
    ("path", "content_type", "status", "found"),
    [
        ("/versions", "application/json;version=1", 422, ["one"]),
        ("/versions", 'application/json; Version="2"; charset=utf-8', 422, ["two"]),
        ("/versions", "application/json", 400, []),
        ("/versions", "application/json;version=3", 400, []),
        ("/ranges", "application/json", 422, ["json"]),
        ("/ranges", "application/merge-patch+json", 422, ["any"]),
        ("/ranges", "image/png", 201, []),
        ("/ranges", "text/plain", 415, []),
    ],
)
def test_each_media_type_is_its_own(
    client: Client, path: str, content_type: str, status: int, found: list[str]
) -> None:
    response = client.post(path, content=b"{}", headers={"Content-Type": content_type})

    assert response.status_code == status, response.text
    if found:
        assert params(response) == found
    elif status >= 400:
        assert response.json()["code"] == "invalid_content_type"


XML = {"Content-Type": "application/xml"}
LAUGHS = (
    b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    b"<!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]><a>&c;</a>"
)


@pytest.mark.parametrize(
    "body",
    [
        b"<item><name>Ada</name></item>",
        b"<other/>",
        b"<?xml version='1.0' encoding='ISO-8859-1'?><item><name>\xe9</name></item>",
        "<?xml version='1.0' encoding='UTF-16'?><item><name>é</name></item>".encode("utf-16"),
        b"<!DOCTYPE item><item><name/><qty> +7 </qty></item>",
        b"<x:a xmlns:x='urn:x'><![CDATA[<]]></x:a>",
        b"<x:item><x:name>a prefix without a namespace</x:name></x:item>",
    ],
)
@pytest.mark.parametrize("name", ["application/xml", "application/xml; charset=utf-8"])
def test_sound_xml_is_accepted(client: Client, body: bytes, name: str) -> None:
    response = client.post("/item", content=body, headers={"Content-Type": name})

    assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"<item/>", ["name"]),
        (b"<Item><name>x</name><qty>many</qty></Item>", ["qty"]),
        (b"<item><qty>2147483648</qty></item>", ["name", "qty"]),
        (b"<item><name>x</name><name>y</name></item>", ["name"]),
    ],
)
def test_xml_is_validated_by_its_schema(client: Client, body: bytes, found: list[str]) -> None:
    response = client.post("/item", content=body, headers=XML)

    assert sorted(params(response, 400)) == found


@pytest.mark.parametrize(
    "body",
    [
        b"item",
        b"<item>",
        b"<item></other>",
        b"<a/><b/>",
        b"<item>&undefined;</item>",
        b"\xff\xfe<",
        b"<?xml version='1.0' encoding='UTX-8'?><a/>",
        b"<?xml version='1.0' encoding='rot13'?><a/>",
        b"<?xml version='1.0' encoding='utf-7'?><a/>",
        b"<?xml version='1.0' encoding='shift_jis'?><a/>",
        b'{"name": "x"}',
        LAUGHS,
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/">%p;]><a/>',
        b"<a>" * 101 + b"</a>" * 101,
        b"<a>" * 100_000,
    ],
)
def test_xml_that_is_not_well_formed_is_refused(client: Client, body: bytes) -> None:
    response = client.post("/item", content=body, headers=XML)

    assert response.status_code == 400
    assert response.json()["code"] == "malformed_body"
    assert "XML" in response.json()["detail"]


META = json.dumps({"name": "x", "qty": 1})


def orders(*contents: bytes, name: str = "order") -> list[Any]:
    return [(name, ("o.xml", one, "application/xml")) for one in contents]


FORM = [("meta", (None, META)), ("file", ("f", b""))]


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ([("meta", (None, META)), ("file", ("f.bin", b"\xff\0"))], []),
        ([("meta", (None, META, "application/json")), ("file", ("f", b""))], []),
        ([("meta", ("m.json", META, "application/json")), ("file", (None, "text"))], []),
        ([("meta", (None, '{"qty": "x"}')), ("file", ("f", b""))], ["meta.name", "meta.qty"]),
        ([("meta", (None, "x")), ("file", ("f", b""))], ["meta"]),
        ([("meta", (None, "{", "application/json")), ("file", ("f", b""))], ["meta"]),
        ([("meta", (None, META)), ("file", ("f", b"\xff" * 20))], []),
        ([("meta", (None, META)), ("file", ("f", b"\xff" * 21))], ["file"]),
        ([("file", ("f", b""))], ["meta"]),
        ([("meta", (None, META)), ("file", ("f.json", b'{"a": 1}', "application/json"))], []),
        ([("meta", (None, META)), ("file", ("f.json", b"[1,", "application/json"))], []),
        ([*FORM, *orders(b"<order><name>x</name><qty>1</qty></order>")], []),
        ([*FORM, *orders(b"<Item><name>x</name></Item>")], []),
        ([*FORM, *orders(b"<?xml version='1.0' encoding='ISO-8859-1'?><order><name>\xe9</name>"
                         b"</order>")], []),
        ([*FORM, *orders(b"<order><qty>x</qty></order>")], ["order.name", "order.qty"]),
        ([*FORM, *orders(b"<other/>")], []),
        ([*FORM, ("order", (None, b"<order/>"))], ["order.name"]),
        ([*FORM, *orders(b"<items/>", name="items")], []),
        ([*FORM, *orders(b"<items><Item><qty>1</qty></Item></items>", name="items")],
         ["items[0].name"]),
        ([*FORM, *orders(b"<Item><name>x</name></Item>", b"<Item/>", name="items")],
         ["items[1].name"]),
        ([*FORM, *orders(b"<Item><name>x</name></Item>", b"<Item>", b"<x/>", name="items")],
         ["items[1]"]),
        ([*FORM, ("order", ("o.xml", b"<order>", "text/xml"))], ["order", "order"]),
        ([*FORM, ("order", ("o.xml", b"<order>", "application/xml"))], ["order"]),
        (
            [
                ("meta", (None, META)),
                ("file", ("f", b"")),
                ("photos", ("a.png", b"", "image/png")),
                ("photos", ("b.jpg", b"", "image/jpeg")),
            ],
            [],
        ),
        (
            [
                ("meta", (None, META)),
                ("file", ("f", b"")),
                ("photos", ("a.txt", b"", "text/plain")),
            ],
            ["photos"],
        ),
        (
            [("meta", (None, META)), ("file", ("f", b"")), *[("photos", ("a.png", b""))] * 3],
            ["photos"],
        ),
    ],
)  # fmt: skip
def test_each_part_is_read_by_its_media_type(
    client: Client, files: list[Any], found: list[str]
) -> None:
    response = client.post("/upload", files=files)

    if found:
        assert sorted(params(response)) == found
    else:
        assert response.status_code == 201, response.text


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ([{"X-Checksum": "abcd"}], {}),
        ([{"x-checksum": "abcd", "X-Sizes": "1, 2"}], {}),
        ([{}], {"logo": "must have the header X-Checksum"}),
        ([{"X-Checksum": "abcd"}, {}], {"logo[1]": "must have the header X-Checksum"}),
        (
            [{"X-Checksum": "ab"}],
            {"logo": "has the header X-Checksum, which is shorter than 4 characters"},
        ),
        (
            [{"X-Checksum": "abcd", "X-Sizes": "1,x"}],
            {"logo": "has the header X-Sizes[1], which must be an integer"},
        ),
    ],
)
def test_the_headers_of_a_part_are_judged(
    client: Client, sent: list[dict[str, str]], found: dict[str, str]
) -> None:
    logos = [("logo", ("a", b"", "image/png", one)) for one in sent]
    response = client.post("/upload", files=[*FORM, *logos])

    assert response.status_code == (422 if found else 201)
    if found:
        told = {name: f"This field {detail}." for name, detail in found.items()}
        assert {one["param"]: one["detail"] for one in response.json()["errors"]} == told


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ("addr[city]=Rome&addr[zip]=1", []),
        ("addr%5Bcity%5D=Rome", []),
        ("addr[zip]=x", ["addr.city", "addr.zip"]),
        ("tags=1,2", []),
        ("tags=1,x", ["tags[1]"]),
        ("item=%7B%22name%22%3A%22x%22%7D", []),
        ("item=%7B%7D", ["item.name"]),
    ],
)
def test_the_fields_of_a_form_are_read_by_their_encoding(
    client: Client, data: str, found: list[str]
) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = client.post("/upload", content=data, headers=headers)

    if found:
        assert sorted(params(response)) == found
    else:
        assert response.status_code == 201, response.text


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("multipart/form-data", b"--x\r\n\r\n"),
        ("multipart/form-data; boundary=x", b"--y\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\na\r\n--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="meta"\r\n\r\n{}',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="meta"\r\n\r\n\xff\r\n--x--\r\n',
        ),
        ("multipart/form-data; boundary=y", b"--x\r\n\r\na\r\n--x--\r\n"),
        ("application/x-www-form-urlencoded", b"%ff=1"),
    ],
)
def test_what_is_no_form_is_refused(
    client: Client, content_type: str, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    response = client.post("/upload", content=content, headers={"Content-Type": content_type})

    assert response.status_code == 400
    assert response.json()["code"] == "malformed_body"
    assert not [one for one in caplog.records if one.levelname == "WARNING"]


BODY = json.dumps({"name": "x" * 100}).encode()


def gzipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)  # the same bytes in each process of a test run


def raw_deflate(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(body) + compressor.flush()


def send(client: Client, body: bytes, coding: str, path: str = "/item") -> Any:
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    return client.post(path, content=body, headers=headers)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzipped(BODY)),
        ("GZIP", gzipped(BODY[:9]) + gzipped(BODY[9:])),
        ("x-gzip", gzipped(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", raw_deflate(BODY)),
        ("deflate, gzip", gzipped(zlib.compress(BODY))),
        ("identity", BODY),
        ("", BODY),
        (" , identity", BODY),
    ],
)
def test_a_coded_body_is_decoded(client: Client, coding: str, body: bytes) -> None:
    assert send(client, body, coding).status_code == 200


def test_a_decoded_body_is_validated(client: Client) -> None:
    assert params(send(client, gzipped(b'{"qty": "x"}'), "gzip"), 400) == ["name", "qty"]


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", BODY),
        ("gzip", gzipped(BODY)[:-1]),
        ("gzip", gzipped(BODY) + b"x"),
        ("deflate", BODY),
        ("deflate", zlib.compress(BODY) + b"x"),
        ("gzip, gzip", gzipped(BODY)),
    ],
)
def test_a_body_that_is_not_of_its_coding_is_refused(
    client: Client, coding: str, body: bytes
) -> None:
    response = send(client, body, coding)

    assert response.status_code == 400
    assert response.json()["code"] == "malformed_body"


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_body_that_is_too_large_once_decoded_is_refused(client: Client, coding: str) -> None:
    bomb = b'{"name":"' + b"x" * (200 << 20)
    packed = gzipped(bomb) if coding == "gzip" else zlib.compress(bomb, 9)
    assert len(packed) < 1 << 20
    response = send(client, packed, coding)

    assert response.status_code == 400
    assert response.json()["code"] == "body_too_large"


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br", "unknown", "gzip,gzip,gzip,gzip"])
@pytest.mark.parametrize(("path", "status"), [("/ranges", 415), ("/item", 400), ("/upload", 415)])
def test_an_unknown_coding_is_refused_with_the_known_ones(
    client: Client, coding: str, path: str, status: int
) -> None:
    response = send(client, BODY, coding, path)

    # 400, where that is what the contract has.
    assert response.status_code == status
    assert response.json()["code"] == "unsupported_content_encoding"
    assert response.headers["accept-encoding"] == "gzip, deflate"
