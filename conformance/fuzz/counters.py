"""What a campaign counts."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """What the live view and the verdict tell in numbers; seconds are those of all sessions."""

    requests: int = 0
    seconds: float = 0.0
    turns: int = 0
    revoked: int = 0
    unanswered: int = 0
    outcomes: dict[str, dict[str, int]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
