"""The Schemathesis command line, written elsewhere, against the mock and against wrong ones."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from starlette.types import Message, Receive, Scope, Send

from demo.mock_process import mock_process
from demo.schemathesis_report import SchemathesisRun
from demo.schemathesis_run import SchemathesisDidNotRun, run_schemathesis
from mock_server.app import create_app
from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from tests.fake_server import serve_app

pytestmark = [pytest.mark.xdist_group("schemathesis"), pytest.mark.thorough]

PARTNER = Partner.make_up()


@pytest.fixture(scope="module")
def run() -> SchemathesisRun:
    with mock_process() as mock:
        assert mock.token is not None
        return run_schemathesis(
            mock.base_url,
            token=mock.token,
            client_id=mock.client_id,
            client_secret=mock.client_secret,
            examples=100,
        )


def test_it_finds_nothing(run: SchemathesisRun) -> None:
    assert run.failures == (), run.output
    assert run.exit_code == 0, run.output
    assert run.passed


@pytest.mark.parametrize(
    ("operation", "statuses"),
    [
        ("createToken", {200, 400, 401, 422}),
        ("listCredentials", {200, 401, 422}),
        ("createCredential", {201, 400, 401, 422}),
        ("revokeCredential", {204, 401, 404, 409}),
    ],
)
def test_it_sees_success_and_every_error_a_request_can_reach(
    run: SchemathesisRun, operation: str, statuses: set[int]
) -> None:
    assert set(run.seen.statuses[operation]) == statuses
    assert run.unseen == ()


def test_it_creates_and_revokes_many_keys(run: SchemathesisRun) -> None:
    assert run.seen.statuses["createCredential"][201] > 50
    assert run.seen.statuses["revokeCredential"][204] > 20
    assert run.cases > 500


@pytest.mark.parametrize("phase", ["examples", "coverage", "fuzzing", "stateful"])
def test_every_phase_runs(run: SchemathesisRun, phase: str) -> None:
    assert run.phases[phase] == "success"
    assert run.seen.phases[phase][201] > 0


@pytest.mark.parametrize("link", ["list", "revoke"])
def test_the_stateful_phase_follows_the_contracts_links(run: SchemathesisRun, link: str) -> None:
    followed = [count for name, count in run.seen.links.items() if f"[201] {link} " in name]
    assert len(followed) == 1
    assert followed[0] > 10


def test_its_output_shows_no_secret_or_token(run: SchemathesisRun) -> None:
    assert "dinie_cs_" not in run.output
    assert "dinie_at_" not in run.output


def test_a_server_that_is_gone_does_not_pass() -> None:
    with mock_process() as mock:
        pass
    result = judge(mock.base_url)
    assert not result.passed
    assert "createCredential 201" in result.unseen
    assert "Connection refused" in result.explanation


def test_what_it_cannot_start_with_is_told_in_one_line() -> None:
    with pytest.raises(SchemathesisDidNotRun, match="base URL is invalid"):
        judge("nonsense")


@pytest.mark.thorough
def test_a_refused_token_does_not_pass() -> None:
    with serve_app(create_app(Settings((PARTNER,))), lifespan="on") as origin:
        result = judge(f"{origin}/v3", token="dinie_at_wrong")
    assert not result.passed
    assert "createCredential 201" in result.unseen


@dataclass
class Answer:
    status: int
    content_type: bytes
    body: bytes


def shows_no_secret(answer: Answer) -> None:
    if answer.status == 201:
        value = json.loads(answer.body)
        del value["client_secret"]
        answer.body = json.dumps(value).encode()


def answers_errors_as_plain_json(answer: Answer) -> None:
    if answer.status >= 400:
        answer.content_type = b"application/json"


def takes_whatever_it_can_read(answer: Answer) -> None:
    if answer.status == 422:
        answer.status, answer.content_type, answer.body = 201, b"application/json", CREATED


def breaks_on_what_it_cannot_read(answer: Answer) -> None:
    if answer.status == 400:
        answer.status = 500


def changes_nothing(answer: Answer) -> None: ...


CREATED = json.dumps(
    {
        "id": "dinie_ci_live_1",
        "client_id": "dinie_ci_live_1",
        "name": "Made of anything",
        "status": "active",
        "expires_at": None,
        "created_at": "2026-03-04T00:00:00Z",
        "updated_at": "2026-03-04T00:00:00Z",
        "last_used_at": None,
        "client_secret": "dinie_cs_live_1",
    }
).encode()


@pytest.mark.parametrize(
    ("change", "lets_anyone_in", "found"),
    [
        (shows_no_secret, False, "Response violates schema in POST /auth/credentials"),
        pytest.param(
            answers_errors_as_plain_json,
            False,
            "Undocumented Content-Type",
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            takes_whatever_it_can_read,
            False,
            "Schema-violating request accepted",
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            breaks_on_what_it_cannot_read, False, "Server error", marks=pytest.mark.thorough
        ),
        pytest.param(changes_nothing, True, "API accepts", marks=pytest.mark.thorough),
    ],
)
def test_a_wrong_server_does_not_pass(
    change: Callable[[Answer], None],
    lets_anyone_in: bool,  # noqa: FBT001 - a parameter of the test
    found: str,
) -> None:
    mock = create_app(Settings((PARTNER,)))

    async def sabotaged(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await mock(scope, receive, send)
            return
        if lets_anyone_in:
            others = [one for one in scope["headers"] if one[0] != b"authorization"]
            token = f"Bearer {PARTNER.token}".encode()
            scope = {**scope, "headers": [*others, (b"authorization", token)]}
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await mock(scope, receive, keep)
        start, body = messages
        headers = dict(start["headers"])
        answer = Answer(start["status"], headers.get(b"content-type", b""), body["body"])
        change(answer)
        if answer.body:
            headers[b"content-type"] = answer.content_type
            headers[b"content-length"] = b"%d" % len(answer.body)
        await send({**start, "status": answer.status, "headers": list(headers.items())})
        await send({**body, "body": answer.body})

    with serve_app(sabotaged, lifespan="on") as origin:
        result = judge(f"{origin}/v3")
    assert result.exit_code == 1
    assert any(failure.startswith(found) for failure in result.failures), result.failures
    assert not result.passed


def judge(base_url: str, token: str | None = PARTNER.token) -> SchemathesisRun:
    return run_schemathesis(
        base_url,
        token=token or "",
        client_id=PARTNER.client_id,
        client_secret=PARTNER.client_secret,
        examples=20,
    )
