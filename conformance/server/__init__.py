"""Requirements on servers: a folder is a section, a function is a requirement."""

import sys
from collections.abc import Mapping
from functools import cache

from conformance.catalogue.registry import SERVER, Judges
from conformance.catalogue.requirement import Requirement


def catalogue() -> Mapping[str, Requirement]:
    """All requirements on servers, by id."""
    return SERVER.load(sys.modules[__name__])


@cache
def judges() -> Judges:
    """All judges of one exchange, of all requirements on servers."""
    return Judges(catalogue().values())
