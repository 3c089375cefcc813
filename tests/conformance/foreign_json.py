"""JSON documents as an enemy writes them: any member deleted, added or replaced by any value."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

HOSTILE_TEXTS = (
    "", " ", "\0", "\n", "\x1b[31m", "\u202e", "\ud800", "\udcff", "\\", "'", '"', '"""', "'''",
    '"""\nimport os\n"""', "';import os;'", "#", "{}", "{0}", "%s", "«id 0»", "«last 999999»",
    "«id 99999999999999999999»", "«key 1»", "8/steal", "@host/", "//host/", "\\\\host", "/..;/",
    "http://user:pw@127.0.0.1:1/", "http://[/", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
    "2026-01-01T00:00:00+00:00", "x" * 5000,
)  # fmt: skip


def _nested() -> Any:
    value: Any = 1
    for _ in range(400):
        value = [value]
    return value


_FRESH: tuple[Callable[[], Any], ...] = (list, dict, lambda: [[]], lambda: {"": {}}, _nested)
"""Each is made anew, for a later change may be in it."""

HOSTILE = (
    *HOSTILE_TEXTS, None, True, False, 0, -1, 1, 2, 1.0, 0.5, 1e308, float("inf"), float("nan"),
    10**20, 10**400, -(10**400),
)  # fmt: skip

VALUES = (
    st.sampled_from(HOSTILE)
    | st.sampled_from(_FRESH).map(lambda make: make())
    | st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(st.characters(), max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
        ),
        max_leaves=5,
    )
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else ()
    for step, one in members if isinstance(value, dict) else enumerate(value):
        yield (*path, step)
        if isinstance(one, dict | list) and len(path) < 10:
            yield from _places(one, (*path, step))


@st.composite
def mutated(draw: st.DrawFn, document: Any) -> str:
    """The text of a document with one to three members changed."""
    changed = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(changed))
        if not places:
            break
        *path, last = draw(st.sampled_from(places))
        parent = changed
        for step in path:
            parent = parent[step]
        match draw(st.sampled_from(("replace", "replace", "replace", "delete", "add"))):
            case "delete":
                del parent[last]
            case "add" if isinstance(parent, dict):
                parent[draw(st.sampled_from(HOSTILE_TEXTS) | st.text(max_size=8))] = draw(VALUES)
            case "add":
                parent.append(draw(VALUES))
            case _:
                parent[last] = draw(VALUES)
    return json.dumps(changed)
