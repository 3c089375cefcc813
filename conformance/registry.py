"""The catalogue of requirements on servers."""

import inspect
from collections.abc import Callable, Mapping, Sequence

import conformance.server
from conformance.capability import Capability
from conformance.catalogue import Catalogue
from conformance.model import Level, Requirement
from conformance.probe import Probe
from conformance.sabotage import Sabotage
from openapi.operation import Operation

Check = Callable[[Probe], None]

_catalogue: Catalogue[Requirement] = Catalogue(conformance.server)


def requirement(
    *,
    id: str,  # noqa: A002 - the word that everybody uses for it
    level: Level,
    source: str,
    applies_to: Callable[[Operation], bool],
    sabotage: Sequence[Sabotage],
    needs: Sequence[Capability] = (),
    observes_run: bool = False,
    generates: bool = False,
) -> Callable[[Check], Check]:
    """Make a function the check of a requirement. Its docstring's first line is the rule."""

    def register(check: Check) -> Check:
        _catalogue.add(
            Requirement(
                id=id,
                level=level,
                summary=(inspect.getdoc(check) or "").partition("\n")[0],
                source=source,
                applies_to=applies_to,
                needs=frozenset(needs),
                sabotage=tuple(sabotage),
                check=check,
                observes_run=observes_run,
                generates=generates,
            )
        )
        return check

    return register


def catalogue() -> Mapping[str, Requirement]:
    """All requirements on servers, by id."""
    return _catalogue.all()
