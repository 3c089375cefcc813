"""The exchange of a created key for an access token (RFC 6749 section 4.4)."""

from http import HTTPStatus

from conformance.probe.not_verified import NotServed, NotVerified
from conformance.probe.pages import largest_page, pages
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.target.exchange import Answer
from conformance.target.members import JsonObject, identifier_in
from conformance.target.sign_in import form_request, json_request
from openapi.contract import Contract

VENDOR = "vendor facts: POST /auth/token answers {access_token, token_type, expires_in}"


def created(probe: Probe, partner: int = 0) -> Answer:
    """A new key, made by the contract's operation for keys with secrets."""
    resource = probe.contract.credentials
    if resource:
        maker = probe.of(resource.create)
        made = maker.make(partner)
        if credentials_of(probe.contract, made):
            return made
    raise NotVerified("no operation answered with a client id and secret")


def credentials_of(contract: Contract, made: Answer) -> tuple[str, str] | None:
    """The client id and secret in an answer; None where one of them is not there, or empty."""
    resource = contract.credentials
    if resource is None or resource.secret is None:
        return None
    client_id, secret = made.identifier(resource.login), made.text(resource.secret)
    return (client_id, secret) if client_id and secret else None


def known_credentials_of(probe: Probe, made: Answer) -> tuple[str, str]:
    """The client id and secret in an answer; nothing is verified without them."""
    found = credentials_of(probe.contract, made)
    if found is None:
        raise NotVerified("the answer to the creation shows no client id and secret")
    return found


def exchange(probe: Probe, made: Answer) -> Answer:
    """The answer to a request for a token with the client id and secret of a created key."""
    return exchange_for(probe, *known_credentials_of(probe, made))


def exchange_for(probe: Probe, client_id: str, client_secret: str) -> Answer:
    """The answer to a request for a token: in JSON, or as a form where the target takes no JSON."""
    operation = probe.contract.token_operation
    if operation is None:
        raise NotServed("the contract has no operation for tokens")
    ask = form_request if probe.target.takes_form_only else json_request
    return answer_to(probe, ask(operation, client_id, client_secret))


def granted(answer: Answer) -> bool:
    """Whether a token was issued, whatever the status says."""
    return answer.field("access_token") is not None or answer.status == HTTPStatus.OK


def item_of(probe: Probe, made: Answer, partner: int = 0) -> JsonObject | None:
    """The list's item of a created key, None where the list has none."""
    own = probe.operation.resource
    for resource in [own] if own else probe.contract.resources:
        if resource.list is None:
            continue
        lister = probe.of(resource.list)
        for page in pages(lister, largest_page(lister), partner=partner):
            for item in page.items:
                if identifier_in(item, resource.id) == made.identifier(resource.id):
                    return item
    return None
