"""Requests sent by a check, and what their answers have made, which is known at once."""

import itertools
import shlex
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import unquote, urljoin, urlsplit

from conformance.probe.not_verified import NotVerified, Undecided, refused_with
from conformance.probe.plain_requests import PlainRequests
from conformance.probe.several import made_by
from conformance.probe.violation import (
    NO_SERVER_ERROR,
    NOTHING_FAILS,
    Violation,
    unanswered,
)
from conformance.target.clean_up import GONE_STATUSES
from conformance.target.entity_tags import shown_tag
from conformance.target.errors import AnswerOutOfBounds, AnswerOverdue, ConnectionClosed, HungUp
from conformance.target.exchange import (
    NO_ANSWER,
    Answer,
    Request,
    UnsendableRequest,
    names_in,
    path_to,
)
from conformance.target.kept import CreatedResource
from conformance.target.members import text_in
from conformance.target.target import CLOSED_TRIES
from conformance.target.threads import Threads, values
from conformance.target.transport.reception import MOST_BYTES
from dinie_contract.output import shown
from openapi.contract import Contract
from openapi.operation import Operation
from openapi.resource import Resource

_LARGE_BYTES, _MOST_BYTES = 64 * 1024, 4 * MOST_BYTES
"""The bytes of a large answer, and the most bytes of all answers that one check keeps."""

_SLOW_TRIES = 2
"""The tries of a request that gets no whole answer in time."""

_OTHERS_TRIED = 3
"""So many other plain requests are tried where what one asks for is there already."""

_GROUPS = itertools.count(1)
"""The numbers of groups of requests that are sent at the same time."""


class Sending(PlainRequests):
    """Requests for one operation, sent to the target, recorded and tried again where it may."""

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
            raise Undecided("what ends one was answered late, and may have been carried out before")
        return answer

    def _may_revoke(self, request: Request) -> bool:
        """Whether the request is to revoke something that was made."""
        path, made = unquote(request.path), self.target.created.copy()
        return self._ends(request) and any(one.handle in path for one in made)

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

    def _shown_tag(self, request: Request) -> str | None:
        def read(operation: Operation, path: str) -> Answer:
            reading = self.of(operation)
            return reading.try_to_send(reading.request(request.partner or 0).at(path))

        return shown_tag(self.contract, self.operation, request.path, read)

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
        if self._may_end(request):
            self._note_end(names_in(request.path.partition("?")[0]))
        resources = self._made_by(request)
        members = request.members if resources else {}
        asked = [text_in(members, resource.name) for resource in resources]
        for one in filter(None, asked):
            plain.ask(one)
        answer = self._opened(request, send(request))
        if request.key and answer.is_success:
            target.early_call.note(request.key)
        if answer.is_success and not resources:
            self._note_put(request, answer)
            self._note_several(request, answer)
        for resource, name in zip(resources, asked, strict=True) if answer.is_success else ():
            named = name or answer.text(resource.name)
            if named and (name is None or answer.is_repeated):
                plain.ask(named)
            # Also after a wrong status: every created resource must be revoked.
            handle = answer.identifier(resource.handle)
            if handle is not None:
                self._note_created(resource, request, handle)
                is_plain = self.of(resource.create).is_plain(members)
                if is_plain and request.partner is not None:
                    collection = resource.collection_of(request.path)
                    plain.add(collection, (request.partner, handle), name)
        return answer

    def _opened(self, request: Request, answer: Answer) -> Answer:
        """The answer, whose resource is in the envelope of the operation that was requested."""
        own = (one for one in self.contract.enveloped if request.is_for(one))
        operation = next(own, None) if answer.is_success else None
        for one in self.contract.resources:
            if one.is_chosen_in_path and answer.is_success and request.is_for(one.create):
                return answer.to(one.create).named(
                    one.handle, names_in(request.path.partition("?")[0])[-1]
                )
        opened = answer.to(operation) if operation else answer
        for one in self.contract.resources if answer.status == HTTPStatus.CREATED else ():
            name = self._located(one, request, answer) if request.is_for(one.create) else ""
            if name:
                return opened.located_at(one.handle, name)
        return opened

    def _located(self, resource: Resource, request: Request, answer: Answer) -> str:
        """The id at the end of ``Location``; empty where that is not the path of an item.

        Behind a gateway, where nothing may be sent to it, the end of such a path will do.
        """
        base, location = self.target.base_url, answer.header("location")
        if not location:
            return ""
        url = urljoin(f"{base}{request.path.partition('?')[0]}", location)
        is_below = url.startswith(f"{base}/")
        path = urlsplit(url.removeprefix(base) if is_below else url).path.rstrip("/")
        above, _, name = path.rpartition("(" if resource.is_in_parentheses else "/")
        if resource.is_in_parentheses:
            name = name.removesuffix(")").strip("'")
        place = unquote(self._place_of_one(resource, request))
        is_item = unquote(above) == place or (not is_below and unquote(above).endswith(place))
        return unquote(name) if is_item else ""

    def _place_of_one(self, resource: Resource, request: Request) -> str:
        """The concrete path that what a request makes has its own path below."""
        collection, on_one = resource.collection_of(request.path), resource.read or resource.revoke
        return resource.place_of(on_one, collection)[0] if on_one else collection

    def _ends(self, request: Request) -> bool:
        """Whether a request is to revoke something."""
        revoking = (one.revoke for one in self.contract.resources if one.revoke)
        return request.method == "DELETE" or any(map(request.is_for, revoking))

    def _may_end(self, request: Request) -> bool:
        """Whether a request is to end something or change it: what is archived is not listed."""
        if request.method in {"GET", "HEAD", "OPTIONS"}:
            return False
        return not any(request.is_for(one.create) for one in self.contract.resources)

    def _note_end(self, names: Sequence[str]) -> None:
        """Note that what stands at the end of a path, or before an action there, may end."""
        for place in range(max(len(names) - 2, 0), len(names)):
            for resource in self._called(names[:place]):
                for handle in {names[place], names[place].partition(":")[0]}:
                    self.target.plain_creations.revoke(resource.collection, handle)

    def _called(self, names: Sequence[str]) -> Sequence[Resource]:
        """The resources whose collection is called as the last of these names that calls any.

        Where none does, nobody knows of which resource an id is: it may be of each.
        """
        for name in reversed(names[-3:]):
            if found := [
                one
                for one in self.contract.resources
                if any(path.endswith(f"/{name}") for path in (one.collection, *one.bases))
            ]:
                return found
        return self.contract.resources

    def _made_by(self, request: Request) -> Sequence[Resource]:
        """The resources that a request may create: by an odd path, any."""
        if request.method == "PUT":
            puts = (one for one in self.contract.resources if one.is_chosen_in_path)
            return [one for one in puts if request.is_for(one.create)]
        resources = [one for one in self.contract.resources
                     if request.method == one.create.method == "POST"]  # fmt: skip
        own = [one for one in resources if request.is_for(one.create)]
        # An action makes nothing, though it shows what it was done to.
        is_other = any(map(request.is_for, self.contract.operations.values()))
        return own or ([] if is_other else resources)

    def _note_created(self, resource: Resource, request: Request, handle: str) -> None:
        collection = resource.collection_of(request.path)
        self._note(created_in(self.contract, resource, collection, request.partner or 0, handle))

    def _note(self, made: CreatedResource) -> None:
        self.target.created.add(made)
        self.target.places.on_created(made)

    def forget(self, request: Request, handle: str) -> None:
        """Note that a request has ended what has this handle, so that nothing else need do that."""
        path, partner = request.path.partition("?")[0], request.partner or 0
        ended = {CreatedResource(partner, handle), CreatedResource(partner, handle, path)}
        self.target.created.difference_update(ended)

    def _note_several(self, request: Request, answer: Answer) -> None:
        """Note what a request has made several of, and the paths of their DELETE."""
        path = request.path.partition("?")[0]
        own = (one for one in self.contract.several if request.is_for(one.create))
        for several in own:
            for handle in made_by(several, request, answer):
                made = CreatedResource(request.partner or 0, handle)
                if several.delete is not None:
                    place, below = several.place_of(several.delete, path)
                    with suppress(UnsendableRequest):
                        made = made._replace(place=f"{place}{path_to(below, handle)}")
                self._note(made)

    def _note_put(self, request: Request, answer: Answer) -> None:
        """Note what a PUT has made by its name, and the DELETE at its path."""
        if request.method != "PUT" or answer.status != HTTPStatus.CREATED:
            return
        path = request.path.partition("?")[0]
        operations = self.contract.operations.values()
        ends = any(replace(request, method="DELETE").is_for(one) for one in operations)
        self._note(CreatedResource(request.partner or 0, names_in(path)[-1], path if ends else ""))

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

    def make(self, partner: int | None = 0) -> Answer:
        """The answer to a plain request that must succeed, or to another where that one collides.

        Raises :class:`NotVerified` for any other status.
        """
        answer = self.send(self.request(partner))
        for _ in range(_OTHERS_TRIED):
            if not self.collides(answer):
                break
            answer = self.send(self.request(partner))
        return self._expect_succeeded(answer)

    def collides(self, answer: Answer) -> bool:
        """Whether what a plain request asks for is there already, and another may not be."""
        taken = self.target.places.taken.get(self.operation.id)
        is_bound = taken is not None and bool(taken.varied)
        return is_bound and answer.status == HTTPStatus.CONFLICT

    def _expect_succeeded(self, answer: Answer) -> Answer:
        if not self.operation.is_success(answer.status):
            reason = (
                f"{self.operation.id} answered {answer.status} to a plain valid request,"
                f" not {self.operation.success_status}"
            )
            raise (
                Undecided(reason) if self.collides(answer) else refused_with(answer.status, reason)
            )
        return answer


def created_in(
    contract: Contract, resource: Resource, collection: str, partner: int, handle: str
) -> CreatedResource:
    """A resource of a collection, with the path that ends it where the contract has several."""
    made = CreatedResource(partner, handle)
    if len(contract.resources) == 1 and "{" not in resource.create.path:
        return made  # the contract alone says how it is ended
    with suppress(UnsendableRequest):
        if resource.revoke is not None:
            place, below = resource.place_of(resource.revoke, collection)
            return made._replace(place=f"{place}{path_to(below, handle)}")
        if resource.list is not None:
            return made._replace(lookup=collection)
        if resource.read is not None:
            place, below = resource.place_of(resource.read, collection)
            return made._replace(lookup=f"{place}{path_to(below, handle)}")
    return made


def _too_many_bytes() -> NotVerified:
    return NotVerified(
        f"the answers to the requests of one check have more than {_MOST_BYTES} bytes"
    )


def _answered(answer: Answer) -> Answer:
    if answer.status == NO_ANSWER:
        raise Violation(NO_SERVER_ERROR, unanswered(answer), NOTHING_FAILS)
    return answer
