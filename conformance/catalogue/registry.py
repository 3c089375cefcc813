"""The catalogue of requirements on servers."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Generic, TypeVar

from conformance.catalogue.requirement import Level, Requirement, Rule
from conformance.catalogue.sabotage import Sabotage
from conformance.probe.probe import Probe
from conformance.target.capabilities import Capability
from openapi.operation import Operation

R = TypeVar("R", bound=Rule)


class DuplicateRequirement(Exception):
    """Two requirements claim one id."""


class Catalogue(Generic[R]):
    """The requirements of one kind, each registered by a module of one package."""

    def __init__(self) -> None:
        self._found: dict[str, R] = {}
        self._loaded = False

    def add(self, requirement: R) -> None:
        """Take one in; raises :class:`DuplicateRequirement`."""
        if requirement.id in self._found:
            raise DuplicateRequirement(f"{requirement.id} is claimed twice")
        self._found[requirement.id] = requirement

    def load(self, package: ModuleType) -> Mapping[str, R]:
        """All requirements by id; imports every module of ``package``, at any depth, once."""
        if not self._loaded:
            for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
                importlib.import_module(module.name)
            self._found = dict(sorted(self._found.items()))
            self._loaded = True
        return self._found


Check = Callable[[Probe], None]

SERVER: Catalogue[Requirement] = Catalogue()
"""The requirements on servers, which ``conformance.server`` loads."""


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
        SERVER.add(
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
