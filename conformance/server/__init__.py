"""Requirements on servers: a folder is a section, a function is a requirement."""

import sys
from collections.abc import Mapping

from conformance.catalogue.registry import SERVER
from conformance.catalogue.requirement import Requirement


def catalogue() -> Mapping[str, Requirement]:
    """All requirements on servers, by id."""
    return SERVER.load(sys.modules[__name__])
