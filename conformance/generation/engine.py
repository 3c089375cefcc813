"""The one adapter to Schemathesis' engine (pinned: :mod:`schemathesis.engine` is not public).

The engine runs as it is, with its phases (examples, coverage, fuzzing) and its checks; only its
transport is another one, which sends by the harness. So its requests are paced, sabotaged and
redacted like all others, its own session never opens a connection, and the base URL ``/`` lets
it skip its probing, the one thing that it would not send by a transport. It goes on after a
failure, so that one run serves all requirements on an operation: each takes the failures of its
check. What a request cannot carry here is changed on the way: it gets the partner's token, a
fresh idempotency key (the same seed would replay the keys of the last run), and a name that is
marked as test data.

``positive_data_acceptance`` is left out: it accuses a server that refuses well-formed data by a
rule that the contract does not state. So are the checks of methods, authentication and resource
order, which have sections of their own, and operations that end things: a generated id might
name somebody's.
"""

import copy
import importlib
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit
from weakref import WeakKeyDictionary

import requests
import schemathesis
from schemathesis.core.transport import Response
from schemathesis.engine import Status, events, from_schema
from schemathesis.transport.requests import REQUESTS_TRANSPORT, RequestsTransport

from conformance.generation.isolation import generating, others_generate
from conformance.probe.applicability import needs_bearer_token
from conformance.probe.bodies import marked
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.target.errors import TargetError
from conformance.target.exchange import (
    NO_ANSWER,
    Answer,
    Request,
    UnsendableRequest,
    path_of,
    pattern_of,
)
from conformance.target.json_documents import parse
from conformance.target.target import Target
from openapi.operation import is_greedy
from openapi.paths import as_sent
from openapi.schema import validatable

EXAMPLES = 12
"""Of the fuzzing phase; coverage adds about 25 requests for an operation, examples a few."""

BODIES = "response_schema_conformance"
"""The check that Schemathesis is not asked for: it refuses some of the schemas of OpenAPI 3.1.

It rewrites them for an older draft, as ``items`` beside ``prefixItems``. So the requirement's own
judge looks at each exchange.
"""

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    BODIES,
    "response_headers_conformance",
    "negative_data_rejection",
)

_MOST_UNENDING = 3
"""Cases without an answer, or without its end, after which no more are sent: each takes long."""

_OWN_HEADERS = frozenset(
    {
        "user-agent", "accept", "accept-encoding", "connection", "content-length", "host",
        "x-schemathesis-testcaseid",
    }
)  # fmt: skip
"""Headers that Schemathesis adds, or that the harness sets itself."""

for _name in (
    "openapi.loaders", "engine.core", "engine._check_context", "engine.run.analysis",
    "engine.run.auth_bootstrap", "engine.run.probes", "engine.run.stateful", "engine.run.unit",
    "engine.run.cache", "specs.openapi.schemas", "specs.openapi.checks",
    "specs.openapi._hypothesis", "specs.openapi.coverage", "specs.openapi.negative",
    "specs.openapi.examples", "specs.openapi.stateful",
):  # fmt: skip
    # It would import these in its worker thread, in a circle with what others import just then.
    importlib.import_module(f"schemathesis.{_name}")


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed check of Schemathesis, and the exchange that it failed on."""

    check: str
    request: Request
    answer: Answer


@dataclass(frozen=True, slots=True)
class _Exploration:
    """Failures found by one run of the engine, and the reason of an early end, if any."""

    failures: Sequence[Failure]
    answered: Sequence[Failure]
    """Every exchange, for the check that judges by the contract's schemas alone."""
    stopped: NotVerified | None


@dataclass(slots=True)
class _Explored:
    """The last exploration of an operation, and the seed and the effort that it was made by.

    Whoever asks meanwhile waits for it by its lock, and makes none of its own.
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    made_by: tuple[int, int] | None = None
    found: _Exploration | None = None


_explored: WeakKeyDictionary[Target, defaultdict[str, _Explored]] = WeakKeyDictionary()
_explored_lock = threading.Lock()


def failures(probe: Probe, check: str) -> Iterator[Failure]:
    """Failures of one check of Schemathesis on the operation, the smallest request first.

    The engine runs once for each target and operation, and again for another seed or effort. Where
    it ended early, such as by a limit that is not worth waiting for, :class:`NotVerified` is raised
    after the last one: that none of those is a violation says nothing of what was not sent.
    """
    if check not in CHECKS:
        raise ValueError(f"{check} is no check that is asked of Schemathesis")
    with _explored_lock:
        explored = _explored.setdefault(probe.target, defaultdict(_Explored))[probe.operation.id]
    made_by = (probe.seed, probe.budget.times)
    with explored.lock:
        if explored.found is None or explored.made_by != made_by:
            with generating():
                explored.made_by, explored.found = made_by, _explore(probe)
        exploration = explored.found
    every = exploration.answered if check == BODIES else exploration.failures
    found = [one for one in every if one.check == check]
    found.sort(key=lambda one: len(one.request.path) + len(one.request.body))
    return _to_the_end(found, exploration.stopped)


def _to_the_end(found: list[Failure], stopped: NotVerified | None) -> Iterator[Failure]:
    yield from found
    if stopped:
        raise NotVerified(str(stopped))


def _explore(probe: Probe) -> _Exploration:
    transport = _Transport(probe)
    document = {**copy.deepcopy(probe.contract.document), "servers": [{"url": "/"}]}
    document["paths"] = {_template(path): one for path, one in document["paths"].items()}
    configuration = schemathesis.Config.from_dict(_configuration(probe))
    schema = schemathesis.openapi.from_dict(document, config=configuration)
    # The transport is a property of the class, made from the app that there is none of.
    # What Schemathesis would warn of in the contract, each search would look for again.
    changed = {"transport": transport, "iter_schema_warnings": lambda _: []}
    schema.__class__ = type("Schema", (type(schema),), changed)
    documented = probe.operation.path.removeprefix(as_sent(probe.operation.prefix))
    chosen = schema.include(path=_template(documented), method=probe.operation.method)
    found: list[Failure] = []
    stream = from_schema(chosen).execute()
    transport.on_stop = stream.stop
    for event in stream:
        if isinstance(event, events.FatalError):
            raise event.exception
        if isinstance(event, events.NonFatalError):
            # It did less than it should: that is no pass. An odd answer may be the reason.
            reason = f"Schemathesis gave up: {type(event.value).__name__}"
            transport.stopped = transport.stopped or NotVerified(reason)
        if not isinstance(event, events.ScenarioFinished):
            continue
        for case_id, checks in event.recorder.checks.items():
            exchange = transport.exchanges.get(case_id)
            failed = [one.name for one in checks if one.status is Status.FAILURE]
            found += [Failure(name, *exchange) for name in failed if exchange]
    stopped = transport.stopped
    if isinstance(stopped, TargetError):
        raise stopped
    if not transport.exchanges and not stopped:
        raise RuntimeError("Schemathesis sent nothing")
    answered = [Failure(BODIES, *one) for one in transport.exchanges.values()]
    return _Exploration(found, answered, stopped)


def _template(path: str) -> str:
    """A path as Schemathesis sends it: encoded, and without the mark of the rest of a path."""
    return as_sent(f"{path[:-2]}}}" if is_greedy(path) else path)


def _configuration(probe: Probe) -> dict[str, Any]:
    off = {"enabled": False}
    # What sends the same each time need not be sent deeper than the gate.
    same = {"enabled": probe.budget.times == 1}
    return {
        "seed": probe.seed,
        "workers": 1,
        "continue-on-failure": True,
        "cache": off,
        "generation": {
            "mode": "all",
            "max-examples": EXAMPLES * probe.budget.times,
            "database": "none",
        },
        "checks": {"enabled": False, **{name: {"enabled": name != BODIES} for name in CHECKS}},
        "phases": {
            "examples": same,
            "coverage": {
                **same,
                "unexpected-methods": [],
                "extra-data-sources": {"responses": False},
            },
            "fuzzing": {"extra-data-sources": {"responses": False}, "error-feedback": off},
            "stateful": off,
        },
    }


_FAILED = Answer(500)
_NOT_SENT = Answer(400)
"""Stand-in answers for Schemathesis: for no answer, and for a case that was not sent."""


class _Response(Response):
    """A response whose body is read as JSON within the bounds of the harness.

    Beyond them Schemathesis, or its validator, would fail instead of the target.
    """

    def json(self) -> object:
        try:
            return validatable(parse(self.content))
        except ValueError as error:
            raise json.JSONDecodeError(str(error), "", 0) from error


class _Transport(RequestsTransport):
    """Transport that sends by the harness and records exchanges by the id of Schemathesis' case."""

    def __init__(self, probe: Probe) -> None:
        super().__init__()
        self._copy_serializers_from(REQUESTS_TRANSPORT)
        # With a record of its own: only what is found wrong is to be shown.
        self._sender = Probe(
            probe.contract, probe.operation, probe.target, probe.random, probe.seed
        )
        self._own_values = _own_values(probe)
        self.exchanges: dict[str, tuple[Request, Answer]] = {}
        self._unending = 0
        self.stopped: TargetError | NotVerified | None = None
        self.on_stop: Callable[[], None] = lambda: None

    def send(self, case: Any, *, session: Any = None, **options: Any) -> Response:
        """Send one test case of Schemathesis."""
        given = {name: options.get(name) for name in ("headers", "params", "cookies")}
        base_url = "http://target" + as_sent(self._sender.operation.prefix)
        data = self.serialize_case(case, base_url=base_url, **given)
        prepared = requests.Request(**data).prepare()
        answer = self._answer(case.id, prepared)
        headers: dict[str, list[str]] = {}
        for name, value in answer.headers:
            headers.setdefault(name, []).append(value)
        return _Response(answer.status, headers, answer.body, prepared, answer.seconds, verify=True)

    def _answer(self, case_id: str, prepared: Any) -> Answer:
        # An answer without exchange is no failure, whatever the checks say of it.
        if self.stopped:
            return _NOT_SENT
        try:
            request = _request(self._sender, prepared, self._own_values)
            with others_generate():
                answer = self._sender.try_to_send(request)
        except TargetError as error:
            return self._stop(error)
        except (UnsendableRequest, UnicodeError):
            return _NOT_SENT  # HTTP cannot carry it
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            return self._stop(NotVerified("the target limits requests for too long"))
        self.exchanges[case_id] = (request, answer)
        self._unending += answer.is_out_of_bounds
        if self._unending == _MOST_UNENDING:
            self._stop(NotVerified("the target leaves too many requests without an answer"))
        # To Schemathesis a closed connection is a failure of the server as well.
        return _FAILED if answer.status == NO_ANSWER else answer

    def _stop(self, reason: TargetError | NotVerified) -> Answer:
        """Stop the engine: later cases are not sent."""
        self.stopped = reason
        self.on_stop()
        return _NOT_SENT


def _own_values(probe: Probe) -> Sequence[str | None]:
    """The value of each parameter of the path that no generated one takes the place of.

    In a parent that is not there all would be refused, and of what a request may change or add to,
    a number or an example may name somebody's.
    """
    path = pattern_of(probe.operation.path).fullmatch(probe.path())
    if path is None or probe.operation.method != "GET":
        return path.groups() if path else []
    handles = {one.handle for one in probe.target.places.parents if one.partner == 0}
    return [one if unquote(one) in handles else None for one in path.groups()]


def _at_own(probe: Probe, path: str, values: Sequence[str | None]) -> str:
    """A path with the run's own values in place of generated ones."""
    found = pattern_of(probe.operation.path).fullmatch(path)
    if found is None:
        return path
    return path_of(
        probe.operation.path,
        [own or one for own, one in zip(values, found.groups(), strict=True)],
    )


def _request(probe: Probe, prepared: Any, own: Sequence[str | None]) -> Request:
    """The harness's request for one that Schemathesis prepared."""
    url = urlsplit(prepared.url)
    path = _at_own(probe, url.path, own) if any(own) else url.path
    body = prepared.body or b""
    signed = needs_bearer_token(probe.operation)
    # A generated token beside the partner's would be all that is refused.
    kind, _, name = probe.token_place.partition(" ") if signed else ("", "", "")
    places = {"query": "", "cookie": "cookie"}
    without = {"authorization", places.get(kind, name.lower())} if signed else set[str]()
    query = "&".join(one for one in url.query.split("&")
                     if kind != "query" or unquote(one.partition("=")[0]) != name)  # fmt: skip
    request = Request(
        prepared.method,
        f"{path}?{query}" if query else path,
        _headers(prepared.headers, without),
        _marked(probe, body.encode() if isinstance(body, str) else body),
        partner=0 if signed else None,
        key_header=probe.operation.key_header,
        token_places=probe.token_places,
    )
    return request.with_key(probe.new_key()) if request.key is not None else request


def _headers(
    headers: Mapping[str, str | bytes], without: Collection[str]
) -> tuple[tuple[str, str], ...]:
    return tuple(
        (
            name,
            (value.encode("latin-1") if isinstance(value, str) else value).decode(
                "utf-8", "surrogateescape"
            ),
        )
        for name, value in headers.items()
        if name.lower() not in {*_OWN_HEADERS, *without}
    )


def _marked(probe: Probe, body: bytes) -> bytes:
    """The request body, its name marked as test data."""
    try:
        value = json.loads(body)
    except ValueError:
        return body
    changed = marked(probe, value)
    return body if changed is value else json.dumps(changed).encode()
