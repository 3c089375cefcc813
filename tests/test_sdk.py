"""The official SDK, which nobody here wrote, against the mock in a process of its own."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from demo.mock_process import MockProcess, mock_process
from demo.sdk_journey import Step, sdk_journey
from demo.wire import Wire

pytestmark = pytest.mark.xdist_group("sdk")


@pytest.fixture(scope="module")
def mock() -> Iterator[MockProcess]:
    with mock_process() as running:
        yield running


@pytest.fixture(scope="module")
def steps(mock: MockProcess) -> dict[str, Step]:
    return journey(mock)


def journey(mock: MockProcess, client_secret: str | None = None) -> dict[str, Step]:
    secret = client_secret or mock.client_secret
    return {step.name: step for step in sdk_journey(mock.base_url, mock.client_id, secret)}


def test_it_gets_a_token_with_the_printed_client_id_and_secret(steps: dict[str, Step]) -> None:
    step = steps["Get a token"]
    assert step.passed, step.detail
    assert step.detail.startswith("POST /auth/token 200, GET /auth/credentials 200")


def test_it_creates_a_key_that_does_not_expire(steps: dict[str, Step]) -> None:
    step = steps["Create a key"]
    assert step.passed, step.detail
    assert step.detail.startswith("POST /auth/credentials 201")


def test_it_finds_the_new_key_in_the_list(steps: dict[str, Step]) -> None:
    step = steps["List the keys"]
    assert step.passed, step.detail


def test_the_new_key_gets_a_token_of_its_own(steps: dict[str, Step]) -> None:
    step = steps["Log in with the new key"]
    assert step.passed, step.detail
    assert "POST /auth/token 200" in step.detail


def test_it_revokes_the_key(steps: dict[str, Step]) -> None:
    step = steps["Revoke it"]
    assert step.passed, step.detail
    assert "204" in step.detail


def test_a_revoked_key_gets_no_token(steps: dict[str, Step]) -> None:
    step = steps["Log in with the revoked key"]
    assert step.passed, step.detail
    assert "POST /auth/token 401; the SDK raised AuthenticationError" in step.detail


@pytest.mark.parametrize("status", [429, 500])
def test_its_retry_after_a_forced_error_makes_one_key(steps: dict[str, Step], status: int) -> None:
    step = steps[f"Retry after a forced {status}"]
    assert step.passed, step.detail
    create = "POST /auth/credentials"
    assert step.detail.startswith(f"{create} {status} (forced), {create} 201")


def test_its_retry_after_a_lost_answer_gets_the_same_key(steps: dict[str, Step]) -> None:
    step = steps["Retry after a lost answer"]
    assert step.passed, step.detail
    assert "POST /auth/credentials 201 (replayed)" in step.detail


def test_the_number_it_takes_for_expires_at_is_refused_by_name(steps: dict[str, Step]) -> None:
    step = steps["Send expires_at as the SDK types it, a number"]
    assert step.passed, step.detail
    assert "UnprocessableEntityError naming expires_at" in step.detail


def test_no_step_is_left_out_here(steps: dict[str, Step]) -> None:
    assert len(steps) == 10


def test_no_detail_shows_a_secret_or_a_token(mock: MockProcess, steps: dict[str, Step]) -> None:
    told = " ".join(step.detail for step in steps.values())
    assert mock.client_secret not in told
    assert "dinie_cs_" not in told
    assert "dinie_at_" not in told


def test_a_wrong_secret_fails_every_step_and_raises_nothing(mock: MockProcess) -> None:
    steps = journey(mock, "dinie_cs_live_wrong")
    assert not any(step.passed for step in steps.values())


def test_a_server_that_is_gone_fails_every_step_and_raises_nothing() -> None:
    with mock_process() as running:
        pass
    assert not any(step.passed for step in journey(running).values())


# What a wrong server does, each with the step that must notice.

Send = Callable[[httpx.Request], httpx.Response]
Sabotage = Callable[[httpx.Request, Send], httpx.Response]


def shows_no_secret(request: httpx.Request, send: Send) -> httpx.Response:
    return changed(send(request), lambda value: value.pop("client_secret", None))


def lets_every_key_expire(request: httpx.Request, send: Send) -> httpx.Response:
    end = {"expires_at": "2027-03-04T00:00:00Z"}
    return changed(send(request), lambda value: "id" in value and value.update(end))


def lists_nothing(request: httpx.Request, send: Send) -> httpx.Response:
    return changed(send(request), lambda value: "data" in value and value.update(data=[]))


def revokes_nothing(request: httpx.Request, send: Send) -> httpx.Response:
    return httpx.Response(204) if request.method == "DELETE" else send(request)


def forgets_idempotency_keys(request: httpx.Request, send: Send) -> httpx.Response:
    headers = request.headers.copy()
    headers.pop("Idempotency-Key", None)
    return send(httpx.Request(request.method, request.url, headers=headers, content=request.read()))


def takes_numbers_for_dates(request: httpx.Request, send: Send) -> httpx.Response:
    body = request.read().replace(b"1803945600", b"null")
    headers = {**request.headers, "Content-Length": str(len(body))}
    return send(httpx.Request(request.method, request.url, headers=headers, content=body))


def changed(response: httpx.Response, change: Callable[[dict[str, Any]], object]) -> httpx.Response:
    content = response.read()
    if response.headers.get("Content-Type") == "application/json":
        value = json.loads(content)
        change(value)
        content = json.dumps(value).encode()
    headers = {name: text for name, text in response.headers.items() if name != "content-length"}
    return httpx.Response(response.status_code, headers=headers, content=content)


@pytest.mark.parametrize(
    ("sabotage", "failing"),
    [
        (shows_no_secret, "Create a key"),
        (lets_every_key_expire, "Create a key"),
        (lists_nothing, "List the keys"),
        (revokes_nothing, "Revoke it"),
        (revokes_nothing, "Log in with the revoked key"),
        (forgets_idempotency_keys, "Retry after a lost answer"),
        (takes_numbers_for_dates, "Send expires_at as the SDK types it, a number"),
    ],
)
def test_a_wrong_server_fails_the_step_that_shows_it(
    mock: MockProcess, monkeypatch: pytest.MonkeyPatch, sabotage: Sabotage, failing: str
) -> None:
    class Sabotaged(httpx.BaseTransport):
        def __init__(self, inner: httpx.BaseTransport) -> None:
            self.inner = inner

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return sabotage(request, self.inner.handle_request)

        def close(self) -> None:
            self.inner.close()

    class SabotagedWire(Wire):
        def client(self) -> httpx.Client:
            client = super().client()
            client._transport = Sabotaged(client._transport)
            return client

    monkeypatch.setattr("demo.sdk_session.Wire", SabotagedWire)
    # The SDK is not to wait between its attempts.
    monkeypatch.setattr("dinie.runtime.http.retry_delay", lambda *_, **__: 0)
    steps = journey(mock)
    assert not steps[failing].passed
