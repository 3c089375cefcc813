"""The ledger of answers that clients received, by idempotency key."""

from collections import Counter
from dataclasses import dataclass, field

from tests.violence.connection import Answer
from tests.violence.plan import Plan


@dataclass
class Ledger:
    """The answers to the requests of ``plan``."""

    plan: Plan
    # Answers hold secrets, so that a failing test must not show them.
    answers: list[list[Answer]] = field(init=False, repr=False)
    """The answers to each key that confirm its create, in the order in which they came."""
    refused: list[tuple[int, Answer]] = field(default_factory=list, repr=False)
    """All other answers, with the index of the key."""
    unheard: Counter[int] = field(default_factory=Counter)
    """Requests with each key whose outcome is unknown."""
    cut: int = 0
    """Connections that ended during a request."""
    half: int = 0
    """Those of them that ended within an answer."""
    outages: int = 0
    """Requests answered with the documented error of an unavailable store."""
    confirmed: int = 0
    """Confirmed creates, without final replays."""

    def __post_init__(self) -> None:
        self.answers = [[] for _ in range(self.plan.keys)]

    def note_cut(self, index: int, *, begun: bool) -> None:
        """Count a connection that ended during a request with this key."""
        self.unheard[index] += 1
        self.cut += 1
        self.half += begun

    def note_outage(self, index: int) -> None:
        """Count an unavailable store: the create may have happened or not."""
        self.unheard[index] += 1
        self.outages += 1
