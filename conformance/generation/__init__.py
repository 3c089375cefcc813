"""Generated test data: Hypothesis and Schemathesis, loaded at first use.

Both libraries take half a second and 60 MB, which ``list``, ``explain`` and ``--help`` do not need:
requirements say ``from conformance import generation`` and ``generation.for_all(…)``.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.generation.any_order import in_any_order
    from conformance.generation.corpus import corpus_in
    from conformance.generation.engine import findings
    from conformance.generation.oddities import changes, odd_bodies, odd_framings, odd_headers
    from conformance.generation.search import for_all
    from conformance.generation.shared_corpus import SharedCorpus
    from conformance.generation.strategies import invalid_bodies, valid_bodies

__all__ = [
    "SharedCorpus",
    "changes",
    "corpus_in",
    "findings",
    "for_all",
    "in_any_order",
    "invalid_bodies",
    "load",
    "odd_bodies",
    "odd_framings",
    "odd_headers",
    "valid_bodies",
]

_PLACES = {
    "changes": "oddities",
    "corpus_in": "corpus",
    "findings": "engine",
    "for_all": "search",
    "in_any_order": "any_order",
    "invalid_bodies": "strategies",
    "odd_bodies": "oddities",
    "odd_framings": "oddities",
    "odd_headers": "oddities",
    "valid_bodies": "strategies",
}

_FEW_NEED = {"SharedCorpus": "shared_corpus"}
"""Loaded apart from the others: it imports a Redis client."""


def load() -> None:
    """Import all generators now, best before any thread starts."""
    for place in sorted(set(_PLACES.values())):
        importlib.import_module(f"{__name__}.{place}")


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name) or _FEW_NEED.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    load()
    return getattr(importlib.import_module(f"{__name__}.{place}"), name)
