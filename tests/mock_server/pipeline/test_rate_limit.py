"""Limits are each partner's own, and the headers tell the truth."""

from collections.abc import Iterator

import httpx
import pytest

from mock_server.settings import Settings
from tests.mock_server.clients import ManualClock, Partnered, Serving


@pytest.fixture
def limited(
    serving: Serving, clock: ManualClock, mock: Partnered, other_partner: Partnered
) -> Iterator[tuple[Partnered, Partnered]]:
    """Two partners of a mock that grants three requests a minute."""
    partners = (mock.partner, other_partner.partner)
    with serving(Settings(partners=partners, rate_limit="3/minute"), clock) as client:
        yield type(mock)(client, partners[0]), type(mock)(client, partners[1])


def limits(response: httpx.Response) -> tuple[int, int, int]:
    names = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
    limit, remaining, reset = (int(response.headers[name]) for name in names)
    return limit, remaining, reset


def test_the_fourth_of_three_requests_is_refused(
    limited: tuple[Partnered, Partnered], clock: ManualClock
) -> None:
    mock, _ = limited
    start = clock.now()
    answers = [mock.create() for _ in range(4)]

    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert [limits(answer)[:2] for answer in answers] == [(3, 2), (3, 1), (3, 0), (3, 0)]
    assert 60 <= limits(answers[3])[2] - start < 61
    refused = answers[3]
    assert refused.json()["code"] == "rate_limit_exceeded"
    assert refused.headers["content-type"] == "application/problem+json"


def test_waiting_as_long_as_retry_after_works_and_less_does_not(
    limited: tuple[Partnered, Partnered], clock: ManualClock
) -> None:
    mock, _ = limited
    for _ in range(3):
        mock.create()
    clock.instant += 20
    wait = int(mock.create().headers["retry-after"])
    assert wait == 40

    clock.instant += wait - 1
    assert mock.create().status_code == 429
    clock.instant += 1
    assert mock.create().status_code == 201


def test_one_partner_never_uses_up_anothers_limit(limited: tuple[Partnered, Partnered]) -> None:
    mock, other = limited
    for _ in range(10):
        mock.create()

    assert other.create().status_code == 201
    assert limits(other.create())[1] == 1


def test_a_token_is_charged_to_the_partner_that_gets_it(
    limited: tuple[Partnered, Partnered],
) -> None:
    mock, _ = limited
    partner = mock.partner
    assert limits(mock.token(partner.client_id, partner.client_secret))[1] == 2
    mock.create()
    mock.create()
    assert mock.token(partner.client_id, partner.client_secret).status_code == 429


def test_a_refused_request_leaves_its_key_free(
    limited: tuple[Partnered, Partnered], clock: ManualClock
) -> None:
    mock, _ = limited
    for _ in range(3):
        mock.create()
    assert mock.create(key="one").status_code == 429
    clock.instant += 60
    created = mock.create(key="one")
    assert created.status_code == 201
    assert "idempotent-replayed" not in created.headers


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nope"), ("PUT", "/auth/credentials"), ("POST", "/auth/token")],
)
def test_every_response_carries_the_headers(mock: Partnered, method: str, path: str) -> None:
    assert limits(mock.request(method, path))[1] == 1_000_000


def test_unauthenticated_requests_use_up_nothing(limited: tuple[Partnered, Partnered]) -> None:
    mock, _ = limited
    for _ in range(10):
        answer = mock.client.get("/v3/auth/credentials")
        assert answer.status_code == 401
        assert limits(answer)[1] == 3
    assert mock.create().status_code == 201


def test_a_window_ends_although_the_clock_was_set_back(
    limited: tuple[Partnered, Partnered], clock: ManualClock
) -> None:
    mock, _ = limited
    for _ in range(4):
        mock.create()
    clock.instant -= 86_400
    assert limits(mock.create())[1] == 2
