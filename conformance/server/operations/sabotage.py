"""Sabotage: servers that break the contract in what they answer, or change, on one item."""

import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

from conformance.catalogue.sabotage import (
    Sabotage,
    on_answers,
    on_requests,
    with_body,
    with_header,
)
from conformance.probe.plain_requests import NAME_PREFIX
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.members import JsonObject

_UPDATES = {"PUT", "PATCH"}
_REFUSED = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}


def _on_items(name: str, change: Callable[[JsonObject], object]) -> Sabotage:
    """Change the body of each success but that of a creation."""

    def changed(_: Request, answer: Answer) -> Answer:
        item = answer.json_object()
        is_one = answer.is_success and answer.status != HTTPStatus.CREATED
        return with_body(answer, change(item)) if item and is_one else answer

    return on_answers(name, changed)


def _as_text(_: Request, answer: Answer) -> Answer:
    is_one = answer.is_success and answer.status != HTTPStatus.CREATED
    return with_header(answer, "content-type", "text/plain") if is_one else answer


def _change_nothing() -> Tamper:
    """An update is answered with what it would be, and the item stays as it was."""

    def tamper(request: Request, forward: Forward) -> Answer:
        if request.method not in _UPDATES:
            return forward(request)
        return forward(replace(request, method="GET", body=b"").without_header("content-type"))

    return tamper


def _idle(request: Request) -> Request:
    """An action, which is a POST without a body, is answered with the item as it is."""
    if request.method != "POST" or request.body:
        return request
    return replace(request, method="GET").at(request.path.rpartition("/")[0])


def _answer_as_before() -> Tamper:
    """An update is answered with the item as it was."""

    def tamper(request: Request, forward: Forward) -> Answer:
        if request.method not in _UPDATES:
            return forward(request)
        before = forward(replace(request, method="GET", body=b"").without_header("content-type"))
        answer = forward(request)
        return replace(answer, body=before.body) if answer.is_success else answer

    return tamper


def _change_the_id() -> Tamper:
    """An item is not found by its id after an update."""
    moved: set[str] = set()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if request.method in _UPDATES and answer.is_success:
            moved.add(request.path)
        is_moved = request.method == "GET" and request.path in moved
        return replace(answer, status=HTTPStatus.NOT_FOUND) if is_moved else answer

    return tamper


def _leaving(is_left: Callable[[object], bool]) -> Callable[[], Tamper]:
    """The values that are meant are left as they were by an update."""

    def tamper(request: Request, forward: Forward) -> Answer:
        if request.method not in _UPDATES:
            return forward(request)
        reading = replace(request, method="GET", body=b"").without_header("content-type")
        before = forward(reading).json_object() or {}
        given = request.members
        new = {name: before.get(name) if is_left(one) else one for name, one in given.items()}
        kept = {name: one for name, one in new.items() if one is not None or given[name] is None}
        if kept == given:
            return forward(request)
        return forward(replace(request, body=json.dumps(kept).encode()) if kept else reading)

    return lambda: tamper


def _change_something() -> Tamper:
    """A change of an unknown id is answered with what the last one was."""
    lock, last = threading.Lock(), Answer(HTTPStatus.OK)

    def tamper(request: Request, forward: Forward) -> Answer:
        nonlocal last
        answer = forward(request)
        if request.method == "GET":
            return answer
        with lock:
            last = answer if answer.is_success else last
            return last if answer.status == HTTPStatus.NOT_FOUND else answer

    return tamper


def _with_other_defaults(request: Request, answer: Answer) -> Answer:
    item = answer.json_object() if request.method == "POST" and answer.is_success else None
    if item is None:
        return answer
    left = {name: one for name, one in item.items() if name not in request.members}
    other = {name: not one if isinstance(one, bool) else f"{one}x" for name, one in left.items()
             if isinstance(one, bool) or str(one).isalpha()}  # fmt: skip
    return with_body(answer, {**item, **other})


def _location_of_nothing(_: Request, answer: Answer) -> Answer:
    place = answer.header("location")
    return with_header(answer, "location", f"{place}0") if place else answer


def _no_location_in_replays() -> Tamper:
    keys: set[str] = set()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if not request.key or request.key not in keys:
            keys.add(request.key or "")
            return answer
        return with_header(answer, "location", None)

    return tamper


def _finding_by_id_alone() -> Tamper:
    """An item is changed by its id alone, whatever the path says that it is in."""
    made: dict[str, str] = {}
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        path, answer = request.path.partition("?")[0], forward(request)
        parts = path.split("/")
        with lock:
            item = answer.json_object() if answer.is_success and request.method == "POST" else None
            for one in (item or {}).values():
                if isinstance(one, str) and one not in parts:
                    made.setdefault(one, f"{path}/{one}")
            place = next((one for one in range(len(parts) - 1, 0, -1) if parts[one] in made), 0)
        if request.method == "GET" or answer.status != HTTPStatus.NOT_FOUND or not place:
            return answer
        return forward(request.at("/".join([made[parts[place]], *parts[place + 1 :]])))

    return tamper


def _taking_wrong_data() -> Tamper:
    """A change that is refused is answered with the item as it is, a creation with the last one."""
    made: dict[str, Answer] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if request.method == "POST" and answer.is_success:
            made[request.path] = answer
        if answer.status not in _REFUSED:
            return answer
        if request.method in _UPDATES:
            return forward(replace(request, method="GET", body=b"").without_header("content-type"))
        return made.get(request.path, answer)

    return tamper


def _changing_before_refusing() -> Tamper:
    """Of a change that is refused, what is valid is done."""
    valid: dict[str, Request] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if request.method in _UPDATES and answer.is_success:
            valid[request.path] = request
        elif request.method in _UPDATES and answer.status in _REFUSED and request.path in valid:
            before = valid[request.path]
            kept = json.loads(before.body)
            new = Answer(0, body=request.body).json_object() or {}
            texts = {name: one for name, one in new.items()
                     if isinstance(one, str) and NAME_PREFIX in one and name in kept}  # fmt: skip
            forward(replace(before, body=json.dumps({**kept, **texts}).encode()))
        return answer

    return tamper


def _adding_key(request: Request) -> Request:
    is_lacking = request.method == "POST" and not request.key
    return request.with_header("Idempotency-Key", str(uuid.uuid4())) if is_lacking else request


def _forgetting_the_rest() -> Tamper:
    """After a PATCH an item has the members alone that it had sent."""
    sent: dict[str, set[str]] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if request.method == "PATCH" and answer.is_success:
            sent[request.path] = {*request.members}
        item = answer.json_object() if request.method == "GET" and request.path in sent else None
        if item is None:
            return answer
        left = {name: one for name, one in item.items() if name in sent[request.path]}
        return with_body(answer, left)

    return tamper


def _taking_any_type() -> Tamper:
    """A body is read as one of the media type that the last one had that was taken."""
    known: dict[str, str] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        given = dict(request.headers).get("Content-Type", "")
        if answer.is_success and given:
            known[request.method] = given
        if answer.status != HTTPStatus.UNSUPPORTED_MEDIA_TYPE or request.method not in known:
            return answer
        return forward(request.with_header("Content-Type", known[request.method]))

    return tamper


def _overlooking_queries(request: Request, forward: Forward) -> Answer:
    answer = forward(request)
    is_refused = request.method == "GET" and answer.status in _REFUSED
    return forward(request.at(request.path.partition("?")[0])) if is_refused else answer


def _merging() -> Tamper:
    """A PUT keeps what it leaves out."""

    def tamper(request: Request, forward: Forward) -> Answer:
        if request.method != "PUT":
            return forward(request)
        before = forward(replace(request, method="GET", body=b"").without_header("content-type"))
        merged = {**(before.json_object() or {}), **request.members}
        return forward(replace(request, body=json.dumps(merged).encode()))

    return tamper


def _ignoring_optional(request: Request, forward: Forward) -> Answer:
    """A creation is done without each member that it may lack."""
    members = request.members if request.method == "POST" else {}
    for name in members:
        rest = {key: one for key, one in request.members.items() if key != name}
        less = request.with_json(rest)
        tried = less.with_key(str(uuid.uuid4())) if request.key else less
        request = less if forward(tried).is_success else request
    return forward(request)


def _showing_all() -> Tamper:
    """Each item is shown with all that a creation has sent."""
    sent: JsonObject = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        item = answer.json_object() if answer.is_success else None
        if item is None:
            return answer
        if request.method == "POST":
            sent.update(request.members)
        pages = {name: [{**sent, **one} for one in value]
                 for name, value in item.items() if isinstance(value, list)}  # fmt: skip
        return with_body(answer, {**item, **pages} if pages else {**sent, **item})

    return tamper


def _deleting_first(request: Request, forward: Forward) -> Answer:
    if request.method == "DELETE":
        forward(request.without_header("If-Match"))
    return forward(request)


def _without_doing(method: str) -> Callable[[], Tamper]:
    """Requests with a method, and without a body, are answered with 204 and not carried out."""

    def tamper(request: Request, forward: Forward) -> Answer:
        is_meant = request.method == method and not request.body
        return Answer(HTTPStatus.NO_CONTENT) if is_meant else forward(request)

    return lambda: tamper


ADD_NOTHING = Sabotage("add nobody", _without_doing("PUT"))
REMOVE_NOTHING = Sabotage("remove nobody", _without_doing("DELETE"))
IGNORE_IF_MATCH = on_requests("ignore If-Match", lambda one: one.without_header("If-Match"))
ONE_ETAG = on_answers(
    "send one ETag for each version",
    lambda _, one: with_header(one, "etag", '"1"') if one.header("etag") else one,
)
DELETE_AND_REFUSE = Sabotage("delete, then refuse a stale If-Match", lambda: _deleting_first)
IGNORE_THE_OPTIONAL = Sabotage("ignore what a creation may lack", lambda: _ignoring_optional)
SHOW_ALL = Sabotage("show all that was sent", _showing_all)
ANY_MEDIA_TYPE = Sabotage("take any media type", _taking_any_type)
TAKE_ANY_QUERY = Sabotage("overlook a wrong query", lambda: _overlooking_queries)
MERGE_PUTS = Sabotage("merge a PUT", _merging)
FORGET_THE_REST = Sabotage("forget what a PATCH has not", _forgetting_the_rest)
NO_KEY_NEEDED = on_requests("make up a key that lacks", _adding_key)
TAKE_WRONG_DATA = Sabotage("take any data", _taking_wrong_data)
CHANGE_BEFORE_REFUSING = Sabotage("change, then refuse", _changing_before_refusing)
IN_ANY_PARENT = Sabotage("change it in any parent", _finding_by_id_alone)
IDLE = on_requests("do nothing in an action", _idle)
FOR_ANYBODY = on_requests(
    "let any partner change it",
    lambda one: replace(one, partner=0) if one.partner and one.method != "GET" else one,
)
OF_OTHER_TYPES = _on_items("each value in an array", lambda one: {key: [one[key]] for key in one})
NO_MEMBERS = _on_items("no members", lambda _: {})
PLAIN_TEXT = on_answers("show items as plain text", _as_text)
NO_LOCATION = on_answers("drop Location", lambda _, one: with_header(one, "location", None))
OTHER_DEFAULTS = on_answers("show other defaults", _with_other_defaults)
LOCATION_OF_NOTHING = on_answers("send the Location of nothing", _location_of_nothing)
NO_LOCATION_IN_REPLAYS = Sabotage("drop Location in replays", _no_location_in_replays)
CHANGE_NOTHING = Sabotage("answer a change and do nothing", _change_nothing)
ANSWER_AS_BEFORE = Sabotage("answer a change with what was before", _answer_as_before)
CHANGE_THE_ID = Sabotage("lose an item that is changed", _change_the_id)
CHANGE_TEXTS_ALONE = Sabotage(
    "change texts alone",
    _leaving(lambda one: one is not None and NAME_PREFIX not in str(one)),
)
IGNORE_NULL = Sabotage("leave what a change sets to null", _leaving(lambda one: one is None))
CHANGE_SOMETHING = Sabotage("take a change of an unknown id", _change_something)
