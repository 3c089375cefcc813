"""The verdict on a client is given whatever stands in its journal."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from conformance.catalogue.requirement import Level
from conformance.client.judging import judge
from conformance.journal.journal import Headers, JournalEntry
from conformance.report import FORMATS
from conformance.results.result import Outcome
from openapi.contract import Contract
from tests.conformance.client.journals import correct_client
from tests.conformance.mutations.answers import RawAnswer, drawn

pytestmark = pytest.mark.thorough

CONTRACT = Contract.bundled()
SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(2, 5))]
JOURNALS = 20
MOMENTS = (-62_135_596_800.0, 0.0, 253_402_300_799.0, -1.0, 1e9)
"""Of the years that a HAR can name, the first and the last."""
EVERY = 4
"""One entry in so many is mutated."""


def mutated(entry: JournalEntry, choice: random.Random) -> JournalEntry:
    of_request = choice.random() < 0.5
    status, headers, body = (
        (200, entry.request_headers, entry.request_body)
        if of_request
        else (entry.status or 0, entry.response_headers, entry.response_body)
    )
    raw = drawn(choice).apply(
        RawAnswer(status, _encoded(headers), body.encode("utf-8", "surrogatepass"))
    )
    text = raw.body.decode("utf-8", choice.choice(["surrogateescape", "replace"]))
    if of_request:
        found: dict[str, Any] = {"request_headers": _decoded(raw.headers), "request_body": text}
    else:
        found = {
            "status": raw.status or None, "response_headers": _decoded(raw.headers),
            "response_body": text,
        }  # fmt: skip
    if choice.random() < 0.1:
        found |= {"started": choice.choice(MOMENTS), "seconds": choice.choice([0.0, 1e9, -1.0])}
    return replace(entry, **found)


def _encoded(headers: Headers) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.encode(), value.encode()) for name, value in headers)


def _decoded(headers: Sequence[tuple[bytes, bytes]]) -> Headers:
    return tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_verdict_on_a_client_is_given(seed: int) -> None:
    choice = random.Random(seed)
    for number in range(JOURNALS):
        entries = [
            one if choice.randrange(EVERY) else mutated(one, choice)
            for one in correct_client(number)
        ]
        verdict = judge(entries, CONTRACT, Level.SHOULD)
        errors = [(one.name, one.actual) for one in verdict.having(Outcome.ERROR)]
        assert not errors, (seed, number, errors)
        for write in FORMATS.values():
            assert write(verdict)
