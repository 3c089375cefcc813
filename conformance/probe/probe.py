"""The probe: what a check asks of one operation, and of the resource that it is about."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from conformance.probe.new_values import with_new_values
from conformance.probe.not_verified import NotServed, NotVerified
from conformance.probe.paging import GOES_ON, largest_page_of, page_in, query_of_page
from conformance.probe.parameter_values import unknown_value
from conformance.probe.repetition import Repetition
from conformance.probe.resource_words import ResourceWords
from conformance.probe.sending import Sending, created_in
from conformance.probe.values import Values
from conformance.probe.violation import (
    NO_SERVER_ERROR,
    expect,
    expect_list,
    expect_news,
)
from conformance.target.capabilities import Capability
from conformance.target.exchange import (
    Answer,
    Request,
)
from conformance.target.members import JsonObject, text_in
from openapi.operation import PATH_PARAMETER, Operation
from openapi.paging import PageMembers
from openapi.resource import Resource, makes_several, success_members

_LONGEST_LIST, _MOST_PAGES = 10_000, 400
"""The most items of a list that is read whole, and its most pages, which may be small."""

_LOOKS, _BETWEEN_LOOKS_SECONDS = 4, 0.25
"""The looks at a list that may lag a little."""


class Probe(Sending):
    """One check of one requirement on one operation.

    Its requests are by default valid, and ``recording`` keeps the exchanges. ``randomness`` is
    seeded, so that choices repeat; names and keys are new every time. ``seed`` is that of the run.
    ``refusals`` are those that this check shares with others.
    """

    def _made_above(self, resource: Resource, partner: int, number: int = 0) -> str:
        """The handle of a resource of the partner's to make others in; one for the whole run.

        Its creation comes first in what is recorded, so that a script makes it as well. Where the
        partner may have but one, that is the one of each ``number``.
        """
        places, key = self.target.places, (partner, resource.create.id, number)
        maker = self.of(resource.create)
        with places.lock:
            if key not in places.above:
                request = maker.request(partner)
                try:
                    answer = maker.succeed_unrecorded(request)
                except NotVerified:
                    if not number:
                        raise
                    places.above[key] = places.above[partner, resource.create.id, 0]
                else:
                    made_in = resource.collection_of(request.path)
                    handle = maker.known_handle_of(answer)
                    places.parents.add(
                        created_in(self.contract, resource, made_in, partner, handle)
                    )
                    places.above[key] = request, answer
        return maker.known_handle_of(self._shown_above(key))

    def _shown_above(self, key: tuple[int, str, int]) -> Answer:
        """The answer that made a parent, whose exchange is the first in what is recorded."""
        places = self.target.places
        made = places.above[key]
        above = [id(answer) for _, answer in places.above.values()]
        seen = [id(answer) for _, answer in self.recording.exchanges if id(answer) in above]
        if id(made[1]) not in seen:
            self.recording.exchanges.insert(len(seen), made)
        return made[1]

    def expect(self, holds: object, expected: str, actual: str, *values: Values) -> None:
        """Raise :class:`Violation` unless ``holds``; ``values`` are what was seen."""
        expect(holds, expected, actual, *values)

    def expect_no_server_error(self, answer: Answer, to: str = "") -> None:
        """Raise :class:`Violation` for a 5xx; ``to`` names the request.

        Nothing is verified by the answers of an operation whose contract has no others.
        """
        if self.operation.is_usual_error(answer.status):
            raise NotServed(f"the contract has nothing but {answer.status} for {self.operation.id}")
        actual = f"{answer.status} to {to}" if to else f"{answer.status}"
        self.expect(not answer.is_server_error, NO_SERVER_ERROR, actual)

    @property
    def creating(self) -> "Probe":
        """A probe for the operation that creates the resource; both keep one record."""
        return self.of(self.resource.create)

    def collection_path(self) -> str:
        """The path that the resource is made on, or below, in a parent of the run's."""
        return self.resource.collection_of(self.creating.path())

    @property
    def listing(self) -> "Probe":
        """A probe for the operation that lists the resource; both keep one record."""
        return self._of_resource(self.resource.list, "list")

    @property
    def revoking(self) -> "Probe":
        """A probe for the operation that revokes the resource; both keep one record."""
        return self._of_resource(self.resource.revoke, self.words.end)

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
            if page.is_cut or (members.is_backwards and repetition.shows_again(page.ids)):
                raise NotVerified(GOES_ON)
            if cursor is None or repetition.ends_with(page.ids):
                return items
            repetition.add(page.ids, cursor, may_be_last=page.may_be_last)
            expect_news(repetition)
        raise NotVerified(f"the list is longer than {_LONGEST_LIST} items or {_MOST_PAGES} pages")

    def looks(self) -> Iterator[None]:
        """Looks at a list, after longer and longer pauses: what is missing may come a bit later."""
        for number in range(_LOOKS):
            self.target.rest(_BETWEEN_LOOKS_SECONDS * number)
            yield

    @property
    def resource(self) -> Resource:
        """The resource of the operation, also one that it changes; nothing is verified without."""
        if self.known_resource is None:
            several = makes_several(self.operation, self.contract.operations)
            what = "makes several at once, and not one that could be found" if several else ""
            what = what or "is of no resource that the contract creates"
            raise NotServed(f"{self.operation.id} {what}")
        return self.known_resource

    @property
    def words(self) -> ResourceWords:
        """What reports call the resource, and its end."""
        return ResourceWords.of([self.resource])

    @property
    def page_members(self) -> PageMembers:
        """The names in pages of the resource; nothing is verified where it has no list."""
        if self.resource.page is None:
            raise NotServed(f"the contract has no list of what {self.resource.create.id} creates")
        return self.resource.page

    def id_of(self, answer: Answer) -> str | None:
        """The id of the resource in an answer; None where it shows none."""
        return answer.identifier(self.resource.id)

    def tells(self, made: Answer, name: str) -> bool:
        """Whether the answer to a creation has a member, or should: not what it never shows."""
        return name in success_members(self.resource.create) or made.field(name) is not None

    def known_id_of(self, answer: Answer) -> str:
        """The id of the resource in an answer; nothing is verified where it shows none."""
        found = self.id_of(answer)
        if found is None:
            raise NotVerified(f"the answer {answer.status} shows no id as {self.resource.id}")
        return found

    def anew(self, request: Request) -> Request:
        """The same request as another call, with a key and a tag where none goes without them.

        The key is its own, and the tag that of now.
        """
        if self.operation.requires_idempotency_key:
            request = request.with_key(self.new_key())
        return self.with_tag(request)

    def as_partner(self, request: Request, partner: int) -> Request:
        """The same request of another partner, in a resource of that partner's.

        Where clients choose the id, that one is another: it would tell nothing of whose it is.
        """
        _, mark, query = request.path.partition("?")
        if self.operation is self.resource.create and self.resource.is_chosen:
            body = Answer(0, body=request.body).json_object() or {}
            request = request.with_json(with_new_values(self.operation, body))
        elif self.operation.id in self.target.places.taken and request.members:
            request = request.with_json(self._referring(dict(request.members), partner))
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

    def unknown_handle(self, like: Sequence[str] = ()) -> str:
        """A valid handle of no resource, for the end of the path, of the form of those given.

        Without any, and where the schema of the parameter gives none, it is like that of a
        resource made for it. Nothing is verified without one.
        """
        last = PATH_PARAMETER.findall(self.operation.path)[-1]
        parameter, text = self._path_parameter(last), self.new_name().replace(" ", "-")
        found = unknown_value(parameter, text, like)
        if found is None and not like and self.operation.resource is not None:
            maker = self.creating
            made = maker.known_handle_of(maker.make())
            found = unknown_value(parameter, text, [made])
        if found is None:
            raise NotVerified(f"no valid {last} is known that names nothing: give it an example")
        return found


def without_token(request: Request) -> Request:
    """The same request without a token."""
    return replace(request, partner=None)
