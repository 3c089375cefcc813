"""The probe: valid requests for one operation, and the target's answers."""

import itertools
import json
import random
import re
import secrets
import shlex
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, unquote

from conformance.probe.budget import DEFAULT_BUDGET, GenerationBudget
from conformance.probe.new_values import with_new_values
from conformance.probe.not_verified import NotServed, NotVerified, Undecided, refused_with
from conformance.probe.paging import largest_page_of, page_in, query_of_page
from conformance.probe.parameter_values import plain_value, unknown_value
from conformance.probe.repetition import Repetition
from conformance.probe.shared_refusals import SharedRefusals
from conformance.probe.values import Values
from conformance.probe.violation import (
    NO_SERVER_ERROR,
    NOTHING_FAILS,
    Violation,
    expect,
    expect_list,
    expect_news,
    unanswered,
)
from conformance.target.capabilities import Capability
from conformance.target.clean_up import GONE_STATUSES
from conformance.target.errors import AnswerOutOfBounds, AnswerOverdue, ConnectionClosed, HungUp
from conformance.target.exchange import (
    NO_ANSWER,
    Answer,
    Recording,
    Request,
    UnsendableRequest,
    path_of,
    path_to,
    query_with,
    sendable,
)
from conformance.target.members import JsonObject, text_in
from conformance.target.target import CLOSED_TRIES, Target
from conformance.target.threads import Threads, values
from conformance.target.transport.reception import MOST_BYTES
from dinie_contract.output import shown
from openapi.contract import Contract
from openapi.operation import IDEMPOTENCY_KEY, PATH_PARAMETER, Operation, Parameter
from openapi.paging import PageMembers
from openapi.resource import Resource, request_members
from openapi.sample import sample_of

NAME_PREFIX = "dinie-conformance"
"""The start of the name of every created resource, which marks it as test data."""

NEW_NAME = re.compile(rf"{NAME_PREFIX} [0-9a-f]{{12}}")
"""What is in names that no other request has, in any run."""

_LONGEST_LIST, _MOST_PAGES = 10_000, 400
"""The most items of a list that is read whole, and its most pages, which may be small."""

_LARGE_BYTES, _MOST_BYTES = 64 * 1024, 4 * MOST_BYTES
"""The bytes of a large answer, and the most bytes of all answers that one check keeps."""

_LOOKS, _BETWEEN_LOOKS_SECONDS = 4, 0.25
"""The looks at a list that may lag a little."""

_SLOW_TRIES = 2
"""The tries of a request that gets no whole answer in time."""

_GROUPS = itertools.count(1)
"""The numbers of groups of requests that are sent at the same time."""


class Probe:
    """One check of one requirement on one operation.

    Its requests are by default valid, and ``recording`` keeps the exchanges. ``randomness`` is
    seeded, so that choices repeat; names and keys are new every time. ``seed`` is that of the run.
    ``refusals`` are those that this check shares with others.
    """

    def __init__(
        self,
        contract: Contract,
        operation: Operation,
        target: Target,
        randomness: random.Random,
        seed: int = 0,
        budget: GenerationBudget = DEFAULT_BUDGET,
        refusals: SharedRefusals | None = None,
    ) -> None:
        self.contract = contract
        self.operation = operation
        self.target = target
        self.random = randomness
        self.seed = seed
        self.budget = budget
        self.recording = Recording()
        self.refusals = refusals or SharedRefusals()

    def request(
        self, partner: int | None = 0, query: Mapping[str, object] = MappingProxyType({})
    ) -> Request:
        """A valid request for the operation: plain data, marked as test data."""
        required = [one for one in self.operation.parameters if one.required]
        asked = {one.name: plain_value(one) for one in required if one.location == "query"}
        asked |= query
        path = self.path(partner)
        request = Request(
            self.operation.method, f"{path}?{query_with(asked)}" if asked else path,
            tuple((one.name, str(plain_value(one))) for one in required
                  if one.location == "header" and one.key != IDEMPOTENCY_KEY.lower()),
            partner=partner,
        )  # fmt: skip
        if self.operation.requires_idempotency_key:
            request = request.with_key(self.new_key())
        body = self.operation.request_body
        if self.operation.json_body is None and (form := self.operation.object_body):
            return request.with_form(self.plain_body(), form.encoding)
        return request.with_json(self.plain_body()) if body and body.content else request

    def on_one(self, handle: str, partner: int | None = 0) -> Request:
        """A valid request for the operation on the resource with this handle.

        Raises :class:`UnsendableRequest` for a handle that cannot stand in a path.
        """
        own = path_to("{}", handle)
        return self.request(partner).at(self.path(partner, own))

    def path(self, partner: int | None = 0, own: str = "") -> str:
        """The operation's path for a partner, in a resource of that partner where it is in one.

        ``own`` stands for the resource itself, as it is; without it an example does.
        """
        template, found = "", []
        for number, part in enumerate(PATH_PARAMETER.split(self.operation.path)):
            if number % 2 == 0:
                template += part
                continue
            found.append(self._value_in_path(template.rstrip("/"), part, partner, own))
            template += f"{{{part}}}"
        return path_of(self.operation.path, found)

    def _value_in_path(self, collection: str, name: str, partner: int | None, own: str) -> str:
        resource = self.operation.resource
        if resource is not None and collection == resource.create.path:
            return own or quote(self._path_example(name), safe="")
        above = [one for one in self.contract.resources if one.create.path == collection]
        if not above or resource is None:
            parameter = self._path_parameter(name)
            given = parameter.examples[0] if parameter.examples else self._path_example(name)
            return quote(str(given), safe="")
        return quote(sendable(self._made_above(above[0], partner or 0)), safe="")

    def _made_above(self, resource: Resource, partner: int) -> str:
        """The handle of a resource of the partner's to make others in; one for the whole run.

        Its creation comes first in what is recorded, so that a script makes it as well.
        """
        places, key = self.target.places, (partner, resource.create.id)
        maker = self.of(resource.create)
        with places.lock:
            if key not in places.above:
                request = maker.request(partner)
                answer = maker.succeed_unrecorded(request)
                places.parents.add((partner, maker.known_handle_of(answer)))
                places.above[key] = request, answer
        made = places.above[key]
        above = [id(answer) for _, answer in places.above.values()]
        seen = [id(answer) for _, answer in self.recording.exchanges if id(answer) in above]
        if id(made[1]) not in seen:
            self.recording.exchanges.insert(len(seen), made)
        return maker.known_handle_of(made[1])

    def plain_body(self) -> dict[str, Any]:
        """The smallest documented JSON body, its name a new one that is marked as test data.

        Without an example it is made by the schema.
        """
        body = self.operation.object_body
        examples = [one for one in (body.examples if body else ()) if one]
        if body and body.schema and not examples:
            examples = [sample_of(body.schema)]
        smallest = min(examples, key=lambda one: len(json.dumps(one, default=str)), default={})
        value = with_new_values(self.operation, smallest if isinstance(smallest, dict) else {})
        named = {**value, self.name_member: self.new_name()}
        if self.name_member in value or (
            self.name_member in request_members(self.operation)
            and body and body.schema and body.schema.is_valid(named)
        ):  # fmt: skip
            return named
        return value

    def new_name(self) -> str:
        """A short printable name that no other request has, in any run."""
        return f"{NAME_PREFIX} {secrets.token_hex(6)}"

    def new_key(self) -> str:
        """A fresh idempotency key: a UUID, for a target knows the keys of the last run."""
        return str(uuid.uuid4())

    def send(self, request: Request) -> Answer:
        """Send one request; a 429 is waited for and does not count.

        Raises :class:`Violation` where the target leaves this request, and no other, unanswered,
        and :class:`Undecided` where an earlier try of it may be the reason for a refusal.
        """
        return self._decided(request, _answered(self.try_to_send(request)))

    def send_or_share(self, request: Request) -> Answer:
        """As :meth:`send`; a refusal that an equal request got in this run is not asked for again.

        It is for requests whose bytes alone decide the answer.
        """
        answer = self.refusals.get(request, self._answer)
        self._record(request, answer)
        return self._decided(request, _answered(answer))

    def _decided(self, request: Request, answer: Answer) -> Answer:
        if answer.is_repeated and answer.status in GONE_STATUSES and self._may_revoke(request):
            raise Undecided("a revocation was answered late, and may have been carried out before")
        return answer

    def _may_revoke(self, request: Request) -> bool:
        """Whether the request is to revoke something that was made."""
        path, made = unquote(request.path), self.target.created.copy()
        return self._ends(request) and any(handle in path for _, handle in made)

    def try_to_send(self, request: Request, tries: int = CLOSED_TRIES) -> Answer:
        """As :meth:`send`; a request without an answer gives the status ``NO_ANSWER``."""
        answer = self._answer(request, tries)
        self._record(request, answer)
        return answer

    def send_once(self, request: Request) -> Answer:
        """Send one request; a 429 is an answer like any other."""
        answer = self._registered(self._sent_once, request)
        self._record(request, answer)
        return answer

    def send_at_once(self, requests: Sequence[Request]) -> list[Answer]:
        """Send requests really at the same time, each over a connection of its own."""
        return [_answered(one) for one in self.try_to_send_at_once(requests)]

    def try_to_send_at_once(self, requests: Sequence[Request]) -> list[Answer]:
        """As :meth:`send_at_once`; a request without an answer gives the status ``NO_ANSWER``."""
        return self._at_once(self._answer, requests)

    def send_once_at_once(self, requests: Sequence[Request]) -> list[Answer]:
        """As :meth:`send_at_once`; a 429 is an answer like any other."""
        return self._at_once(lambda request: self._registered(self._sent_once, request), requests)

    def send_and_hang_up(self, request: Request, seconds: float) -> Answer:
        """Send a request and close the connection so many seconds later; mostly there is no answer.

        Who hangs up is no longer there for a 429 or a closed connection either: it is sent once.
        """
        sent = replace(request, hang_up=seconds)
        try:
            answer = self._registered(self.target.send_once, sent)
        except (ConnectionClosed, HungUp):
            answer = Answer(NO_ANSWER)
        self._record(sent, answer)
        return answer

    def _sent_once(self, request: Request) -> Answer:
        return self.target.send_again_where_closed(request, self.target.send_once)

    def _at_once(
        self, send: Callable[[Request], Answer], requests: Sequence[Request]
    ) -> list[Answer]:
        lock, kept = threading.Lock(), self.recording.body_bytes
        together = self.target.together(len(requests))

        def send_one(request: Request) -> Answer:
            nonlocal kept
            with together.joined():
                answer = send(request)
            size = len(answer.body)
            with lock:
                kept += size
                is_too_much = size > _LARGE_BYTES and kept > _MOST_BYTES
            if is_too_much:
                # The error keeps this frame, and all of them would keep their answers with it.
                del answer
                raise _too_many_bytes()
            return answer.unread()

        with Threads(len(requests)) as threads:
            answers = values([threads.submit(send_one, one) for one in requests], self.target)
        number = next(_GROUPS)
        answers = [replace(one, sent_with=number) for one in answers]
        for request, answer in zip(requests, answers, strict=True):
            self._record(request, answer)
        return answers

    def _answer(self, request: Request, tries: int = CLOSED_TRIES) -> Answer:
        """The answer, or none where the target gives none on each try, or none within the bounds.

        Raises :class:`TargetError` where the target leaves plain requests unanswered as well: a
        target that is down, or restarts, breaks no requirement.
        """
        found = Answer(NO_ANSWER)
        for number in range(1, tries + 1):
            try:
                answer = self._registered(self.target.send, request)
            except ConnectionClosed as error:
                if self._is_down(request, error):
                    raise
                found = Answer(NO_ANSWER, broken=error.by_app)
            except (AnswerOverdue, AnswerOutOfBounds) as error:
                if not self._answers_others(request):
                    raise
                if isinstance(error, AnswerOverdue):
                    found = Answer(NO_ANSWER, seconds=error.seconds)
                else:
                    found = Answer(NO_ANSWER, excess=error.excess)
                if number >= _SLOW_TRIES:
                    break
            else:
                if number > 1:
                    self.target.transients.add(request, found)
                    answer = replace(answer, is_repeated=True)
                return answer
        return found

    def _is_down(self, request: Request, error: ConnectionClosed) -> bool:
        """Whether a target that closed a connection fails on plain requests as well."""
        if error.by_app:
            return not self._answers_others(request)
        try:
            answer = self._registered(self.target.send, self._plain(self.operation))
        except ConnectionClosed:
            # Plain requests may be what it fails on.
            return not self._answers_others(request)
        return answer.is_server_error

    def _plain(self, operation: Operation) -> Request:
        """A plain request for an operation, without a body."""
        return replace(self.of(operation).request(), headers=(), body=b"")

    def _answers_others(self, request: Request) -> bool:
        """Whether the target answers a plain request to another operation.

        Another one, because what holds one answer back may hold back all of its operation.
        """
        operations = self.contract.operations.values()
        own = [one for one in operations if request.is_for(one)] or [self.operation]
        others = [one for one in operations if one not in own]
        # What only reads goes first.
        other = min(others, key=lambda one: one.method != "GET", default=self.operation)
        try:
            answer = self._registered(self.target.send, self._plain(other))
        except (ConnectionClosed, AnswerOverdue, AnswerOutOfBounds):
            return False
        return not answer.is_server_error or answer.status == HTTPStatus.NOT_IMPLEMENTED

    def rest(self, seconds: float) -> None:
        """Wait, unless the run is stopped meanwhile."""
        self.recording.done_meanwhile = f"sleep {seconds:g}"
        self.target.rest(seconds)

    def move_clock(self, seconds: int) -> int:
        """Move the target's clock ahead; gives the status of the answer, 2xx where it is done."""
        url = shlex.quote(shown(str(self.target.settings.clock_url)))
        self.recording.done_meanwhile = (
            "curl -sS -X POST -H 'Content-Type: application/json'"
            f" --data-binary '{{\"seconds\": {seconds}}}' {url}"
        )
        return self.target.move_clock(seconds)

    def _record(self, request: Request, answer: Answer) -> None:
        """Record an exchange; nothing is verified by answers that are very large together."""
        self.recording.add(request, answer)
        if len(answer.body) > _LARGE_BYTES and self.recording.body_bytes > _MOST_BYTES:
            raise _too_many_bytes()

    def _registered(self, send: Callable[[Request], Answer], request: Request) -> Answer:
        """The answer; what it created is known at once, whatever becomes of the check."""
        target, plain = self.target, self.target.plain_creations
        if self._ends(request):
            for part in request.path.partition("?")[0].split("/")[-2:]:
                plain.revoke(unquote(part))
        resources = self._made_by(request)
        members = request.members if resources else {}
        asked = [text_in(members, resource.name) for resource in resources]
        for one in filter(None, asked):
            plain.ask(one)
        answer = self._opened(request, send(request))
        if request.key and answer.is_success:
            target.early_call.note(request.key)
        for resource, name in zip(resources, asked, strict=True) if answer.is_success else ():
            named = name or answer.text(resource.name)
            if named and (name is None or answer.is_repeated):
                plain.ask(named)
            # Also after a wrong status: every created resource must be revoked.
            handle = answer.identifier(resource.handle)
            if handle is not None:
                self._note_created(resource, request, handle)
                if name and request.partner is not None and members.keys() == {resource.name}:
                    collection = request.path.partition("?")[0]
                    plain.add(collection, (request.partner, handle), name)
        return answer

    def _opened(self, request: Request, answer: Answer) -> Answer:
        """The answer, whose resource is in the envelope of the operation that was requested."""
        own = (one for one in self.contract.enveloped if request.is_for(one))
        operation = next(own, None) if answer.is_success else None
        return answer.to(operation) if operation else answer

    def _ends(self, request: Request) -> bool:
        """Whether a request is to revoke something."""
        revoking = (one.revoke for one in self.contract.resources if one.revoke)
        return request.method == "DELETE" or any(map(request.is_for, revoking))

    def _made_by(self, request: Request) -> Sequence[Resource]:
        """The resources that a request may create: by an odd path, any."""
        resources = self.contract.resources if request.method == "POST" else ()
        ends = any(one.revoke and request.is_for(one.revoke) for one in resources)
        return [one for one in resources if request.is_for(one.create)] or (
            [] if ends else resources
        )

    def _note_created(self, resource: Resource, request: Request, handle: str) -> None:
        made = request.partner or 0, handle
        self.target.created.add(made)
        if len(self.contract.resources) == 1 and "{" not in resource.create.path:
            return  # the contract alone says how it is revoked
        collection, places = request.path.partition("?")[0], self.target.places
        places.revocations[made] = ""
        with suppress(UnsendableRequest):
            if resource.revoke is not None:
                below = resource.revoke.path.removeprefix(resource.create.path)
                places.revocations[made] = f"{collection}{path_to(below, handle)}"
            elif resource.list is not None:
                places.lookups[made] = collection
            elif resource.read is not None:
                below = resource.read.path.removeprefix(resource.create.path)
                places.lookups[made] = f"{collection}{path_to(below, handle)}"

    def succeed_unrecorded(self, request: Request) -> Answer:
        """As :meth:`succeed`; the exchange is no part of what shows a violation."""
        return self._expect_succeeded(self._answer(request))

    def control(self, partner: int | None = 0) -> Answer:
        """The answer to a plain request beside a violation, which is no part of what shows that."""
        return self._answer(self.request(partner))

    def expect_plain_accepted(self, partner: int | None = 0) -> None:
        """Raise :class:`NotVerified` where a plain request fails; it is not recorded."""
        self._expect_succeeded(self.control(partner))

    def succeed(self, request: Request) -> Answer:
        """Send a request that must succeed. Raises :class:`NotVerified` for any other status."""
        return self._expect_succeeded(self.send(request))

    def _expect_succeeded(self, answer: Answer) -> Answer:
        if not self.operation.is_success(answer.status):
            raise refused_with(
                answer.status,
                f"{self.operation.id} answered {answer.status} to a plain valid request,"
                f" not {self.operation.success_status}",
            )
        return answer

    def expect(self, holds: object, expected: str, actual: str, *values: Values) -> None:
        """Raise :class:`Violation` unless ``holds``; ``values`` are what was seen."""
        expect(holds, expected, actual, *values)

    def expect_no_server_error(self, answer: Answer, to: str = "") -> None:
        """Raise :class:`Violation` for a 5xx; ``to`` names the request."""
        actual = f"{answer.status} to {to}" if to else f"{answer.status}"
        self.expect(not answer.is_server_error, NO_SERVER_ERROR, actual)

    def of(self, operation: Operation) -> "Probe":
        """A probe for another operation; both keep one record."""
        other = Probe(
            self.contract, operation, self.target, self.random, self.seed, self.budget,
            self.refusals,
        )  # fmt: skip
        other.recording = self.recording
        return other

    @property
    def creating(self) -> "Probe":
        """A probe for the operation that creates the resource; both keep one record."""
        return self.of(self.resource.create)

    @property
    def listing(self) -> "Probe":
        """A probe for the operation that lists the resource; both keep one record."""
        return self._of_resource(self.resource.list, "list")

    @property
    def revoking(self) -> "Probe":
        """A probe for the operation that revokes the resource; both keep one record."""
        return self._of_resource(self.resource.revoke, "revocation")

    def _of_resource(self, operation: Operation | None, name: str) -> "Probe":
        if operation is None:
            raise NotServed(f"the contract has no {name} of {self.resource.create.id}'s resource")
        return self.of(operation)

    def listed(self, partner: int = 0) -> list[JsonObject]:
        """Every item of the resource's list, page by page.

        Raises :class:`NotVerified` for a list that is too long, whose end nobody knows, and
        :class:`Violation` for one that repeats itself.
        """
        members, lister, id_member = self.page_members, self.listing, self.resource.id
        items: list[JsonObject] = []
        seen: set[str] = set()
        repetition, cursor = Repetition(), None
        size = largest_page_of(lister.operation)
        while len(items) <= _LONGEST_LIST and repetition.pages < _MOST_PAGES:
            query = query_of_page(members, size, cursor)
            answer = self.send(lister.request(partner, query))
            expect_list(answer)
            page = page_in(members, id_member, answer, query, is_strict=False)
            if page is None:
                raise NotVerified(f"the list answered {answer.status} without items")
            # What is made meanwhile moves items to the next page, where pages have numbers.
            moved = seen if members.is_counted else ()
            named = zip(page.ids, page.items, strict=True)
            items += [one for id_, one in named if id_ not in moved]
            seen |= {*page.ids}
            cursor = page.next
            if cursor is None:
                return items
            repetition.add(page.ids)
            expect_news(repetition)
        raise NotVerified(f"the list is longer than {_LONGEST_LIST} items or {_MOST_PAGES} pages")

    def looks(self) -> Iterator[None]:
        """Looks at a list, after longer and longer pauses: what is missing may come a bit later."""
        for number in range(_LOOKS):
            self.target.rest(_BETWEEN_LOOKS_SECONDS * number)
            yield

    @property
    def resource(self) -> Resource:
        """The resource of the operation; nothing is verified where the contract has none."""
        found = self.contract.resource_of(self.operation)
        if found is None:
            raise NotServed(f"{self.operation.id} neither creates, lists nor revokes a resource")
        return found

    @property
    def page_members(self) -> PageMembers:
        """The names in pages of the resource; nothing is verified where it has no list."""
        if self.resource.page is None:
            raise NotServed(f"the contract has no list of what {self.resource.create.id} creates")
        return self.resource.page

    def id_of(self, answer: Answer) -> str | None:
        """The id of the resource in an answer; None where it shows none."""
        return answer.identifier(self.resource.id)

    def known_id_of(self, answer: Answer) -> str:
        """The id of the resource in an answer; nothing is verified where it shows none."""
        found = self.id_of(answer)
        if found is None:
            raise NotVerified(f"the answer {answer.status} shows no id as {self.resource.id}")
        return found

    def anew(self, request: Request) -> Request:
        """The same request as another call: with a key of its own, where none goes without."""
        required = self.operation.requires_idempotency_key
        return request.with_key(self.new_key()) if required else request

    def as_partner(self, request: Request, partner: int) -> Request:
        """The same request of another partner, in a resource of that partner's.

        Where clients choose the id, that one is another: it would tell nothing of whose it is.
        """
        _, mark, query = request.path.partition("?")
        if self.operation is self.resource.create and self.resource.is_chosen:
            body = Answer(0, body=request.body).json_object() or {}
            request = request.with_json(with_new_values(self.operation, body))
        return replace(request, partner=partner, path=f"{self.path(partner)}{mark}{query}")

    @property
    def is_listed(self) -> bool:
        """Whether the target lists the resource."""
        return self.resource.list is not None and Capability.LISTING in self.target.capabilities

    @property
    def is_revocable(self) -> bool:
        """Whether the target revokes the resource."""
        is_there = Capability.REVOCATION in self.target.capabilities
        return self.resource.revoke is not None and is_there

    def known_handle_of(self, answer: Answer) -> str:
        """What stands for a resource in a path; nothing is verified where an answer lacks it."""
        return answer.identifier(self.resource.handle) or self.known_id_of(answer)

    @property
    def name_member(self) -> str:
        """The member of requests, answers and items that people call a resource by."""
        found = self.contract.resource_of(self.operation)
        return found.name if found else "name"

    def name_of(self, answer: Answer) -> str | None:
        """The name of the resource in an answer; None where it shows none."""
        return answer.text(self.name_member)

    def asked_name(self, request: Request) -> str | None:
        """The name that a request asks for; None where it asks for none."""
        return text_in(request.members, self.name_member)

    def secret_of(self, answer: Answer) -> str | None:
        """The secret of the resource in an answer; None where it shows none."""
        secret = self.resource.secret
        return answer.text(secret) if secret else None

    def named(self, name: str, partner: int = 0, fewest: int = 0) -> list[JsonObject]:
        """The listed items with this name: how often a request was executed.

        A list with less than the ``fewest`` of them is looked at again.
        """
        found: list[JsonObject] = []
        for _ in self.looks():
            found = [one for one in self.listed(partner) if one.get(self.name_member) == name]
            if len(found) >= fewest:
                break
        return found

    def unknown_handle(self) -> str:
        """A valid handle of no resource, for the end of the path.

        Where the schema of the parameter gives none, it is like that of a resource made for it.
        Nothing is verified without any.
        """
        last = PATH_PARAMETER.findall(self.operation.path)[-1]
        parameter, text = self._path_parameter(last), self.new_name().replace(" ", "-")
        found = unknown_value(parameter, text)
        if found is None and self.operation.resource is not None:
            maker = self.creating
            made = maker.known_handle_of(maker.succeed(maker.request()))
            found = unknown_value(parameter, text, like=made)
        if found is None:
            raise NotVerified(f"no valid {last} is known that names nothing: give it an example")
        return found

    def _path_example(self, name: str) -> str:
        parameter = self._path_parameter(name)
        examples = parameter.schema.definition.get("examples", [])
        text = f"{NAME_PREFIX}-unknown"
        return str(examples[0]) if examples else unknown_value(parameter, text) or text

    def _path_parameter(self, name: str) -> Parameter:
        [found] = [one for one in self.operation.parameters
                   if (one.location, one.name) == ("path", name)]  # fmt: skip
        return found


def _too_many_bytes() -> NotVerified:
    return NotVerified(
        f"the answers to the requests of one check have more than {_MOST_BYTES} bytes"
    )


def _answered(answer: Answer) -> Answer:
    if answer.status == NO_ANSWER:
        raise Violation(NO_SERVER_ERROR, unanswered(answer), NOTHING_FAILS)
    return answer


def without_token(request: Request) -> Request:
    """The same request without a token."""
    return replace(request, partner=None)
