"""Generated test data: Hypothesis and Schemathesis, loaded at first use.

Both libraries take half a second and 60 MB, which ``list``, ``explain`` and ``--help`` do not need:
requirements say ``from conformance import generation`` and ``generation.for_all(…)``.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.generation.any_order import in_any_order as in_any_order
    from conformance.generation.corpus import corpus_in as corpus_in
    from conformance.generation.engine import failures as failures
    from conformance.generation.oddities import changes as changes
    from conformance.generation.oddities import odd_bodies as odd_bodies
    from conformance.generation.oddities import odd_framings as odd_framings
    from conformance.generation.oddities import odd_headers as odd_headers
    from conformance.generation.search import for_all as for_all
    from conformance.generation.shared_corpus import SharedCorpus as SharedCorpus
    from conformance.generation.strategies import bodies_near as bodies_near
    from conformance.generation.strategies import invalid_bodies as invalid_bodies
    from conformance.generation.strategies import valid_bodies as valid_bodies

_MODULES = {
    "any_order": {"in_any_order"},
    "corpus": {"corpus_in"},
    "engine": {"failures"},
    "oddities": {"changes", "odd_bodies", "odd_framings", "odd_headers"},
    "search": {"for_all"},
    "strategies": {"bodies_near", "invalid_bodies", "valid_bodies"},
}


def load() -> None:
    """Import all generators now, best before any thread starts."""
    for module in _MODULES:
        importlib.import_module(f"{__name__}.{module}")


def __getattr__(name: str) -> Any:
    # The shared corpus imports a Redis client, so load() leaves it out.
    modules = {**_MODULES, "shared_corpus": {"SharedCorpus"}}
    module = next((module for module, names in modules.items() if name in names), None)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    load()
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
