"""Hypothesis strategies from the contract's schemas, and how a check is run on what they give.

A run is repeatable by its seed, has no deadline, keeps no example database and prints nothing.
A failure is shrunk, and only the exchanges of its smallest example stay in the record.
"""

import string
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar
from unittest import SkipTest

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, HypothesisException

from conformance.generation.quiet import again_after_mismatch, prepare
from conformance.probe import NAME_PREFIX, NotVerified, Probe, Violation
from conformance.target import TargetError
from openapi.contract import Contract
from openapi.schema import Schema, types_of

Value = TypeVar("Value")

_MOST_REQUESTS_TO_SHRINK, _MOST_SECONDS_TO_SHRINK = 500, 8.0
"""What the search for a smaller example may cost; the smallest one so far is shown."""

_LARGEST = 2**53 - 1
"""RFC 8259 section 6: beyond it not everybody reads the same integer."""

_TEXT = st.text(max_size=12)

_SCALARS = {
    "null": st.none(),
    "boolean": st.booleans(),
    "integer": st.integers(-_LARGEST, _LARGEST),
    "number": st.floats(-1e9, 1e9),
    "string": _TEXT,
}

ANYTHING = st.recursive(
    st.one_of(*_SCALARS.values()),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXT, inner, max_size=2),
    max_leaves=4,
)
"""Any JSON value, not a large one."""


def quiet_settings(examples: int, **others: Any) -> settings:
    """What all runs of Hypothesis here have in common."""
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        verbosity=Verbosity.quiet,
        **others,
    )


class Watch:
    """Keeps the smallest failing example, and ends the search where it is of no more use.

    Hypothesis takes every exception for a failure to be shrunk, but a skipped test ends it.
    """

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._failure: tuple[Violation, list[Any]] | None = None
        self._end: Exception | None = None
        self._sent_at_failure = 0
        self._failed_at = 0.0
        self._sent = 0

    def begin(self) -> None:
        """Another example: the record begins anew."""
        record = self._probe.recording.exchanges
        self._sent += len(record)
        record.clear()
        if self._failure and (
            self._sent - self._sent_at_failure > _MOST_REQUESTS_TO_SHRINK
            or time.monotonic() - self._failed_at > _MOST_SECONDS_TO_SHRINK
        ):
            raise SkipTest("it is as small as it gets")

    @contextmanager
    def step(self) -> Iterator[None]:
        """All or a part of an example: what ends it is remembered."""
        try:
            yield
        except Violation as violation:
            # The last failing example that Hypothesis tries is the smallest one.
            if self._failure is None:
                self._sent_at_failure, self._failed_at = self._sent, time.monotonic()
            self._failure = (violation, list(self._probe.recording.exchanges))
            raise
        except (NotVerified, TargetError) as error:
            self._end = error
            raise SkipTest("nothing more can be said") from error

    @contextmanager
    def run(self) -> Iterator[None]:
        """All examples: raises what the smallest one raised, with its exchanges in the record."""
        prepare()
        try:
            yield
        except (SkipTest, Violation, Flaky):
            # Flaky: it failed and did not fail again. That it failed once is enough.
            pass
        except HypothesisException as error:
            raise RuntimeError(f"Hypothesis gave up: {type(error).__name__}") from error
        if isinstance(self._end, TargetError):
            raise self._end
        if self._failure is not None:
            violation, exchanges = self._failure
            self._probe.recording.exchanges[:] = exchanges
            raise violation
        if self._end is not None:
            raise self._end


def for_all(
    probe: Probe, strategy: st.SearchStrategy[Value], check: Callable[[Value], None], examples: int
) -> None:
    """Check so many values of a strategy; what fails is shrunk."""
    watch = Watch(probe)

    @seed(probe.random.getrandbits(64))
    @quiet_settings(examples)
    @given(strategy)
    def holds(value: Value) -> None:
        watch.begin()
        with watch.step():
            check(value)

    with watch.run():
        again_after_mismatch(holds)


def valid_bodies(contract: Contract, schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    """Bodies that the schema has no complaint about, their names marked as test data."""
    return _values(contract, schema.definition).map(_marked).filter(schema.is_valid)


def invalid_bodies(schema: Schema, plain: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Bodies with a value of a wrong type, without a required field, or of another type.

    What only a format forbids is not among them: how strict a server reads dates is its own.
    """
    names = sorted(schema.outline.get("properties", {}))

    def is_wrong(body: Any) -> bool:
        return any(one.code != "invalid_format" for one in schema.errors(body))

    changed = st.tuples(st.sampled_from(names), ANYTHING).map(lambda one: {**plain, one[0]: one[1]})
    lacking = st.sampled_from(names).map(lambda name: {k: v for k, v in plain.items() if k != name})
    return st.one_of(changed, changed, lacking, ANYTHING).filter(is_wrong)


def _marked(body: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(body.get("name"), str):
        return body
    return {**body, "name": f"{NAME_PREFIX} {body['name']}"}


def _values(contract: Contract, definition: Any) -> st.SearchStrategy[Any]:
    """Values of a schema, as far as types, formats, enumerations and properties say."""
    schema = contract.resolve_schema(definition)
    if not isinstance(schema, dict):
        return ANYTHING
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    types = list(types_of(schema)) or (["object"] if "properties" in schema else [])
    return st.one_of([_of_type(contract, schema, one) for one in types]) if types else ANYTHING


def _of_type(contract: Contract, schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
    match name:
        case "object":
            required = set(schema.get("required", ()))
            fields = {
                key: _values(contract, one) for key, one in schema.get("properties", {}).items()
            }
            return st.fixed_dictionaries(
                {key: one for key, one in fields.items() if key in required},
                optional={key: one for key, one in fields.items() if key not in required},
            )
        case "array":
            return st.lists(_values(contract, schema.get("items", {})), max_size=3)
        case "string" if schema.get("format") == "date-time":
            return _INSTANTS
        case _:
            return _SCALARS[name]


def _spelt(at: datetime, fraction: str, offset: str) -> str:
    return f"{at.isoformat(timespec='seconds')}{fraction and '.'}{fraction}{offset}"


# Far enough for every server that takes ends in the future only.
_INSTANTS = st.builds(
    _spelt,
    st.datetimes(datetime(2099, 1, 1), datetime(2999, 1, 1)),  # noqa: DTZ001 - the zone follows
    st.text(string.digits, max_size=6),
    st.sampled_from(("Z", "+00:00", "-03:00", "+05:30")),
)
