"""Requirements on generated bodies, which Hypothesis draws from the contract's schemas.

Each requirement sends about 40 examples. A failing example is shrunk to the smallest one.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance import generation
from conformance.catalogue.judge import Aspect, JudgedExchange, Purpose
from conformance.catalogue.mends import KEEP_TEXTS, NO_FAILURE, VALIDATE
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import edit_body, fail_on
from conformance.probe.bodies import makes_from_json, schema_at, takes_object
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.server.generated.judges import SEED, expect_refusal, expect_sent_data, of_generated
from conformance.server.generated.sabotage import member, sent_name, taking
from conformance.server.robustness.survival import SAFETY
from conformance.target.exchange import Answer, Request

_EXAMPLES = 40
_EXAMPLES_OF_A_FAULT = 3


def _generated(probe: Probe, request: Request, answer: Answer) -> JudgedExchange:
    return JudgedExchange(probe.operation, request, answer, Purpose.GENERATED)


def _with_valid_bodies(probe: Probe, check: Callable[[dict[str, Any]], None]) -> None:
    valid = generation.valid_bodies(probe, schema_at(probe))
    generation.for_all(probe, valid, check, _EXAMPLES)


def _with_bodies_near_plain_ones(probe: Probe, check: Callable[[dict[str, Any]], None]) -> None:
    """Rules of business may refuse all that is made by the schema, and take what is nearer."""
    near = generation.bodies_near(probe, schema_at(probe))
    generation.for_all(probe, near, check, _EXAMPLES)


@requirement(
    "generated.wrong-values-are-refused",
    Level.MUST,
    SEED,
    takes_object,
    generates=True,
    mend=VALIDATE,
)
@catches(
    taking("take a number as name", member("name", int, float)),
    taking("take a list for an end", member("expires_at", list)),
    taking("take a body without name", lambda body: isinstance(body, dict) and not body),
)
def wrong_values_are_refused(probe: Probe) -> None:
    """No value of a wrong type is accepted in any field, and no field may be missing."""
    probe.make()

    def refused(body: Any) -> None:
        request = probe.request().with_json(body)
        expect_refusal(_generated(probe, request, answer_to(probe, request)))

    faults = generation.invalid_bodies(schema_at(probe), probe.plain_body())
    if not faults:
        raise NotVerified("the contract takes any data")
    for bodies in faults:
        generation.for_all(probe, bodies, refused, _EXAMPLES_OF_A_FAULT)


@requirement(
    "generated.valid-data-is-no-failure",
    Level.MUST,
    f"{SEED}; {SAFETY}",
    makes_from_json,
    generates=True,
    mend=NO_FAILURE,
)
@catches(
    replace(
        fail_on("astral", lambda one: max(sent_name(one), default="") > "\uffff"),
        name="fail beyond the BMP",
    ),
    fail_on(
        "private characters",
        lambda one: any(unicodedata.category(x) in {"Co", "Cn"} for x in sent_name(one)),
    ),
    fail_on("fractions", lambda one: re.search(rb"T[0-9:]+\.[0-9]", one.body)),
)
def valid_data_is_no_failure(probe: Probe) -> None:
    """Valid data is accepted or refused, and never makes the server fail."""
    probe.make()

    def no_failure(body: dict[str, Any]) -> None:
        probe.expect_no_server_error(answer_to(probe, probe.request().with_json(body)))

    _with_valid_bodies(probe, no_failure)


@requirement(
    "generated.accepted-data-comes-back",
    Level.MUST,
    "seed: name, expires_at",
    makes_from_json,
    generates=True,
    judges=(of_generated(expect_sent_data, Aspect.DATA),),
    mend=KEEP_TEXTS,
)
@catches(
    edit_body(
        201,
        "lose the offset",
        lambda one: one["expires_at"] and one.update(expires_at=f"{one['expires_at'][:19]}Z"),
    ),
    edit_body(
        201,
        "lose what is no ASCII",
        lambda one: one.update(name=one["name"].encode("ascii", "replace").decode()),
    ),
)
def accepted_data_comes_back(probe: Probe) -> None:
    """What is accepted comes back: texts unchanged, instants the same, null as null."""
    probe.make()
    compared = False

    def comes_back(body: dict[str, Any]) -> None:
        nonlocal compared
        request = probe.request().with_json(body)
        answer = answer_to(probe, request)
        compared = compared or answer.status == probe.operation.success_status
        expect_sent_data(_generated(probe, request, answer))

    _with_valid_bodies(probe, comes_back)
    if not compared:
        _with_bodies_near_plain_ones(probe, comes_back)
    if not compared:
        raise NotVerified("the target accepts no generated body")
