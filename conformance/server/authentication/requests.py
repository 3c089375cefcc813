"""Requests with a missing, foreign or damaged Authorization header, and their refusals."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from conformance.probe.applicability import takes_json
from conformance.probe.not_verified import NotAsked
from conformance.probe.probe import Probe, without_token
from conformance.probe.resources import expect_any_served, request_on_new_resource
from conformance.target.exchange import Answer, Request
from conformance.target.token_forms import UNKNOWN, damaged_forms

SEED = "safety: nobody gets in without a token; seed: Security bearerAuth, Response 401"

OTHER_SCHEMES = ("Basic ZGluaWU6Y29uZm9ybWFuY2U=", 'Digest username="dinie"', "Token dinie")
UNKNOWN_TOKENS = (
    "dinie-conformance-unknown",
    "null",
    # A JWT that says itself that nobody signed it (RFC 7519 section 6).
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJkaW5pZSJ9.",
)


def with_fresh_body(probe: Probe, request: Request) -> Request:
    """The same request with a plain body of its own, whose name no other request has."""
    return request.with_json(probe.plain_body()) if takes_json(probe.operation) else request


def with_authorization(request: Request, value: str) -> Request:
    """The same request with this Authorization header and no token."""
    return without_token(request).with_header("Authorization", value)


def refusable(probe: Probe) -> Mapping[str, Request]:
    """Requests that must be refused with 401, by a description of the fault in each."""
    expect_own_token(probe)
    request = request_on_new_resource(probe)
    return {
        what: with_fresh_body(probe, one)
        for what, one in {
            "no token": without_token(request),
            **each_authorization(request, "the header", OTHER_SCHEMES),
            **with_unknown_tokens(probe, request),
            **with_damaged_tokens(probe, request),
        }.items()
    }


def expect_own_token(probe: Probe) -> None:
    """Nothing is verified where a certificate opens the operation, or a ``--header`` has the key.

    No request would be without it.
    """
    if probe.is_opened_by_certificate:
        raise NotAsked("the client certificate opens it without a token: leave --client-cert out")
    if probe.target.settings.is_given(probe.token_place):
        raise NotAsked("the key goes along as a --header with every request: give it as --token")


def with_unknown_tokens(probe: Probe, request: Request) -> Mapping[str, Request]:
    """The same request with each token that the target never issued, at its place."""
    if probe.token_place:
        return in_forms(request, [f"that is {one}" for one in UNKNOWN])
    values = [f"Bearer {one}" for one in UNKNOWN_TOKENS]
    return each_authorization(request, "an unknown token,", values)


def an_unknown_token(probe: Probe, request: Request) -> Request:
    """The same request with the first of those tokens."""
    return next(iter(with_unknown_tokens(probe, request).values()))


def each_authorization(
    request: Request, what: str, values: Collection[str]
) -> Mapping[str, Request]:
    """The same request with each of these Authorization headers, by ``what`` and its value."""
    return {f"{what} {value}": with_authorization(request, value) for value in values}


def with_damaged_tokens(probe: Probe, request: Request) -> Mapping[str, Request]:
    """The same request with a valid token that is damaged in each way, keyed by the damage."""
    return in_forms(request, damaged_forms(probe.target.access[0].at(probe.token_place)))


def in_forms(request: Request, forms: Collection[str]) -> Mapping[str, Request]:
    """The same request with its token in each of these forms, by a description of the form."""
    return {f"a token {form}": replace(request, token_form=form) for form in forms}


def refusals(probe: Probe) -> Mapping[str, Answer]:
    """The answers to all :func:`refusable` requests, by the description of the fault."""
    answers = {what: probe.send(request) for what, request in refusable(probe).items()}
    expect_any_served(probe, answers.values())
    return answers


def is_authorised(request: Request) -> bool:
    """Whether a request carries a whole token in the right place."""
    return request.partner is not None and request.token_form == "as it is"  # noqa: S105 - a form


def authorised(request: Request) -> Request:
    """The same request with a valid token."""
    trusted = request.without_header("Authorization")
    return replace(trusted, partner=request.partner or 0, token_form="as it is")  # noqa: S106 - a form
