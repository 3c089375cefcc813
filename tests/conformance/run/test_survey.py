"""What is found out about a target before it is judged: what it offers, and not how well."""

from collections.abc import Callable

import httpx
import pytest

from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.errors import TargetError, TokenRefused
from conformance.target.kept import CreatedResource
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from openapi.contract import Contract

Handler = Callable[[httpx.Request], httpx.Response]

MADE = httpx.Response(201, json={"client_id": "key-1", "client_secret": "shown-once"})
NOTHING = httpx.Response(404)


def offering(**operations: Handler) -> Handler:
    """A server with some operations. It wants a token before it says that a path is unknown."""

    def answer(request: httpx.Request) -> httpx.Response:
        name = f"{request.method}_{request.url.path.split('/')[2]}".lower()
        if name in operations:
            return operations[name](request)
        return NOTHING if "authorization" in request.headers else httpx.Response(401)

    return answer


def create(_: httpx.Request) -> httpx.Response:
    return MADE


def capabilities(handler: Handler) -> set[Capability]:
    transport = httpx.MockTransport(handler)
    with Target(
        "http://api.test", ("token",), transport=transport, settings=TargetSettings(replay_delay=0)
    ) as target:
        Run(Contract.bundled(), target, [], seed=1).survey()
        return target.capabilities


def by_form_only(request: httpx.Request) -> httpx.Response:
    basic = request.headers.get("authorization", "").startswith("Basic ")
    return httpx.Response(200, json={"access_token": "a-token"}) if basic else httpx.Response(401)


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (offering(post_credentials=create), set()),
        (offering(post_credentials=create, post_token=by_form_only), {Capability.TOKENS}),
        (
            offering(post_credentials=create, post_token=lambda _: httpx.Response(401)),
            {Capability.TOKENS},
        ),
        (
            offering(
                post_credentials=create,
                post_token=lambda _: httpx.Response(201, json={"access_token": "a-token"}),
            ),
            {Capability.TOKENS},
        ),
        (
            offering(post_credentials=create, delete_credentials=lambda _: httpx.Response(200)),
            {Capability.REVOCATION},
        ),
        (
            offering(post_credentials=create, delete_credentials=lambda _: httpx.Response(403)),
            set(),
        ),
        (
            offering(post_credentials=create, get_credentials=lambda _: httpx.Response(200)),
            {Capability.LISTING},
        ),
    ],
    ids=[
        "only creates",
        "tokens by form only",
        "refuses new keys",
        "issues with 201",
        "revokes with 200",
        "does not revoke",
        "lists",
    ],
)
def test_what_a_target_offers(handler: Handler, expected: set[Capability]) -> None:
    assert capabilities(handler) == expected


def test_a_refused_token_ends_it() -> None:
    with pytest.raises(TokenRefused, match=r"^the token was refused \(401\)$"):
        capabilities(lambda _: httpx.Response(401))


def test_a_web_page_ends_it() -> None:
    with pytest.raises(TargetError, match="a web page"):
        capabilities(lambda _: httpx.Response(200, html="<html>"))


def test_what_could_not_be_revoked_is_counted() -> None:
    handler = offering(post_credentials=create)
    with Target("http://api.test", ("token",), transport=httpx.MockTransport(handler)) as target:
        run = Run(Contract.bundled(), target, [], seed=1)
        list(run.results())

        assert len(target.created) == 1
        run.clean_up()
        assert len(run.left_behind) == 1


def test_a_stopped_run_sends_nothing_more_until_it_cleans_up() -> None:
    sent: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        return offering(post_credentials=create, delete_credentials=lambda _: httpx.Response(204))(
            request
        )

    with Target("http://api.test", ("token",), transport=httpx.MockTransport(handler)) as target:
        target.created.add(CreatedResource(0, "key-2"))
        run = Run(Contract.bundled(), target, [], seed=1)
        run.stop("enough")
        with pytest.raises(TargetError):
            list(run.results())
        assert sent == []
        run.clean_up()
        assert sent == ["DELETE"]
        assert run.left_behind == []


def test_what_was_not_reached_is_not_said_to_be_absent() -> None:
    contract = Contract.bundled()
    needing = [one for one in catalogue().values() if one.needs == {Capability.REVOCATION}][:1]
    refusing = offering(post_credentials=lambda _: httpx.Response(422))
    with Target(
        "http://api.test", ("token",), transport=httpx.MockTransport(refusing),
        settings=TargetSettings(replay_delay=0),
    ) as target:  # fmt: skip
        run = Run(contract, target, needing, seed=1)
        run.survey()
        [result] = [run.check(*one) for one in run.checks]

    reached = "was not reached: createCredential answered 422 to plain data"
    assert result.outcome is Outcome.NOT_VERIFIED
    assert result.actual.endswith(reached)
