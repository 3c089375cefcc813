"""Requirements on generated requests, which Schemathesis makes from the contract.

Its engine sends about 40 requests to an operation, once for all requirements that read its
failures. A failure of Schemathesis counts only if the requirement's own judge confirms it. Then the
request is shrunk for as long as its answer breaks the requirement.
"""

from dataclasses import replace
from http import HTTPStatus

from conformance import generation
from conformance.catalogue.judge import (
    ANY_PURPOSE,
    ANY_STATUS,
    Aspect,
    Judge,
    JudgedExchange,
    Purpose,
    StatusClass,
)
from conformance.catalogue.mends import (
    BY_SCHEMA,
    DOCUMENTED_STATUSES,
    MEDIA_TYPES,
    NO_FAILURE,
    VALIDATE,
)
from conformance.catalogue.registry import Check, catches, requirement, requirement_of
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import (
    body_of,
    edit_body,
    fail_on,
    on_answers,
    on_status,
    with_body,
    with_header,
)
from conformance.probe.applicability import (
    lists,
    needs_bearer_token,
    opens_with_token,
    reads_or_creates,
    takes_json,
)
from conformance.probe.bodies import is_judged, makes_from_json
from conformance.probe.not_verified import NOT_IMPLEMENTED_STATUSES, NotServed, refused_with
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.violation import NOTHING_FAILS
from conformance.server.generated.judges import (
    SEED,
    expect_documented_body,
    expect_documented_headers,
    expect_documented_media_type,
    expect_documented_status,
    expect_refusal,
    of_generated,
    of_observed,
)
from conformance.server.generated.sabotage import member, now_and_then, taking
from conformance.server.generated.shrinking import shrink
from conformance.server.robustness.sabotage import never_end
from conformance.server.robustness.survival import SAFETY, expect_no_server_error
from openapi.operation import Operation


def _is_documented_by_seed(operation: Operation) -> bool:
    """The operation makes or lists resources: its refusals are the seed's, not OAuth 2.0's."""
    return reads_or_creates(operation) and (makes_from_json(operation) or lists(operation))


def _confirm_failures(probe: Probe, check: Check) -> None:
    """Raise the first failure of Schemathesis that the requirement's own judge confirms."""
    rule = requirement_of(check)
    plain = answer_to(probe, probe.request()).status
    # A plain request for a token holds a pair that nobody has: 401 is the answer to that.
    refused = plain == HTTPStatus.UNAUTHORIZED and needs_bearer_token(probe.operation)
    if refused and not opens_with_token(probe.operation):
        raise NotServed(f"the target answers {plain}: {probe.operation.id} opens otherwise")
    if probe.operation.is_usual_error(plain):
        raise NotServed(f"the contract has nothing but {plain} for {probe.operation.id}")
    if refused or plain in NOT_IMPLEMENTED_STATUSES:
        raise refused_with(plain, f"the target answers {plain} to a plain request")
    for one in generation.failures(probe, rule.generator_check):
        exchange = JudgedExchange(probe.operation, one.request, one.answer, Purpose.GENERATED)
        violation = rule.violation(exchange)
        if exchange.status_class is StatusClass.LIMITED or violation is None:
            continue
        if probe.budget.is_known(violation.expected, violation.actual, violation.breaks):
            continue
        if not exchange.answer.is_out_of_bounds:
            exchange, violation = shrink(probe, rule, exchange, violation)
        probe.recording.exchanges[:] = [(exchange.request, exchange.answer)]
        raise violation


@requirement(
    NOTHING_FAILS,
    Level.MUST,
    SAFETY,
    reads_or_creates,
    mend=NO_FAILURE,
    generator_check="not_a_server_error",
    judges=(Judge(expect_no_server_error, ANY_PURPOSE, ANY_STATUS, aspect=Aspect.FAILURE),),
)
@catches(
    fail_on("extra parameters", lambda one: "unknown-property" in one.path),
    fail_on("empty parameters", lambda one: "starting_after=&" in f"{one.path}&"),
    fail_on("a list as a name", lambda one: b'"name": [' in one.body),
    fail_on("an empty date", lambda one: b'"expires_at": ""' in one.body),
    fail_on("a body that is false", lambda one: one.body == b"false"),
    never_end("a list as a name", lambda one: b'"name": [' in one.body),
)
def nothing_makes_it_fail(probe: Probe) -> None:
    """No generated request, valid or not, is answered with a server error."""
    _confirm_failures(probe, nothing_makes_it_fail)


@requirement(
    "generated.statuses-are-documented",
    Level.MUST,
    SEED,
    makes_from_json,
    generator_check="status_code_conformance",
    judges=(
        of_generated(expect_documented_status, Aspect.STATUS),
        of_observed(expect_documented_status, Aspect.STATUS, _is_documented_by_seed),
    ),
    mend=DOCUMENTED_STATUSES,
)
@catches(
    on_answers(
        "answer 418 to an array as name",
        lambda request, one: replace(one, status=418) if b'"name": [' in request.body else one,
    ),
    now_and_then(
        "answer 206 now and then",
        lambda one: replace(one, status=206) if one.status == HTTPStatus.CREATED else one,
    ),
)
def statuses_are_documented(probe: Probe) -> None:
    """Every generated request is answered with a documented status."""
    _confirm_failures(probe, statuses_are_documented)


@requirement(
    "generated.media-types-are-documented",
    Level.MUST,
    SEED,
    _is_documented_by_seed,
    generator_check="content_type_conformance",
    judges=(
        of_generated(expect_documented_media_type, Aspect.MEDIA_TYPE),
        of_observed(expect_documented_media_type, Aspect.MEDIA_TYPE),
    ),
    mend=MEDIA_TYPES,
)
@catches(
    now_and_then("a page now and then", lambda one: with_header(one, "Content-Type", "text/html")),
    on_status(
        4, "refuse in JSON", lambda one: with_header(one, "Content-Type", "application/json")
    ),
)
def media_types_are_documented(probe: Probe) -> None:
    """Every generated request is answered in a documented media type."""
    _confirm_failures(probe, media_types_are_documented)


@requirement(
    "generated.answers-match-their-schemas",
    Level.MUST,
    SEED,
    _is_documented_by_seed,
    generator_check="response_schema_conformance",
    judges=(
        of_generated(expect_documented_body, Aspect.BODY),
        of_observed(expect_documented_body, Aspect.BODY),
    ),
    mend=BY_SCHEMA,
)
@catches(
    now_and_then(
        "a wrong type now and then",
        lambda one: with_body(one, {**body_of(one), "status": None, "has_more": None}),
    ),
    edit_body(4, "refuse without a detail", lambda one: one.pop("detail", None)),
)
def answers_match_their_schemas(probe: Probe) -> None:
    """Every generated request is answered with a body of the documented schema."""
    _confirm_failures(probe, answers_match_their_schemas)


@requirement(
    "generated.headers-match-their-schemas",
    Level.SHOULD,
    "vendor facts: X-RateLimit-Limit, -Remaining and -Reset (Unix time)",
    _is_documented_by_seed,
    generator_check="response_headers_conformance",
    judges=(
        of_generated(expect_documented_headers, Aspect.HEADERS),
        Judge(expect_documented_headers),
    ),
    mend="Send headers with values of their documented types.",
)
@catches(
    now_and_then(
        "no number now and then", lambda one: with_header(one, "X-RateLimit-Reset", "soon")
    )
)
def headers_match_their_schemas(probe: Probe) -> None:
    """Every generated request is answered with headers of the documented types."""
    _confirm_failures(probe, headers_match_their_schemas)


@requirement(
    "generated.invalid-data-is-refused",
    Level.MUST,
    SEED,
    is_judged,
    generator_check="negative_data_rejection",
    judges=(of_generated(expect_refusal, Aspect.REFUSAL, takes_json),),
    mend=VALIDATE,
)
@catches(
    taking("take an object for a name", member("name", dict)),
    taking("take a number for an end", member("expires_at", int, float)),
    taking("take any array", lambda body: isinstance(body, list)),
)
def invalid_data_is_refused(probe: Probe) -> None:
    """What Schemathesis makes invalid is not accepted."""
    _confirm_failures(probe, invalid_data_is_refused)
