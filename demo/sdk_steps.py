"""The steps of the SDK's journey, in the order in which they build on each other."""

from collections.abc import Callable

from dinie.generated.types.create_credential_request import CreateCredentialRequest
from dinie.runtime.errors import AuthenticationError, UnprocessableEntityError

from demo.sdk_session import Session, UnexpectedAnswer
from demo.wire import LOST_STATUS, Exchange

_CREATED = 201


def _get_token(session: Session) -> str:
    session.client.credentials.list()
    requests = [one.request for one in session.wire.exchanges]
    _expect(requests == ["POST /auth/token", "GET /auth/credentials"], f"it sent {requests}")
    return "the token opens the list"


def _create(session: Session) -> str:
    created, exchanges = session.create("Created by the SDK")
    _expect(created.name == "Created by the SDK", f"its name is {created.name!r}")
    _expect(created.status == "active", f"its status is {created.status!r}")
    _expect(created.expires_at is None, f"it expires at {created.expires_at!r}")
    _expect(bool(created.client_secret), "it has no secret")
    _expect([one.status for one in exchanges] == [_CREATED], "it was not one 201")
    _expect(exchanges[0].idempotency_key is not None, "the SDK sent no Idempotency-Key")
    return "an active key with a secret and no end"


def _list(session: Session) -> str:
    page = session.client.credentials.list()
    found = [one for one in page.data if one.client_id == session.created.client_id]
    _expect(len(found) == 1, f"the new key is listed {len(found)} times")
    return f"the new key is on the page (this SDK reads one page, here of {len(page.data)})"


def _use_new_key(session: Session) -> str:
    newcomer = session.log_in(session.created.client_id, session.created.client_secret)
    listed = [one.client_id for one in newcomer.credentials.list()]
    _expect(session.created.client_id in listed, "it does not see itself in the list")
    return "the new pair gets a token and sees itself"


def _revoke(session: Session) -> str:
    session.client.credentials.revoke(session.created.client_id)
    statuses = [one.status for one in session.listed(session.created.name)]
    _expect(statuses == ["revoked"], f"its status in the list is {statuses}")
    return "the list shows it as revoked"


def _use_revoked_key(session: Session) -> str:
    latecomer = session.log_in(session.created.client_id, session.created.client_secret)
    try:
        latecomer.credentials.list()
    except AuthenticationError as error:
        return f"the SDK raised {type(error).__name__}: {error}"
    raise UnexpectedAnswer("the revoked key still gets a token")


def _retry_rate_limited(session: Session) -> str:
    return _retry_forced(session, 429)


def _retry_failed(session: Session) -> str:
    return _retry_forced(session, 500)


def _retry_forced(session: Session, status: int) -> str:
    session.wire.force(status)
    first, _ = _retry(session, f"Retried after {status}", status)
    _expect(first.forced, f"the {status} was not the one that was asked for")
    return "same Idempotency-Key, one key made"


def _retry_lost(session: Session) -> str:
    session.wire.lose_answer()
    _, second = _retry(session, "Retried after a lost answer", LOST_STATUS)
    _expect(second.replayed, "the second answer is no replay of the first")
    return "same Idempotency-Key, one key made"


def _retry(session: Session, name: str, first_status: int) -> list[Exchange]:
    created, exchanges = session.create(name)
    statuses = [one.status for one in exchanges]
    _expect(statuses == [first_status, _CREATED], f"the SDK saw {statuses}")
    keys = {one.idempotency_key for one in exchanges}
    _expect(len(keys) == 1 and None not in keys, f"the attempts carried {len(keys)} keys")
    listed = [one.client_id for one in session.listed(name)]
    _expect(listed == [created.client_id], f"{len(listed)} keys have this name")
    return exchanges


def _send_number(session: Session) -> str:
    name = "Expires at a number"
    try:
        session.client.credentials.create(CreateCredentialRequest(name, expires_at=1803945600))
    except UnprocessableEntityError as error:
        params = [one["param"] for one in error.body["errors"]]
        _expect(params == ["expires_at"], f"the errors name {params}")
        _expect(not session.listed(name), "a key was made all the same")
        return (
            f"the SDK raised {type(error).__name__} naming expires_at, as the contract wants text"
        )
    raise UnexpectedAnswer("a number was taken for a date-time")


def _expect(condition: bool, otherwise: str) -> None:  # noqa: FBT001 - reads like an assertion
    if not condition:
        raise UnexpectedAnswer(otherwise)


STEPS: tuple[tuple[str, Callable[[Session], str]], ...] = (
    ("Get a token", _get_token),
    ("Create a key", _create),
    ("List the keys", _list),
    ("Log in with the new key", _use_new_key),
    ("Revoke it", _revoke),
    ("Log in with the revoked key", _use_revoked_key),
    ("Retry after a forced 429", _retry_rate_limited),
    ("Retry after a forced 500", _retry_failed),
    ("Retry after a lost answer", _retry_lost),
    ("Send expires_at as the SDK types it, a number", _send_number),
)
"""What to do, and how: each function gives a remark, or raises what was wrong."""
