"""The command that a page shows for a request sends that request again."""

import base64
import html
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from demo.mock_process import MockProcess, mock_process
from mock_server.settings import Settings
from tests.mock_server.clients import FIRST, serve
from tests.mock_server.console.test_first_request import KEYS_EVERYWHERE

PATH = "/v3/auth/credentials"
JSON = {"Content-Type": "application/json"}
LEFT_OUT = {"host", "content-length", "connection", "accept-encoding", "x-request-id"}


@pytest.fixture(scope="module")
def mock() -> Iterator[MockProcess]:
    with mock_process() as mock:
        yield mock


@pytest.mark.parametrize(
    ("method", "target", "headers", "body"),
    [
        ("POST", PATH, JSON, b'{"name": "it\'s $HOME `id` \\"quoted\\" \\\\ \\u0000"}'),
        ("POST", PATH, JSON, '{"name": "héllo \u202e ☃ \xa0"}'.encode()),
        ("POST", PATH, JSON, b'{"name": "##[error]x",\n "y": "::error::"}'),
        ("POST", PATH, JSON, b"@/etc/passwd"),
        ("POST", PATH, {}, b'{"name": "of no type"}'),
        ("POST", PATH, JSON | {"Prefer": "x$TOKEN $(touch pwned) `id`", "X-Empty": ""}, b"{}"),
        ("POST", PATH, JSON, b"100% \\101 \\n %s"),
        ("GET", f"{PATH}?a=[1-3]&b={{x,y}}&c=%20%27", {}, b""),
        ("GET", "/v3/a/../auth/./credentials", {}, b""),
        ("HEAD", PATH, {}, b""),
        ("DELETE", "/v3/nothing/'$(id)'", {}, b""),
    ],
)
def test_it_sends_the_same_request(
    mock: MockProcess, method: str, target: str, headers: dict[str, str], body: bytes
) -> None:
    control = f"{mock.origin}/_mock/partners"
    with httpx.Client(trust_env=False) as client:
        [partner] = client.get(control).json()["data"]
        journal = f"{control}/{partner['id']}/journal"
        client.post(f"{control}/{partner['id']}/reset").raise_for_status()
        given = {"Authorization": f"Bearer {mock.token}", "User-Agent": "a client", **headers}
        request = client.build_request(method, mock.origin + PATH, headers=given, content=body)
        # As it stands: httpx would normalise it.
        request.extensions["target"] = target.encode()
        client.send(request)
        page = client.get(f"{mock.origin}/_mock/ui/partners/{partner['id']}/journal/1").text
        [command] = re.findall(r'<pre id="as-curl"[^>]*>(.*?)</pre>', page, re.DOTALL)
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        subprocess.run(
            ["sh", "-c", html.unescape(command)], env=environment, check=True, capture_output=True,
            timeout=20,
        )  # fmt: skip
        first, second = client.get(journal).json()["data"]

    for name in ("method", "url", "request_body", "status"):
        assert first[name] == second[name], name
    sent = [dict(one["request_headers"]) for one in (first, second)]
    sent = [{k: v for k, v in one.items() if k not in LEFT_OUT} for one in sent]
    # A token of its own, which the command has fetched.
    assert [one.pop("authorization").partition(" ")[0] for one in sent] == ["Bearer"] * 2
    assert sent[0] == sent[1]


@pytest.mark.parametrize(
    ("method", "target", "headers", "body", "reason"),
    [
        ("POST", PATH, JSON, b'{"name": "##[error] \\u202e"}', ""),
        ("GET", "//elsewhere.example/x", {}, b"", ""),
        ("GET", "/v3/a/../b", {}, b"", "A browser would send it otherwise."),
        ("GET", PATH, {}, b"{}", "A browser cannot send it."),
        ("POST", PATH, JSON, b" " * 20_000, "The journal holds only the beginning of its body."),
    ],
)
def test_what_a_page_would_send_otherwise_it_does_not_send(
    mock: MockProcess, method: str, target: str, headers: dict[str, str], body: bytes, reason: str
) -> None:
    control = f"{mock.origin}/_mock/partners"
    with httpx.Client(trust_env=False) as client:
        [partner] = client.get(control).json()["data"]
        client.post(f"{control}/{partner['id']}/reset").raise_for_status()
        login = {"Authorization": f"Bearer {mock.token}"}
        request = client.build_request(
            method, mock.origin + PATH, headers=login | headers, content=body
        )
        request.extensions["target"] = target.encode()
        client.send(request)
        page = client.get(f"{mock.origin}/_mock/ui/partners/{partner['id']}/journal/1").text

    again = re.search(r'data-send="([^"]*)"', page)
    assert bool(again) == (not reason)
    if again:
        value = json.loads(html.unescape(again[1]))
        assert (value["path"], value["body"].encode()) == (target, body)
    else:
        assert reason in page


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GRANT = b"grant_type=client_credentials"


def test_a_login_by_a_secret_is_made_anew_with_that_of_the_partner(mock: MockProcess) -> None:
    """The page names the client id alone: the command takes the secret from its user."""
    with httpx.Client(trust_env=False, base_url=mock.origin) as client:
        partner = next(
            one
            for one in client.get("/_mock/partners").json()["data"]
            if one["client_id"] == mock.client_id
        )
        control = f"/_mock/partners/{partner['id']}"
        client.post(f"{control}/reset").raise_for_status()
        login = (mock.client_id, mock.client_secret)
        client.post("/v3/auth/token", content=GRANT, headers=FORM, auth=login).raise_for_status()
        page = client.get(f"/_mock/ui/partners/{partner['id']}/journal/1").text
        assert mock.client_secret not in page
        assert base64.b64encode(":".join(login).encode()).decode() not in page
        [again] = re.findall(r'data-send="([^"]*)"', page)
        request = json.loads(html.unescape(again))
        assert (request["basic"], request["token_places"]) == (mock.client_id, [])
        assert "authorization" not in request["headers"]
        [command] = re.findall(r'<pre id="as-curl"[^>]*>(.*?)</pre>', page, re.DOTALL)
        shell = ["sh", "-c", html.unescape(command)]
        bare = {"PATH": "/usr/bin:/bin"}
        refused = subprocess.run(shell, env=bare, check=False, capture_output=True, timeout=20)
        assert b"CLIENT_SECRET: set it first, to the client secret" in refused.stderr
        given = bare | {"CLIENT_SECRET": mock.client_secret}
        subprocess.run(shell, env=given, check=True, capture_output=True, timeout=20)
        entries = client.get(f"{control}/journal").json()["data"]
        logins = [dict(one["request_headers"])["authorization"] for one in entries]
        assert ([one["status"] for one in entries], logins[0]) == ([200, 200], logins[1])


def test_a_secret_that_the_page_does_not_know_is_said_in_words(mock: MockProcess) -> None:
    with httpx.Client(trust_env=False, base_url=mock.origin) as client:
        made = client.post("/_mock/partners").json()
        login = (made["client_id"], made["client_secret"])
        client.post("/v3/auth/token", content=GRANT, headers=FORM, auth=login).raise_for_status()
        page = client.get(f"/_mock/ui/partners/{made['id']}/journal/1").text
        client.delete(f"/_mock/partners/{made['id']}").raise_for_status()
    assert "It takes the client secret, which the page does not know" in page
    assert "data-send" not in page


@pytest.mark.parametrize(
    ("authorization", "places", "reason"),
    [
        (None, ["header", "query", "cookie"], ""),
        ("Bearer", ["header", "query", "cookie", "header"], ""),
        ("Digest", [], "Its Authorization is neither a token nor a client id with a secret."),
    ],
)
def test_a_foreign_login_is_made_anew_by_its_schemes(
    tmp_path: Path, authorization: str | None, places: list[str], reason: str
) -> None:
    contract = tmp_path / "contract.json"
    contract.write_text(json.dumps(KEYS_EVERYWHERE), encoding="utf-8")
    token = str(FIRST.token)
    headers = {"X-Api-Key": token, "Cookie": f"session={token}", "X-Trace": "7"}
    if authorization:
        headers["Authorization"] = f"{authorization} {token}"
    with serve(Settings(partners=(FIRST,), contract=contract)) as client:
        sent = client.get("/pets", params={"a": "b", "api key": token, "c": "d"}, headers=headers)
        assert sent.status_code == 200
        page = client.get(f"/_mock/ui/partners/{FIRST.partner_id}/journal/1").text
    assert token not in page
    again = re.search(r'data-send="([^"]*)"', page)
    assert bool(again) == (not reason)
    if again:
        request = json.loads(html.unescape(again[1]))
        assert [one["location"] for one in request["token_places"]] == places
        assert (request["path"], request["headers"]["x-trace"]) == ("/pets?a=b&c=d", "7")
        assert not {"x-api-key", "authorization"} & set(request["headers"])
        assert request["said"]["name"] == "listPets"
    assert reason in page
