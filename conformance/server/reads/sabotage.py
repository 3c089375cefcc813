"""Sabotage: servers that show the wrong item by an id, or one that is not there."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import parse_qsl, quote, urlencode

from conformance.catalogue.sabotage import Sabotage, on_answers, on_requests, with_body
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.members import JsonObject

_Made = Sequence[tuple[str, JsonObject]]
"""What the first partner has made so far, in order: the path of each creation, and its answer."""


def _on_reads(name: str, answering: Callable[[Request, Forward, _Made], Answer]) -> Sabotage:
    """Answer each GET, knowing what was made."""

    def make() -> Tamper:
        made: list[tuple[str, JsonObject]] = []
        lock = threading.Lock()

        def tamper(request: Request, forward: Forward) -> Answer:
            if request.method == "GET":
                with lock:
                    known = [*made]
                return answering(request, forward, known)
            answer = forward(request)
            item = answer.json_object() if answer.is_success and request.partner == 0 else None
            if item is not None and request.method == "POST":
                with lock:
                    made.append((request.path, item))
            return answer

        return tamper

    return Sabotage(name, make)


def _ids(request: Request, made: _Made) -> list[str]:
    """The ids of what was made where an item is read; none for an id that nothing has."""
    collection, _, last = request.path.rpartition("/")
    beside = [item for path, item in made if path == collection]
    names = [name for item in beside for name, value in item.items() if value == last]
    return [str(item[names[0]]) for item in beside] if names else []


def _first(request: Request, forward: Forward, made: _Made) -> Answer:
    collection = request.path.rpartition("/")[0]
    ids = _ids(request, made)
    return forward(request.at(f"{collection}/{ids[0]}") if ids else request)


def _first_under_its_id(request: Request, forward: Forward, made: _Made) -> Answer:
    answer, ids = _first(request, forward, made), _ids(request, made)
    if not ids:
        return answer
    asked = request.path.rpartition("/")[2]
    return replace(answer, body=answer.body.replace(ids[0].encode(), asked.encode()))


def _first_alone(request: Request, forward: Forward, made: _Made) -> Answer:
    is_other = request.path.rpartition("/")[2] in _ids(request, made)[1:]
    return replace(forward(request), status=HTTPStatus.NOT_FOUND) if is_other else forward(request)


def _changed_texts(request: Request, forward: Forward, made: _Made) -> Answer:
    answer = forward(request)
    item = answer.json_object()
    if item is None or not _ids(request, made):
        return answer
    texts = {name: one.lower() for name, one in item.items() if isinstance(one, str) and " " in one}
    return with_body(answer, {**item, **{name: f"{one}." for name, one in texts.items()}})


def _something(request: Request, forward: Forward, made: _Made) -> Answer:
    answer = forward(request)
    beside = [item for path, item in made if path == request.path.rpartition("/")[0]]
    if answer.status != HTTPStatus.NOT_FOUND or not beside:
        return answer
    return with_body(replace(answer, status=HTTPStatus.OK), beside[0])


def _refused_and_shown(request: Request, forward: Forward, made: _Made) -> Answer:
    answer = forward(request)
    own = [item for _, item in made if request.path.rpartition("/")[2] in item.values()]
    return with_body(answer, own[-1]) if answer.is_refusal and own else answer


def _remembering() -> Tamper:
    """What was shown once is shown again, whatever has become of it."""
    seen: dict[tuple[int | None, str], Answer] = {}
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if request.method != "GET":
            return answer
        with lock:
            key = request.partner, request.path
            return seen.setdefault(key, answer) if answer.is_success else seen.get(key, answer)

    return tamper


def _deleting_nothing() -> Tamper:
    def tamper(request: Request, forward: Forward) -> Answer:
        return Answer(HTTPStatus.NO_CONTENT) if request.method == "DELETE" else forward(request)

    return tamper


def _in_any_parent(request: Request, forward: Forward, made: _Made) -> Answer:
    """An item is found by its id alone, whatever the path says that it is in."""
    answer = forward(request)
    own = [path for path, item in made if request.path.rpartition("/")[2] in item.values()]
    if answer.status != HTTPStatus.NOT_FOUND or not own:
        return answer
    return forward(request.at(f"{own[-1]}/{request.path.rpartition('/')[2]}"))


def _of_any_parent(request: Request, forward: Forward, made: _Made) -> Answer:
    """A list is that of the first parent, whatever its path says."""
    path, mark, query = request.path.partition("?")
    end = path.rpartition("/")[2]
    alike = [one for one, _ in made if one.rpartition("/")[2] == end and one != path]
    return forward(request.at(f"{alike[0]}{mark}{query}") if alike else request)


def _deleting_others() -> Tamper:
    made: list[str] = []

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        item = answer.json_object() if answer.is_success and request.method == "POST" else None
        made.extend(f"{request.path}/{one}" for one in (item or {}).values())
        if request.method == "DELETE" and answer.is_success:
            for path in made:
                forward(request.at(quote(path, safe="/")))
        return answer

    return tamper


_OF_PAGES = {"offset", "limit", "pageToken", "pageSize", "count"}


def _without_filters(request: Request) -> Request:
    path, _, query = request.path.partition("?")
    kept = [(name, one) for name, one in parse_qsl(query) if name in _OF_PAGES]
    return request.at(f"{path}?{urlencode(kept)}".rstrip("?"))


OVERLOOK_FILTERS = on_requests("overlook filters", _without_filters)
FIRST = _on_reads("show the first for each id", _first)
FIRST_UNDER_ITS_ID = _on_reads("show the first with each id", _first_under_its_id)
FIRST_ALONE = _on_reads("find the first alone", _first_alone)
CHANGED_TEXTS = _on_reads("show other texts", _changed_texts)
SOMETHING = _on_reads("show something for an unknown id", _something)
REFUSED_AND_SHOWN = _on_reads("refuse another partner and show it", _refused_and_shown)
IN_ANY_PARENT = _on_reads("find it in any parent", _in_any_parent)
OF_ANY_PARENT = _on_reads("list the items of the first parent", _of_any_parent)
FOR_ANYBODY = on_requests(
    "show it to any partner",
    lambda one: replace(one, partner=0) if one.method == "GET" and one.partner else one,
)
REMEMBERED = Sabotage("show for ever what was shown once", _remembering)
DELETE_OTHERS = Sabotage("delete the others too", _deleting_others)
DELETE_NOTHING = Sabotage("say deleted and do nothing", _deleting_nothing)
ALWAYS_THE_SAME = on_answers(
    "say that nothing has changed",
    lambda request, answer: (
        replace(answer, status=HTTPStatus.NOT_MODIFIED, body=b"")
        if any(name.lower() == "if-none-match" for name, _ in request.headers)
        else answer
    ),
)
