"""Coverage of the contract: statuses, parameters, fields and transitions, counted by exchange."""

import json
import re
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from conformance.target.exchange import Answer, Request
from openapi.contract import Contract
from openapi.operation import Operation
from openapi.schema import FieldError

_REMEMBERED = 5000
"""Resources and keys whose last state is known; older ones are forgotten."""

_MOST_KEYWORDS = 1000

KEYWORDS = {
    "missing_required_field": "required",
    "invalid_type": "type",
    "invalid_format": "format",
    "invalid_value": "value",
    "unknown_field": "unknown",
}
"""What is said against a field, in one word, by the code of its error."""

NO_JSON, VALID = "no JSON", "valid"

_INDEX = re.compile(r"\[\d+\]")
_UNKNOWN = "…"
"""Stands for all names that the contract does not know: there is no end of them."""


class Coverage:
    """Operations and their statuses, parameters, schema keywords, and transitions of state.

    A keyword counts when a request was against it; ``valid`` when one was against none. A
    transition is what happened to one key or resource, and what happened to it next.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._lock = threading.Lock()
        self._last: OrderedDict[str, str] = OrderedDict()
        self.statuses: Counter[str] = Counter()
        self.parameters: Counter[str] = Counter()
        self.keywords: Counter[str] = Counter()
        self.transitions: Counter[str] = Counter()
        self.requirements: Counter[str] = Counter()

    def met(self, request: Request, answer: Answer) -> None:
        """Count one exchange."""
        operation = next(
            (one for one in self._contract.operations.values() if request.is_for(one)), None
        )
        if operation is None:
            return
        keywords = _keywords(operation, request)
        with self._lock:
            self.statuses[f"{operation.id} {answer.status}"] += 1
            self._parameters(operation, request)
            for one in keywords:
                # A contract may let clients name members, and there is no end of such names.
                if one in self.keywords or len(self.keywords) < _MOST_KEYWORDS:
                    self.keywords[one] += 1
            self._transition(operation, request, answer)

    def tried(self, requirement_id: str) -> None:
        """A requirement was checked."""
        with self._lock:
            self.requirements[requirement_id] += 1

    def _parameters(self, operation: Operation, request: Request) -> None:
        asked = parse_qsl(request.path.partition("?")[2], keep_blank_values=True)
        query = {name for name, _ in asked}
        headers = {name.lower() for name, _ in request.headers}
        for one in operation.parameters:
            given = query if one.location == "query" else headers
            if one.location == "path" or one.name in given or one.name.lower() in headers:
                self.parameters[f"{operation.id} {one.name}"] += 1

    def _transition(self, operation: Operation, request: Request, answer: Answer) -> None:
        path = request.path.partition("?")[0]
        names = [f"{request.partner} {request.key}"] if request.key else []
        made = answer.field("client_id") if request.method == "POST" else None
        names += [str(made)] if made else []
        names += [path.rpartition("/")[2]] if "{" in operation.path else []
        event = f"{operation.id} {answer.status}"
        before = {self._last[name] for name in names if name in self._last}
        self.transitions.update(f"{one} → {event}" for one in before)
        for name in names:
            self._last[name] = event
            self._last.move_to_end(name)
        while len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)

    @property
    def answered(self) -> dict[str, set[int]]:
        """The statuses seen in the run, by operation id."""
        found: dict[str, set[int]] = {}
        for one in list(self.statuses):
            operation, _, status = one.partition(" ")
            found.setdefault(operation, set()).add(int(status))
        return found

    def line(self) -> str:
        """The coverage in one line of numbers."""
        operations = {one.partition(" ")[0] for one in self.statuses}
        parts = {
            "operations": f"{len(operations)}/{len(self._contract.operations)}",
            "statuses": len(self.statuses),
            "requirements": len(self.requirements),
            "keywords": len(self.keywords),
            "parameters": len(self.parameters),
            "transitions": len(self.transitions),
        }
        return ", ".join(f"{name} {count}" for name, count in parts.items())

    def state(self) -> dict[str, dict[str, int]]:
        """To be kept, and given to :meth:`restore`."""
        with self._lock:
            return {name: dict(sorted(getattr(self, name).items())) for name in _COUNTED}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Add to what was counted before."""
        for name in _COUNTED:
            getattr(self, name).update(state.get(name, {}))


_COUNTED = ("statuses", "parameters", "keywords", "transitions", "requirements")


def _keywords(operation: Operation, request: Request) -> Iterable[str]:
    body = operation.request_body
    media_type = body.accepts("application/json") if body else None
    if media_type is None or media_type.schema is None or not request.body:
        return set()
    try:
        errors = list(media_type.schema.errors(json.loads(request.body)))
    except (ValueError, RecursionError):
        return {f"{operation.id} {NO_JSON}"}
    found = {f"{operation.id} {_field(one)} {KEYWORDS[one.code]}" for one in errors[:5]}
    return found or {f"{operation.id} {VALID}"}


def _field(error: FieldError) -> str:
    """Its name, without what there may be any number of."""
    return _UNKNOWN if KEYWORDS[error.code] == "unknown" else _INDEX.sub("[]", error.param)
