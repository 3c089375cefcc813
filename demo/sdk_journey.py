"""The vendor's own Python SDK uses the API the way its partners do."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from demo.sdk_session import Session
from demo.sdk_steps import STEPS


@dataclass(frozen=True, slots=True)
class Step:
    """One thing the SDK did: what it was, what was seen, and whether that was right."""

    name: str
    detail: str
    passed: bool


def sdk_journey(base_url: str, client_id: str, client_secret: str) -> Iterator[Step]:
    """Drive the server at ``base_url`` step by step. A failure is a step too and never raised."""
    session = Session(base_url, client_id, client_secret)
    with closing(session.wire):
        for name, act in STEPS:
            start = len(session.wire.exchanges)
            try:
                remark, passed = act(session), True
            except Exception as error:  # noqa: BLE001 - whatever a wrong answer makes the SDK raise is the finding
                remark, passed = f"{type(error).__name__}: {error}", False
            seen = ", ".join(str(one) for one in session.wire.exchanges[start:]) or "no answer"
            yield Step(name, f"{seen}; {remark}", passed)
