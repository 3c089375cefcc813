"""The catalogue: every requirement, found by looking, in the order of their ids."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import conformance.server
from conformance.capability import Capability
from conformance.model import Level, Requirement
from conformance.probe import Probe
from conformance.sabotage import Sabotage
from openapi.operation import Operation

Check = Callable[[Probe], None]

_found: dict[str, Requirement] = {}


class DuplicateRequirement(Exception):
    """Two requirements claim one id."""


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
        if id in _found:
            raise DuplicateRequirement(f"{id} is claimed twice")
        summary = (inspect.getdoc(check) or "").partition("\n")[0]
        _found[id] = Requirement(
            id=id,
            level=level,
            summary=summary,
            source=source,
            applies_to=applies_to,
            needs=frozenset(needs),
            sabotage=tuple(sabotage),
            check=check,
            observes_run=observes_run,
            generates=generates,
        )
        return check

    return register


@cache
def catalogue() -> Mapping[str, Requirement]:
    """All requirements on servers, by id."""
    for module in pkgutil.iter_modules(conformance.server.__path__, "conformance.server."):
        importlib.import_module(module.name)
    return dict(sorted(_found.items()))
