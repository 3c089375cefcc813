"""Use of issued tokens: for requests of their partner, and no other partner's."""

from dataclasses import replace
from http import HTTPStatus

from conformance.catalogue.mends import OWN_TOKENS
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, on_requests
from conformance.probe.applicability import lists
from conformance.probe.not_verified import NotServed, NotVerified
from conformance.probe.pages import expect_listed_for, ids_until
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.sending import created_in
from conformance.probe.token_exchange import created, exchange
from conformance.target.access import is_token
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request, Tamper
from openapi.resource import issues_tokens


def issued_to(answer: Answer) -> str:
    """The token in the answer to an exchange."""
    token = answer.text("access_token")
    if not is_token(token):
        raise NotVerified(
            f"the target answered {answer.status} without a usable token to a new key"
        )
    return token


def with_token(request: Request, token: str) -> Request:
    """The request with a token that the target issued to one of the run's keys."""
    return replace(request, partner=None).with_header("Authorization", f"Bearer {token}")


def _maker(probe: Probe) -> Probe:
    """A probe for the operation that makes what a list shows."""
    for operation in probe.contract.operations.values():
        if lists(operation):
            return probe.of(operation).creating
    raise NotServed("the contract has no list")


def _carries_issued_token(request: Request) -> bool:
    said = dict(request.headers).get("Authorization", "")
    return request.partner is None and said.startswith("Bearer ")


def _taking_it_for(partner: int) -> Sabotage:
    def changed(request: Request) -> Request:
        if not _carries_issued_token(request):
            return request
        return replace(request.without_header("Authorization"), partner=partner)

    return on_requests(f"take every issued token for partner {partner + 1}'s", changed)


def _refusing_issued_tokens() -> Tamper:
    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        return replace(answer, status=401) if _carries_issued_token(request) else answer

    return tamper


@requirement(
    "tokens.issued-token-is-accepted",
    Level.SHOULD,
    "vendor facts: POST /auth/token, and bearer security everywhere else",
    issues_tokens,
    needs=(Capability.TOKENS, Capability.LISTING),
    mend=OWN_TOKENS,
)
@catches(Sabotage("refuse issued tokens", _refusing_issued_tokens))
def issued_token_is_accepted(probe: Probe) -> None:
    """A token that a new key was exchanged for opens the list."""
    token = issued_to(exchange(probe, created(probe)))
    lister = _maker(probe).listing
    answer = answer_to(probe, with_token(lister.request(), token))
    wanted = lister.operation.success_status
    probe.expect(answer.status == wanted, f"{wanted} with an issued token", f"{answer.status}")


@requirement(
    "tokens.token-is-its-partners",
    Level.MUST,
    "safety: a token acts for the partner whose key it was issued to, and for no other",
    issues_tokens,
    needs=(Capability.TOKENS, Capability.LISTING, Capability.SECOND_PARTNER),
    mend=OWN_TOKENS,
)
@catches(_taking_it_for(0), _taking_it_for(1))
def token_is_its_partners(probe: Probe) -> None:
    """What a token creates and lists belongs to the partner whose key it was issued to."""
    maker = _maker(probe)
    lister = maker.listing
    keys = [created(probe, partner) for partner in (0, 1)]
    tokens = [issued_to(exchange(probe, key)) for key in keys]
    for partner, token in enumerate(tokens):
        answer = answer_to(probe, with_token(maker.request(), token))
        if answer.status != maker.operation.success_status:
            if answer.status == HTTPStatus.UNAUTHORIZED:
                raise NotVerified("the target refuses the tokens that it issues")
            raise NotVerified(f"the target answers {answer.status} to a request with its token")
        note_owner(maker, answer, partner)
        made = maker.known_id_of(answer)
        wanted = {made, maker.known_id_of(keys[partner])}
        expect_listed_for(lister, made, partner, wanted)
        other = 1 - partner
        seen = ids_until(lister, {made, maker.known_id_of(keys[other])}, other)
        probe.expect(
            made not in seen,
            "what a token creates in no other partner's list",
            "it in another partner's list",
        )


def note_owner(probe: Probe, made: Answer, partner: int) -> None:
    """Note the partner that must revoke the resource: the request itself named none."""
    handle = made.identifier(probe.resource.handle)
    if handle is not None:
        place = probe.collection_path()
        first, own = (created_in(probe.contract, probe.resource, place, one, handle)
                      for one in (0, partner))  # fmt: skip
        probe.target.created.discard(first)
        probe.target.created.add(own)
