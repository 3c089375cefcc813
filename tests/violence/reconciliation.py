"""All expectations on the answers of a store that loses nothing.

A key lives for 24 hours. Each ledger is one such life of the keys: usually there is one, and a
second where the partner's clock was moved beyond the first.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.violence.connection import Answer
from tests.violence.ledger import Ledger

_SECRET = "client_secret"


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken expectation. ``key`` is the key's index; messages show no key and no secret."""

    rule: str
    key: int | None
    expected: str
    actual: str

    def __str__(self) -> str:
        about = "" if self.key is None else f" (key #{self.key})"
        return f"{self.rule}{about}: expected {self.expected}, actual {self.actual}"


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The result of a run: its counts and its violations."""

    violations: list[Violation]
    listed: int
    lost: int
    """Confirmed creates that are not listed."""
    made_twice: int
    """Keys with more than one resource in one life of theirs, and resources listed twice."""
    compared: int
    """Answers that were compared with the first to their key."""


def reconcile(listed: Sequence[dict[str, Any]], *lives: Ledger) -> Reconciliation:
    """Hold the list of all credentials against what was answered."""
    violations = [violation for ledger in lives for violation in _answers(ledger)]
    made = [
        (index, resource)
        for ledger in lives
        for index, answers in enumerate(ledger.answers)
        for resource in _resources(answers).values()
    ]
    times = Counter(str(one["id"]) for one in listed)
    shown = {str(one["id"]): one for one in listed}
    lost = [(index, one) for index, one in made if one["id"] not in times]
    several = [
        (index, count)
        for ledger in lives
        for index, answers in enumerate(ledger.answers)
        if (count := len(_resources(answers))) > 1
    ]
    repeated = [(index, times[one["id"]]) for index, one in made if times[one["id"]] > 1]
    violations += [
        *(Violation("confirmed is listed", key, "listed once", "not listed") for key, _ in lost),
        *(
            Violation("one key, one resource", key, "1 resource", f"{count} resources")
            for key, count in several
        ),
        *(
            Violation("confirmed is listed", key, "listed once", f"listed {count} times")
            for key, count in repeated
        ),
        *_differences(made, shown),
        *_strangers(made, times),
        *_shared(made),
    ]
    keys = sum(ledger.plan.keys for ledger in lives)
    if len(listed) != keys:
        violations.append(
            Violation("as many resources as keys", None, f"{keys} listed", f"{len(listed)} listed")
        )
    compared = sum(max(0, len(one) - 1) for ledger in lives for one in ledger.answers)
    return Reconciliation(
        violations, len(listed), len(lost), len(several) + len(repeated), compared
    )


def _answers(ledger: Ledger) -> Iterator[Violation]:
    for index, answer in ledger.refused:
        yield Violation(
            "a create is answered 201", index, "201", f"{answer.status} {_code(answer)}"
        )
    for index, answers in enumerate(ledger.answers):
        if not answers:
            yield Violation("every key is confirmed", index, "an answer 201", "none")
            continue
        yield from _identical(index, answers)
        yield from _marked(index, answers, ledger.unheard[index])
        yield from _as_asked(index, answers[0], ledger.plan.asked(index))


def _identical(index: int, answers: Sequence[Answer]) -> Iterator[Violation]:
    first = answers[0]
    for number, answer in enumerate(answers[1:], 2):
        if (answer.body, answer.media_type) != (first.body, first.media_type):
            actual = f"answer {number} of {len(answers)} differs {_where(first, answer)}"
            yield Violation("every answer is the first one", index, "the same bytes", actual)


def _where(first: Answer, other: Answer) -> str:
    if first.media_type != other.media_type:
        return "in its media type"
    pairs = enumerate(zip(first.body, other.body, strict=False))
    at = next((place for place, (one, two) in pairs if one != two), None)
    if at is None:
        return f"in length ({len(first.body)} and {len(other.body)} bytes)"
    return f"at byte {at}"


def _marked(index: int, answers: Sequence[Answer], unheard: int) -> Iterator[Violation]:
    fresh = sum(not answer.replayed for answer in answers)
    rule = "replays are marked"
    if fresh > 1:
        yield Violation(rule, index, "1 answer that is no replay", f"{fresh} of {len(answers)}")
    if fresh == 0 and not unheard:
        yield Violation(rule, index, "1 answer that is no replay", "none, and no answer was lost")


def _as_asked(index: int, answer: Answer, asked: dict[str, Any]) -> Iterator[Violation]:
    told = json.loads(answer.body)
    wrong = [
        name for name in ("name", "expires_at") if told.get(name, "missing") != asked.get(name)
    ]
    if wrong:
        yield Violation("what was asked is made", index, "as sent", f"another {', '.join(wrong)}")


def _resources(answers: Sequence[Answer]) -> dict[str, dict[str, Any]]:
    """The resources that a key was answered with, by their ids."""
    # Most answers are the same bytes: each is read once.
    told = [json.loads(body) for body in {answer.body for answer in answers}]
    return {str(one["id"]): one for one in told}


def _differences(
    made: Sequence[tuple[int, dict[str, Any]]], shown: dict[str, dict[str, Any]]
) -> Iterator[Violation]:
    for index, told in made:
        listed = shown.get(told["id"])
        expected = {name: value for name, value in told.items() if name != _SECRET}
        if listed is not None and listed != expected:
            names = expected.keys() | listed.keys()
            wrong = sorted(one for one in names if expected.get(one) != listed.get(one))
            actual = f"another {', '.join(wrong)}"
            yield Violation("listed as it was answered", index, "the same fields", actual)


def _strangers(
    made: Sequence[tuple[int, dict[str, Any]]], times: Counter[str]
) -> Iterator[Violation]:
    known = {one["id"] for _, one in made}
    strange = [one for one in times if one not in known]
    if strange:
        rule, actual = "all that is listed was answered", f"{len(strange)} that no answer names"
        yield Violation(rule, None, "nothing else", actual)


def _shared(made: Sequence[tuple[int, dict[str, Any]]]) -> Iterator[Violation]:
    """One resource that was answered to several keys, or to one key in two of its lives."""
    uses = Counter(one["id"] for _, one in made)
    for index, one in made:
        if uses[one["id"]] > 1:
            actual = f"answered to {uses[one['id']]}"
            yield Violation("a resource has one key", index, "its own resource", actual)


def _code(answer: Answer) -> str:
    try:
        return str(json.loads(answer.body).get("code"))
    except (ValueError, AttributeError):
        return "without a problem"
