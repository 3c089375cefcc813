"""What the clients were told, key by key."""

from collections import Counter
from dataclasses import dataclass, field

from tests.violence.connection import Answer
from tests.violence.plan import Plan


@dataclass
class Ledger:
    """The answers to a plan. ``plan`` says what was asked with each key."""

    plan: Plan
    # Answers hold secrets, so that a failing test must not show them.
    answers: list[list[Answer]] = field(init=False, repr=False)
    """The answers to each key that confirm its create, in the order in which they came."""
    refused: list[tuple[int, Answer]] = field(default_factory=list, repr=False)
    """What else was answered, with the index of the key."""
    unheard: Counter[int] = field(default_factory=Counter)
    """How often a request with a key was sent and its outcome not told."""
    cut: int = 0
    """How many connections ended under a request."""
    half: int = 0
    """How many of those ended within an answer."""
    outages: int = 0
    """How many requests were answered that the store is away, where that is allowed."""
    confirmed: int = 0
    """How many creates were confirmed; a final replay is none."""

    def __post_init__(self) -> None:
        self.answers = [[] for _ in range(self.plan.keys)]

    def note_cut(self, index: int, *, begun: bool) -> None:
        """A connection ended under a request with this key."""
        self.unheard[index] += 1
        self.cut += 1
        self.half += begun

    def note_outage(self, index: int) -> None:
        """The store was away: the create may have happened or not."""
        self.unheard[index] += 1
        self.outages += 1
