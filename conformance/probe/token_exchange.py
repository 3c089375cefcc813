"""The exchange of a created key for an access token (RFC 6749 section 4.4)."""

from http import HTTPStatus
from typing import Any

from conformance.probe.pages import pages
from conformance.probe.probe import NotVerified, Probe
from conformance.probe.rate_limits import answer_to
from conformance.target.exchange import Answer
from conformance.target.sign_in import form_request, json_request
from openapi.operation import Operation
from openapi.resource import creates

VENDOR = "vendor facts: POST /auth/token answers {access_token, token_type, expires_in}"

_FORM = "application/x-www-form-urlencoded"


def issues_tokens(operation: Operation) -> bool:
    """The operation exchanges client id and secret for an access token."""
    body = operation.request_body
    described = [body.accepts(one) for one in ("application/json", _FORM)] if body else []
    return any(
        one is not None
        and one.schema is not None
        and "grant_type" in one.schema.outline.get("properties", {})
        for one in described
    )


def created(probe: Probe, partner: int = 0) -> Answer:
    """A new key, made by the contract's operation for keys with secrets."""
    for operation in probe.contract.operations.values():
        if creates(operation):
            maker = probe.on(operation.path, creates)
            made = maker.succeed(maker.request(partner))
            if made.field("client_id") and made.field("client_secret"):
                return made
    raise NotVerified("no operation answered with a client id and secret")


def exchange(probe: Probe, client_id: Any, client_secret: Any) -> Answer:
    """The answer to a request for a token: in JSON, or as a form where the target takes no JSON."""
    for operation in probe.contract.operations.values():
        if issues_tokens(operation):
            ask = form_request if probe.target.takes_form_only else json_request
            return answer_to(probe, ask(operation.method, operation.path, client_id, client_secret))
    raise NotVerified("the contract has no operation for tokens")


def granted(answer: Answer) -> bool:
    """Whether a token was issued, whatever the status says."""
    return answer.field("access_token") is not None or answer.status == HTTPStatus.OK


def item_of(probe: Probe, made: Answer, partner: int = 0) -> dict[str, Any] | None:
    """The list's item of a created key, None where the list has none."""
    for resource in probe.contract.resources:
        if resource.list is None:
            continue
        for page in pages(probe.of(resource.list), 100, partner=partner):
            for item in page.items:
                if item[resource.id] == made.field(resource.id):
                    return dict(item)
    return None
