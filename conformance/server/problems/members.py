"""The members of problem documents (seed: Responses 400, 401 and 422; RFC 9457)."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any

from conformance.catalogue.judge import REFUSAL, EachAnswer, each
from conformance.catalogue.mends import NAME_FIELDS, WHOLE_PROBLEMS
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import drop_field, edit_body, set_field, set_status
from conformance.probe.applicability import (
    answers_errors,
    answers_problems,
    both,
    names_fields,
    takes_json,
)
from conformance.probe.bodies import reported_fields
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.probe.values import member
from conformance.probe.violation import expect
from conformance.server.problems.provoking import (
    SEED,
    complaints_about,
    problem_documents,
    wrong_everywhere,
)
from conformance.target.exchange import Answer
from openapi.operation import Operation

# RFC 3986 section 2: what a URI is written with, a percent sign only before two hex digits.
Problem = Mapping[str, Any]

_URI_REFERENCE = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*")


def _expect_uri(answer: Answer, problem: Problem, name: str, *, empty: bool) -> None:
    given = problem.get(name)
    if isinstance(given, str):
        holds = _URI_REFERENCE.fullmatch(given) and (given or empty)
        expect(
            holds,
            f"a URI as {name} of a {answer.status}",
            "a text that is none",
            member(answer, name),
        )


def each_problem(look: Callable[[Operation, Answer, Problem], None]) -> EachAnswer:
    """Make a function of a documented refusal and its JSON object both the check and the judge."""

    @wraps(look)
    def look_at_object(operation: Operation, answer: Answer) -> None:
        problem = answer.json_object()
        if problem is None:
            raise NotVerified("the body is no JSON object")
        look(operation, answer, problem)

    documents = each(_with_objects, statuses=REFUSAL, has_documented_body=True)
    return documents(look_at_object)


def _with_objects(probe: Probe) -> Iterator[Answer]:
    return (answer for answer, _ in problem_documents(probe))


@requirement("problems.required-members", Level.MUST, SEED, answers_errors, mend=WHOLE_PROBLEMS)
@catches(*(drop_field(4, name) for name in ("type", "title", "status", "detail")))
@each_problem
def required_members(operation: Operation, answer: Answer, problem: Problem) -> None:
    """An error has the members that the contract requires."""
    complaints = complaints_about(operation, answer, problem)
    missing = [one.param for one in complaints if one.code == "missing_required_field"]
    missing = [name for name in missing if not name.startswith("errors[")]
    expected = f"all required members with a {answer.status}"
    expect(not missing, expected, f"no {', '.join(missing)}")


@requirement("problems.member-types", Level.MUST, SEED, answers_errors, mend=WHOLE_PROBLEMS)
@catches(
    edit_body(4, "write the status as text", lambda one: one.update(status=str(one["status"]))),
    set_field(4, "title", None),
    set_field(4, "detail", {"message": "wrong"}),
    set_field(4, "instance", None),
    set_field(4, "code", 17),
    set_field(422, "param", ["name"]),
    set_field(422, "errors", {"name": "wrong"}),
)
@each_problem
def member_types(operation: Operation, answer: Answer, problem: Problem) -> None:
    """The members of an error have their documented types."""
    for one in complaints_about(operation, answer, problem):
        wrong = one.code != "missing_required_field" and not one.param.startswith("errors[")
        seen = [member(answer, one.param)] if one.param in problem else []
        expect(not wrong, f"{one.param} {one.detail}", f"another {one.param}", *seen)


@requirement(
    "problems.status-matches",
    Level.MUST,
    "seed: status, HTTP status code",
    answers_problems,
    mend=WHOLE_PROBLEMS,
)
@catches(set_field(4, "status", 500), set_field(422, "status", 400), set_status(422, 400))
@each_problem
def status_matches(_: Operation, answer: Answer, problem: Problem) -> None:
    """The status in an error is the status of the answer."""
    given = problem.get("status")
    # A status of another type is for problems.member-types to tell.
    if isinstance(given, int | float):
        expect(given == answer.status, f"status {answer.status}", f"status {given}")


@requirement(
    "problems.type-is-uri",
    Level.MUST,
    "seed: type, URI identifying the error type",
    answers_problems,
    mend=WHOLE_PROBLEMS,
)
@catches(
    set_field(4, "type", "validation failed"),
    set_field(4, "type", ""),
    set_field(401, "type", "https://api.dinie.com.br/errors/<401>"),
)
@each_problem
def type_is_uri(_: Operation, answer: Answer, problem: Problem) -> None:
    """The type of an error is a URI reference."""
    _expect_uri(answer, problem, "type", empty=False)


@requirement(
    "problems.instance-is-uri",
    Level.MUST,
    "seed: instance, URI identifying this specific occurrence",
    answers_problems,
    mend=WHOLE_PROBLEMS,
)
@catches(
    set_field(4, "instance", "/v3/auth/credentials/a b"),
    set_field(4, "instance", "the request <1>"),
    edit_body(
        404,
        "write the path unescaped",
        lambda one: one.update(instance=str(one["instance"]).replace("%20", " ")),
    ),
)
@each_problem
def instance_is_uri(_: Operation, answer: Answer, problem: Problem) -> None:
    """The instance of an error, where there is one, is a URI reference."""
    _expect_uri(answer, problem, "instance", empty=True)


@requirement(
    "problems.errors-items",
    Level.MUST,
    "seed: errors.param and errors.detail, required",
    names_fields,
    mend=WHOLE_PROBLEMS,
)
@catches(
    edit_body(422, "drop errors.param", lambda one: one["errors"][0].pop("param")),
    edit_body(422, "drop errors.detail", lambda one: one["errors"][-1].pop("detail")),
    edit_body(422, "number errors.detail", lambda one: one["errors"][0].update(detail=1)),
    edit_body(422, "null errors.code", lambda one: one["errors"][0].update(code=None)),
    set_field(422, "errors", ["name is required"]),
)
def errors_items(probe: Probe) -> None:
    """Every item of errors, where there are any, has param and detail as texts."""
    for answer, problem in problem_documents(probe):
        for one in complaints_about(probe.operation, answer, problem):
            wrong = one.param.startswith("errors[")
            seen = member(answer, "errors")
            expect(not wrong, f"{one.param} {one.detail}", "an item without that", seen)


@requirement(
    "problems.every-bad-field-is-named",
    Level.SHOULD,
    "vendor facts: 422 has one errors[] item for each field",
    both(takes_json, names_fields),
    mend=NAME_FIELDS,
)
@catches(
    edit_body(422, "name the first field only", lambda one: one.update(errors=one["errors"][:1])),
    drop_field(422, "errors"),
    set_field(422, "errors", []),
)
def every_bad_field_is_named(probe: Probe) -> None:
    """A 422 names every bad field in errors, not only the first."""
    body = wrong_everywhere(probe.operation)
    answer = probe.send(probe.request().with_json(body))
    if answer.status != HTTPStatus.UNPROCESSABLE_ENTITY:
        raise NotVerified(f"the target answered {answer.status} to fields of wrong types, not 422")
    # Servers write name, body.name, /name or $.name: the last part counts.
    missing = sorted(set(body) - reported_fields(answer))
    seen = member(answer, "errors")
    probe.expect(not missing, f"{', '.join(body)} in errors", f"no {', '.join(missing)}", seen)
