"""Without an admin token the control plane is for the developer, and for no page in a browser."""

import re
import socket
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from demo.mock_process import MockProcess, mock_process
from mock_server.settings import Settings
from tests.mock_server.clients import Serving, WiredJob
from tests.mock_server.wire import Answer, wire_to

PARTNERS = "/_mock/partners"
HEALTH = ("/_mock/health", "/_mock/ready")


def request(
    mock: MockProcess,
    *headers: str,
    method: str = "GET",
    path: str = PARTNERS,
    version: str = "1.1",
) -> Answer:
    """The answer to a request with these headers alone; ``PORT`` in them is the mock's."""
    lines = [f"{method} {path} HTTP/{version}", *headers, "Connection: close", "", ""]
    with wire_to(mock) as wire:
        wire.send("\r\n".join(lines).replace("PORT", port(mock)).encode("latin-1"))
        return wire.answer(to_head=method == "HEAD")


def port(mock: MockProcess) -> str:
    return mock.origin.rpartition(":")[2]


def partners(mock: MockProcess) -> list[str]:
    return [one["id"] for one in httpx.get(mock.origin + PARTNERS).json()["data"]]


OWN_HOSTS = [
    "127.0.0.1:PORT",
    "127.0.0.1",
    "127.1.2.3:9",
    "localhost:PORT",
    "LocalHost:9000",
    "localhost.:PORT",
    "mock.localhost:PORT",
    "[::1]:PORT",
    "[::ffff:127.0.0.1]:PORT",
]


@pytest.mark.parametrize("host", OWN_HOSTS)
def test_a_loopback_name_is_served(process: MockProcess, host: str) -> None:
    assert request(process, f"Host: {host}").status == 200


FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:PORT",
    "localhost.evil.example:PORT",
    "evil-localhost:PORT",
    "evillocalhost",
    "127.0.0.1.evil.example:PORT",
    "127.evil.example",
    "192.0.2.1:PORT",
    "0.0.0.0:PORT",
    "0.0.0.0",
    "0x7f.1",
    "2130706433",
    "[::2]:PORT",
    "[::ffff:192.0.2.1]:PORT",
    "[::]:PORT",
    "",
    ":PORT",
    ".",
    ".localhost.evil",
    "localhos%74:PORT",
    "127.0.0.1,evil.example",
]


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_host_that_a_page_may_have_rebound_is_refused(process: MockProcess, host: str) -> None:
    answer = request(process, f"Host: {host}", "X-Forwarded-Host: localhost")
    assert (answer.status, answer.problem["code"]) == (403, "foreign_host")
    assert "--admin-token" in answer.problem["detail"]
    assert "evil" not in answer.body.decode()
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "path", "version", "status"),
    [
        (("Host: localhost", "Host: evil.example"), PARTNERS, "1.1", 400),
        (("Host: evil.example", "Host: localhost"), PARTNERS, "1.1", 400),
        (("Host: me@localhost",), PARTNERS, "1.1", 400),
        (("Host: evil.example@localhost:PORT",), PARTNERS, "1.1", 400),
        ((), PARTNERS, "1.0", 403),
        ((), f"http://localhost{PARTNERS}", "1.0", 403),
        (("Host: evil.example",), f"http://localhost{PARTNERS}", "1.1", 400),
        (("Host: localhost",), f"http://evil.example{PARTNERS}", "1.1", 400),
        (("Host: evil.example",), f"http://evil.example{PARTNERS}", "1.1", 403),
        (("Host: localhost",), f"http://localhost{PARTNERS}", "1.1", 200),
        (("Host: evil.example",), "/%5fmock/partners", "1.1", 403),
        (("Host: evil.example",), "/_mock/%70artners", "1.1", 403),
        (("Host: evil.example",), f"{PARTNERS}?host=localhost", "1.1", 403),
        (("Host: evil.example",), f"/{PARTNERS}", "1.1", 404),
        (("Host: evil.example",), "/_MOCK/partners", "1.1", 404),
        (("Host: evil.example",), f"/v3/..{PARTNERS}", "1.1", 404),
        (("Host: evil.example", "Upgrade: websocket"), PARTNERS, "1.1", 403),
        (("Host: evil.example", "X-Forwarded-For: 127.0.0.1"), "/_mock/metrics", "1.1", 403),
        (("Host: evil.example",), "/_mock/journal", "1.1", 403),
        (("Host: evil.example",), "/_mock%2fpartners", "1.1", 403),
        (("Host: evil.example",), "/_moc%6B/partners?x", "1.1", 403),
        (("Host: evil.example",), "/_mock;x/partners", "1.1", 404),
        (("Host: evil.example",), "/x/../_mock/partners", "1.1", 404),
        (("Host: evil.example",), "/./_mock/partners", "1.1", 404),
        (("Host: evil.example",), "/%2e/_mock/partners", "1.1", 404),
        (("Host: evil.example",), "/%2f_mock/partners", "1.1", 404),
        (("Host: evil.example",), "/_mock/./partners", "1.1", 404),
        (("Host: evil.example",), "/_mock//partners", "1.1", 404),
        (("Host: evil.example",), "/v3/_mock/partners", "1.1", 404),
        (("Host: evil.example",), "/_mock/partners%00", "1.1", 404),
        (("Host: evil.example",), "/_mock/health/../partners", "1.1", 404),
        (("Host: evil.example",), "/_mock/health%2f..%2fpartners", "1.1", 404),
        (("Host: evil.example",), "/_mock/health;/partners", "1.1", 404),
        (("Host: evil.example",), "/_mock/partners#", "1.1", 400),
        (("Host: evil.example",), "\\_mock\\partners", "1.1", 400),
        (("Host: evil.example",), "localhost/_mock/partners", "1.1", 400),
        (("Host: evil.example",), "http:/_mock/partners", "1.1", 400),
        (("Host: localhost:PORT",), f"http://evil@localhost:PORT{PARTNERS}", "1.1", 400),
        (("Host: localhost:PORT:80",), PARTNERS, "1.1", 400),
        (("Host: localhost/evil.example",), PARTNERS, "1.1", 400),
        (("Host: [::1]evil.example",), PARTNERS, "1.1", 400),
        (("Host : localhost",), PARTNERS, "1.1", 400),
        (("Host: localhost..",), PARTNERS, "1.1", 403),
        ((), PARTNERS, "1.1", 400),
    ],
)
def test_no_spelling_of_a_request_leads_around_the_host(
    process: MockProcess, headers: tuple[str, ...], path: str, version: str, status: int
) -> None:
    assert request(process, *headers, path=path, version=version).status == status


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "HEAD", "DELETE", "POST"])
def test_no_method_reveals_or_changes_anything(process: MockProcess, method: str) -> None:
    before = partners(process)
    headers = ("Host: evil.example", "Origin: http://evil.example", "Content-Length: 0")
    answer = request(
        process, *headers, "Access-Control-Request-Method: POST", method=method, path=PARTNERS
    )
    assert answer.status in {403, 405}
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert partners(process) == before


@pytest.mark.parametrize(
    "path", ["", "/clock", "/faults", "/journal", "/journal/events", "/report"]
)
def test_everything_of_a_partner_is_refused(wired: WiredJob, path: str) -> None:
    headers = {"Host": "evil.example"}
    assert wired.control("GET", path, headers=headers).json()["code"] == "foreign_host"
    headers = {"Origin": "http://evil.example"}
    assert wired.control("GET", path, headers=headers).json()["code"] == "foreign_origin"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (("X-HTTP-Method-Override: POST",), 200),
        (("X-Original-URL: /_mock/partners", "X-Forwarded-Host: evil.example"), 200),
        (("Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"), 200),
        (("Upgrade: websocket", "Origin: http://evil.example"), 403),
    ],
)
def test_no_header_makes_another_request_of_it(
    process: MockProcess, headers: tuple[str, ...], status: int
) -> None:
    before = partners(process)
    answer = request(process, "Host: localhost:PORT", *headers)
    assert answer.status == status
    assert "upgrade" not in answer.headers
    assert partners(process) == before


FOREIGN_PAGES = [
    "Origin: http://evil.example",
    "Origin: https://localhost:PORT",
    "Origin: http://localhost:1",
    "Origin: http://localhost",
    "Origin: http://127.0.0.1:PORT",
    "Origin: http://localhost:PORT.evil.example",
    "Origin: http://localhost:PORT/",
    "Origin: null",
    "Origin: ",
    "Origin: file://",
    "Origin: http://localhost:PORT\r\nOrigin: http://evil.example",
    "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Site: same-site",
    "Sec-Fetch-Site: anything",
    "Origin: http://localhost:PORT\r\nSec-Fetch-Site: cross-site",
]


@pytest.mark.parametrize("header", FOREIGN_PAGES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_of_another_origin_is_refused(
    process: MockProcess, header: str, method: str
) -> None:
    before = partners(process)
    answer = request(process, "Host: localhost:PORT", "Content-Length: 0", header, method=method)
    assert (answer.status, answer.problem["code"]) == (403, "foreign_origin")
    assert "--admin-token" in answer.problem["detail"]
    assert partners(process) == before


@pytest.mark.parametrize(
    "header",
    [
        "Origin: http://localhost:PORT",
        "Origin: http://LOCALHOST:PORT",
        "Sec-Fetch-Site: same-origin",
        "Sec-Fetch-Site: none",
    ],
)
def test_a_page_of_the_mock_and_the_address_bar_are_served(
    process: MockProcess, header: str
) -> None:
    assert request(process, "Host: localhost:PORT", header).status == 200


@pytest.mark.parametrize("path", HEALTH)
def test_an_orchestrator_asks_for_health_under_any_name(process: MockProcess, path: str) -> None:
    answer = request(process, "Host: evil.example", "Origin: http://evil.example", path=path)
    assert answer.status == 200


def test_the_api_keeps_its_own_rules(process: MockProcess) -> None:
    token = f"Authorization: Bearer {process.token}"
    headers = ("Host: evil.example", "Origin: http://evil.example", "Sec-Fetch-Site: cross-site")
    assert request(process, token, *headers, path="/v3/auth/credentials").status == 200


BODIES = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonp",
    "text/json",
    None,
]


@pytest.mark.parametrize("media_type", BODIES)
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/clock/advance", 200),
        ("PUT", "/clock", 200),
        ("POST", "/faults", 201),
        ("POST", "/reset", 204),
        ("DELETE", "/faults", 204),
        ("DELETE", "", 204),
        ("GET", "", 200),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_must_be_json_and_a_request_without_one_needs_no_type(
    wired: WiredJob, method: str, path: str, status: int, media_type: str | None, *, chunked: bool
) -> None:
    texts = {
        "/clock/advance": b'{"seconds": 1}',
        "/clock": b'{"now": "2026-12-31T23:59:50Z"}',
        "/faults": b'{"preset": "slow"}',
    }
    body = b"{}" if method == "DELETE" else texts.get(path, b"{}")
    before = wired.control("GET").json()
    headers = {} if media_type is None else {"Content-Type": media_type}
    content = iter([body]) if chunked else body
    answer = wired.control(method, path, content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_content_type")
    after = wired.control("GET").json()
    assert {**after, "clock": None} == {**before, "clock": None}
    assert after["clock"]["ahead_seconds"] == before["clock"]["ahead_seconds"]
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert wired.control(method, path, content=body, headers=headers).status_code == status


def test_a_new_partner_needs_no_body_as_curl_sends_none(process: MockProcess) -> None:
    url = process.origin + PARTNERS
    assert httpx.post(url).status_code == 201
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert httpx.post(url, content=b"", headers=form).status_code == 201
    assert httpx.post(url, data={"a": "b"}).status_code == 400


def test_with_an_admin_token_neither_host_nor_origin_matters() -> None:
    with mock_process("--admin-token", "hush-hush") as mock:
        headers = ("Host: mock:8080", "Origin: http://ci.example", "Sec-Fetch-Site: cross-site")
        assert request(mock, *headers).status == 401
        assert request(mock, *headers, "Authorization: Bearer hush-hush").status == 200


def test_the_name_of_the_option_host_is_a_name_of_the_mock(serving: Serving) -> None:
    with serving(Settings(hosts=("Mock.Test",))) as client:
        for host, status in {"mock.test:8080": 200, "mock.test.": 200, "mock.tes": 403}.items():
            assert client.get(PARTNERS, headers={"Host": host}).status_code == status


@pytest.fixture
def on_ipv6() -> Iterator[MockProcess]:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with mock_process("--host", "::1") as mock:
        yield mock


def test_on_ipv6_the_same_is_refused(on_ipv6: MockProcess) -> None:
    url = on_ipv6.origin + PARTNERS
    assert httpx.get(url).status_code == 200
    assert httpx.get(url, headers={"Host": "evil.example"}).status_code == 403
    assert httpx.get(url, headers={"Origin": "http://evil.example"}).status_code == 403


def test_off_loopback_without_a_control_plane_metrics_answer_any_name_and_no_page() -> None:
    with mock_process("--host", "0.0.0.0", "--no-control") as mock:
        assert request(mock, "Host: mock:8080", path="/_mock/metrics").status == 200
        foreign = ("Host: mock:8080", "Origin: http://evil.example")
        assert request(mock, *foreign, path="/_mock/metrics").status == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("", 200),
        ("/ID/journal", 200),
        ("/ID/journal.har", 200),
        ("/ID/report", 200),
        ("/nobody/journal", 404),
        ("/ID/journal?limit=x", 422),
    ],
)
def test_a_browser_runs_nothing_of_an_answer(wired: WiredJob, path: str, status: int) -> None:
    response = wired.http.get(PARTNERS + path.replace("ID", wired.id))
    assert response.status_code == status
    assert response.headers["x-content-type-options"] == "nosniff"
    policy = response.headers["content-security-policy"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def test_the_events_of_a_journal_have_the_same_headers(wired: WiredJob) -> None:
    with wired.http.stream("GET", f"{PARTNERS}/{wired.id}/journal/events") as response:
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "content-security-policy" in response.headers


HASHED = {"style": "style-src", "script": "script-src"}
"""Elements without an address, and the directive that names the hash of each."""


def test_the_html_report_needs_no_more_than_its_policy_allows(wired: WiredJob) -> None:
    wired.create(name="<script>alert(1)</script>")
    response = wired.http.get(f"{PARTNERS}/{wired.id}/report", params={"format": "html"})
    assert response.headers["x-content-type-options"] == "nosniff"
    text, policy = response.text, response.headers["content-security-policy"]
    inline = {name: re.findall(f"<{name}>(.*?)</{name}>", text, re.DOTALL) for name in HASHED}
    for name, found in inline.items():
        digests = [b64encode(sha256(one.encode()).digest()).decode() for one in found]
        assert [f"{HASHED[name]} 'sha256-{one}'" for one in digests] == [
            one for one in policy.split("; ") if one.startswith(HASHED[name])
        ]
    assert {"default-src 'none'", "frame-ancestors 'none'"} <= set(policy.split("; "))
    assert not re.search(r"<(img|link|iframe|form|base|object|embed)|url\(|@import|style=", text)


def test_answers_of_the_api_have_the_headers_of_the_contract_alone(wired: WiredJob) -> None:
    assert "content-security-policy" not in wired.get().headers


@pytest.mark.thorough
def test_nobody_can_guess_the_id_of_the_made_up_partner(tmp_path: Path) -> None:
    found = []
    for store in ("sqlite://", "sqlite://", f"sqlite:///{tmp_path / 'a'}"):
        with mock_process("--store", store) as mock:
            found += partners(mock)
    assert len(set(found)) == 3
    with mock_process("--store", f"sqlite:///{tmp_path / 'a'}") as mock:
        assert partners(mock) == found[2:]
