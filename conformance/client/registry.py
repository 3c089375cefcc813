"""The catalogue of requirements on clients."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from conformance.catalogue.registry import Catalogue
from conformance.catalogue.requirement import Level, Rule
from conformance.client.evidence import Evidence, Observation
from conformance.client.sabotage import Sabotage
from openapi.operation import Operation

Check = Callable[[Evidence], Iterable[Observation]]


@dataclass(frozen=True, slots=True)
class ClientRequirement(Rule):
    """A requirement on clients, judged from a journal.

    ``check`` gives one occasion for each time that the rule was put to the test, kept or broken;
    without any it is not verified. ``occasion`` says what would put it to the test, and ``preset``
    names the mock's fault that brings this about. ``sabotage`` turns a correct client's journal
    into that of clients which break the rule.
    """

    applies_to: Callable[[Operation], bool]
    occasion: str
    preset: str | None
    sabotage: Sequence[Sabotage]
    check: Check

    @property
    def wanted(self) -> str:
        """What a journal needs for this requirement to be verified."""
        shown = f"; the fault {self.preset} brings it about" if self.preset else ""
        return f"needs {self.occasion}{shown}"


CLIENT: Catalogue[ClientRequirement] = Catalogue()
"""The requirements on clients, which ``conformance.client.requirements`` loads."""


def requirement(
    *,
    id: str,  # noqa: A002 - the word that everybody uses for it
    level: Level,
    source: str,
    applies_to: Callable[[Operation], bool],
    occasion: str,
    sabotage: Sequence[Sabotage],
    preset: str | None = None,
) -> Callable[[Check], Check]:
    """Make a function the check of a requirement. Its docstring's first line is the rule."""

    def register(check: Check) -> Check:
        CLIENT.add(
            ClientRequirement(
                id=id,
                level=level,
                summary=(inspect.getdoc(check) or "").partition("\n")[0],
                source=source,
                applies_to=applies_to,
                occasion=occasion,
                preset=preset,
                sabotage=tuple(sabotage),
                check=check,
            )
        )
        return check

    return register
