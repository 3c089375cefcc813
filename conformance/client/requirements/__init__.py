"""Requirements on clients: a module is a section, a function is a requirement."""

import sys
from collections.abc import Mapping

from conformance.client.registry import CLIENT, ClientRequirement


def client_catalogue() -> Mapping[str, ClientRequirement]:
    """All requirements on clients, by id."""
    return CLIENT.load(sys.modules[__name__])
