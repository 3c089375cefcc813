"""Transient answers of a run: those that did not come again when a request was repeated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from conformance.target.exchange import NO_ANSWER, Request
from conformance.target.transient import Transients
from dinie_contract.output import shown
from openapi.contract import Contract

_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class TransientReport:
    """The transient answers of a run: their number by operation and status, and when they came.

    ``first`` and ``last`` are seconds since the epoch. An operation is named by its id, and
    anything else by its method and path. ``resent`` requests were sent again, for the connection
    that was kept for them was closed.
    """

    counts: Sequence[tuple[str, int, int]]
    first: float
    last: float
    resent: int = 0

    @property
    def line(self) -> str:
        """The report in one line, fit to be shown."""
        sent_again = (
            f"{self.resent} requests were sent again: a kept connection was closed under them"
        )
        if not self.counts:
            return sent_again
        number = sum(count for *_, count in self.counts)
        kinds = [
            f"{'no answer' if status == NO_ANSWER else status} to {name}"
            + (f" ({count} times)" if count > 1 else "")
            for name, status, count in self.counts[:_MOST_SHOWN]
        ]
        more = len(self.counts) - len(kinds)
        kinds += [f"{more} more kinds"] if more else []
        times = dict.fromkeys(_clock(one) for one in (self.first, self.last))
        return shown(
            f"{number} transient {'answer' if number == 1 else 'answers'}, each another on the"
            f" next try: {', '.join(kinds)}; {' to '.join(times)}"
            + (f"; {sent_again}" if self.resent else "")
        )

    @property
    def as_json(self) -> Mapping[str, Any]:
        """The report as a member of the JSON report."""
        times = {"first": self.first, "last": self.last} if self.counts else {}
        return {
            "answers": [
                {"operation": name, "status": status, "count": count}
                for name, status, count in self.counts
            ],
            **{name: datetime.fromtimestamp(one, UTC).isoformat() for name, one in times.items()},
            **({"sent_again": self.resent} if self.resent else {}),
        }


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S UTC")


def transient_report(contract: Contract, found: Transients) -> TransientReport | None:
    """The report on what was transient; None where nothing was."""
    if not (found.count or found.resent):
        return None
    counts: dict[tuple[str, int], int] = {}
    for (method, path, status), count in sorted(found.kinds.items()):
        request = Request(method, path)
        operations = contract.operations.values()
        ids = (one.id for one in operations if request.is_for(one))
        key = next(ids, f"{method} {path}"), status
        counts[key] = counts.get(key, 0) + count
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    shown_counts = [(*key, count) for key, count in ordered]
    return TransientReport(shown_counts, found.first, found.last, found.resent)
