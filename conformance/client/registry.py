"""The catalogue of requirements on clients."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from conformance.catalogue.registry import Catalogue
from conformance.catalogue.requirement import Level, Rule
from conformance.client.evidence import Evidence, Observation
from conformance.client.sabotage import Sabotage
from conformance.probe.applicability import every
from openapi.operation import Operation

Check = Callable[[Evidence], Iterable[Observation]]


@dataclass(frozen=True, slots=True)
class ClientRequirement(Rule):
    """A requirement on clients, judged from a journal.

    ``check`` gives an observation for each time that the traffic put the rule to the test; without
    any the rule is not verified. ``occasion`` says what puts it to the test, ``preset`` names the
    fault of the mock that brings this about, and ``sabotage`` are changes that the check must find.
    """

    applies_to: Callable[[Operation], bool]
    occasion: str
    preset: str | None
    sabotage: Sequence[Sabotage]
    check: Check

    @property
    def wanted(self) -> str:
        """The traffic that a journal needs for this requirement to be verified."""
        shown = f"; the preset {self.preset} causes it" if self.preset else ""
        return f"needs {self.occasion}{shown}"


CLIENT: Catalogue[ClientRequirement] = Catalogue()
"""The requirements on clients, which ``conformance.client.requirements`` loads."""


def requirement(
    *,
    id: str,  # noqa: A002 - the word that everybody uses for it
    level: Level,
    source: str,
    mend: str,
    occasion: str,
    sabotage: Sequence[Sabotage],
    applies_to: Callable[[Operation], bool] = every,
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
                mend=mend,
                applies_to=applies_to,
                occasion=occasion,
                preset=preset,
                sabotage=tuple(sabotage),
                check=check,
            )
        )
        return check

    return register
