"""CORS: pages of the origins that ``--cors`` names may call the API, and nobody else's may."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from demo.mock_process import MockDidNotStart, mock_process
from mock_server.settings import Settings
from mock_server.testing.embedded import running_mock
from mock_server.testing.partner_mock import PartnerMock

PAGE, OTHER = "http://localhost:3000", "http://localhost:3001"
PREFLIGHT = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type,idempotency-key",
}


@contextmanager
def mock(*cors: str) -> Iterator[PartnerMock]:
    with running_mock(Settings(cors=cors)) as server:
        yield server.new_partner()


def asked(
    one: PartnerMock, method: str, path: str, origin: str = PAGE, **headers: str
) -> httpx.Response:
    sent = {"origin": origin, **{name.replace("_", "-"): value for name, value in headers.items()}}
    url = path if path.startswith("http") else f"{one.url}{path}"
    body = {"name": "One"} if method == "POST" else None
    return httpx.request(method, url, headers=sent, json=body, trust_env=False)


def names(value: str) -> set[str]:
    return {one.strip().lower() for one in value.split(",")}


@pytest.mark.parametrize("cors", [PAGE, "*"])
def test_a_preflight_is_answered_for_all_that_the_contract_takes(cors: str) -> None:
    with mock(cors) as one:
        answer = asked(one, "OPTIONS", "/auth/credentials", **PREFLIGHT)

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] in {PAGE, cors}
    assert {"post", "get", "delete"} <= names(answer.headers["access-control-allow-methods"])
    allowed = names(answer.headers["access-control-allow-headers"])
    assert names(PREFLIGHT["access-control-request-headers"]) <= allowed
    has_credentials = answer.headers.get("access-control-allow-credentials") == "true"
    assert has_credentials == (cors != "*")


@pytest.mark.parametrize(
    ("path", "status", "headers"),
    [
        ("/auth/credentials", 201, {}),
        ("/auth/credentials", 401, {"authorization": ""}),
        ("/auth/credentials", 429, {"prefer": "code=429"}),
        ("/auth/credentials", 500, {"prefer": "code=500"}),
        ("/nowhere", 404, {}),
    ],
    ids=str,
)
def test_a_page_may_read_every_answer_of_the_api(
    path: str, status: int, headers: dict[str, str]
) -> None:
    with mock(PAGE) as one:
        given = {"authorization": f"Bearer {one.access_token}", **headers}
        answer = asked(one, "POST", path, **given)

    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "origin" in names(answer.headers["vary"])
    readable = names(answer.headers["access-control-expose-headers"])
    assert {
        "retry-after",
        "x-ratelimit-remaining",
        "idempotent-replayed",
        "x-request-id",
    } <= readable


def test_a_page_of_another_origin_may_read_nothing() -> None:
    with mock(PAGE) as one:
        refused = asked(one, "OPTIONS", "/auth/credentials", OTHER, **PREFLIGHT)
        answer = asked(one, "GET", "/auth/credentials", OTHER)

    assert refused.status_code == 400
    assert "access-control-allow-origin" not in {*refused.headers, *answer.headers}


def test_without_the_option_no_page_may() -> None:
    with mock() as one:
        answers = [asked(one, "OPTIONS", "/auth/credentials", **PREFLIGHT),
                   asked(one, "GET", "/auth/credentials")]  # fmt: skip

    assert answers[0].status_code == 405
    assert not [name for answer in answers for name in answer.headers if "access-control" in name]


@pytest.mark.parametrize("path", ["/_mock/partners", "/_mock/health", "/_mock"])
def test_the_control_plane_stays_closed(path: str) -> None:
    with mock("*") as one:
        origin = one.url.removesuffix("/v3")
        answers = [asked(one, "OPTIONS", f"{origin}{path}", **PREFLIGHT),
                   asked(one, "GET", f"{origin}{path}")]  # fmt: skip

    assert not [name for answer in answers for name in answer.headers if "access-control" in name]
    assert path != "/_mock/partners" or answers[1].status_code == 403


@pytest.mark.parametrize(
    ("origin", "told"),
    [
        ("localhost:3000", "must be an origin such as http://localhost:3000"),
        ("null", "must be an origin such as http://localhost:3000"),
        ("ftp://localhost", "must be an origin such as http://localhost:3000"),
        ("http://localhost:3000/app", "is an origin, which ends after the host and port"),
        ("http://user@localhost", "is an origin, which ends after the host and port"),
        ("http://localhost:99999", "must have a port from 1 to 65535"),
        ("http://*.example.com", "must be an origin such as http://localhost:3000"),
    ],
)
def test_what_is_no_origin_is_one_line(origin: str, told: str) -> None:
    with pytest.raises(MockDidNotStart, match="--cors") as error, mock_process("--cors", origin):
        pass

    [line] = str(error.value).splitlines()
    assert told in line


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("HTTP://LocalHost:3000/", "http://localhost:3000"),
        ("https://app.example.com:443", "https://app.example.com"),
        ("https://münchen.example", "https://xn--mnchen-3ya.example"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_an_origin_is_compared_as_browsers_send_it(given: str, sent: str) -> None:
    with mock_process("--cors", given) as one:
        url = f"{one.base_url}/auth/credentials"
        answer = httpx.get(url, headers={"origin": sent}, trust_env=False)

    assert answer.headers["access-control-allow-origin"] == sent
