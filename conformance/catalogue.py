"""A catalogue of requirements: found by looking, in the order of their ids."""

import importlib
import pkgutil
from collections.abc import Mapping
from types import ModuleType
from typing import Generic, TypeVar

from conformance.model import Rule

R = TypeVar("R", bound=Rule)


class DuplicateRequirement(Exception):
    """Two requirements claim one id."""


class Catalogue(Generic[R]):
    """The requirements of one kind, each in a module of one package."""

    def __init__(self, package: ModuleType) -> None:
        self._package = package
        self._found: dict[str, R] = {}
        self._looked = False

    def add(self, requirement: R) -> None:
        """Take one in; raises :class:`DuplicateRequirement`."""
        if requirement.id in self._found:
            raise DuplicateRequirement(f"{requirement.id} is claimed twice")
        self._found[requirement.id] = requirement

    def all(self) -> Mapping[str, R]:
        """All of them, by id."""
        if not self._looked:
            for module in pkgutil.iter_modules(
                self._package.__path__, f"{self._package.__name__}."
            ):
                importlib.import_module(module.name)
            self._found = dict(sorted(self._found.items()))
            self._looked = True
        return self._found
