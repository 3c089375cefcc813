"""The presets of faults as a page shows them: each is one thing to be switched."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mock_server.faults.presets import ABOUT, PRESETS, FaultText


@dataclass(frozen=True, slots=True)
class ShownPreset:
    """A preset, with those of a partner's faults that are of it; it is on where one of them is."""

    name: str
    about: str
    faults: Sequence[FaultText]

    @property
    def is_on(self) -> bool:
        return any(one["enabled"] for one in self.faults)

    @property
    def fired(self) -> int:
        """How many requests it met: where several of its faults meet one, one of them meets all."""
        counts: Counter[str] = Counter()
        for one in self.faults:
            counts[json.dumps(one["action"])] += one["fired"]
        return max(counts.values(), default=0)


def shown_presets(plan: Sequence[FaultText]) -> list[ShownPreset]:
    """All presets, with the faults of a plan."""
    return [
        ShownPreset(name, ABOUT[name], [one for one in plan if one.get("preset") == name])
        for name in PRESETS
    ]
