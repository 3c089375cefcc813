"""What a request makes several of is removed at the end of a run, and nothing else is."""

import itertools
import json
from collections.abc import Sequence
from typing import Any

import pytest

from conformance.probe.plain_requests import NAME_PREFIX
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request
from openapi.contract import Contract
from openapi.resource import makes_several
from openapi.several import several_made_by
from tests.mock_server.kept.contracts import answer, array, contract, number, obj, operation, text
from tests.other_contracts.crates import TOKENS, Hasty, answered

ERROR = answer(obj("message", message=text()))
REFUSALS = {"400": ERROR, "401": ERROR, "404": ERROR}
SENT = obj("label", label=text(minLength=1))
NOTE = obj("id", "label", id=text(), label=text(minLength=1))
IN_ANSWER = obj("id", "label", id=text(), label=text(minLength=1), status=number())

Item = dict[str, Any]


def notes(
    path: str = "/notes",
    *,
    member: str = "",
    sent: Item = SENT,
    shown: Item = IN_ANSWER,
    status: str = "201",
) -> Contract:
    """The contract of notes that a POST on this path makes several of."""
    body, result = (obj(member, **{member: array(one)}) if member else array(one)
                    for one in (sent, shown))  # fmt: skip
    several = operation({status: answer(result), **REFUSALS}, body)
    one = operation({"201": answer(NOTE), **REFUSALS}, SENT)
    above = path.removesuffix("/bulk").removesuffix(":batchCreate")
    document = contract({
        **({above: {"post": one}} if above != path else {}),
        path: {"post": several},
        f"{above}/{{id}}": {
            "get": operation({"200": answer(NOTE), **REFUSALS}),
            "delete": operation({"204": answer(), **REFUSALS}),
        },
    })  # fmt: skip
    return Contract(document)


class Notes:
    """A server that has a note before the run, and makes what a list asks for."""

    is_partly_told = False
    """Whether its answers leave open what it has made."""

    def __init__(self, own: Contract) -> None:
        self.contract = own
        self.ids = map("n{}".format, itertools.count(1))
        self.items: dict[str, Item] = {"theirs": {"id": "theirs", "label": "There before."}}
        self.made: list[Item] = []

    def __call__(self, request: Request, _: Forward) -> Answer:
        if request.method == "POST":
            return self.answer(request)
        id_ = request.path.rpartition("/")[2]
        found = self.items.get(id_)
        if found is None:
            return answered(404, {"message": "none"})
        if request.method == "DELETE":
            return self.removed(id_)
        return answered(200, found)

    def removed(self, id_: str) -> Answer:
        """The answer to a DELETE."""
        del self.items[id_]
        return Answer(204)

    def answer(self, request: Request) -> Answer:
        """The answer to a POST."""
        sent = json.loads(request.body)
        member = next(iter(sent), "") if isinstance(sent, dict) else ""
        listed = sent[member] if member else sent
        if not isinstance(listed, list):
            return answered(201, self.stored(sent))
        shown = self.shown([self.stored(one) for one in listed])
        [operation] = [one for one in self.contract.operations.values() if request.is_for(one)]
        return answered(operation.success_status, {member: shown} if member else shown)

    def stored(self, item: Item) -> Item:
        """A note that is made."""
        id_ = str(item.get("id") or next(self.ids))
        self.items[id_] = {**item, "id": id_}
        self.made.append(self.items[id_])
        return self.items[id_]

    def shown(self, made: list[Item]) -> list[Item]:
        """What the answer lists."""
        return made


def left_by_a_run(server: Notes) -> Sequence[str]:
    """The ids of what is there after a run that has made several notes."""
    own = server.contract
    answers = catalogue()["operations.answers-match-their-schemas"]
    with Hasty("http://target.invalid", TOKENS, tamper=server) as target:
        run = Run(own, target, [], seed=1)
        run.survey()
        [several] = [one for one in own.operations.values() if makes_several(one, own.operations)]
        run.check(answers, several)
        run.clean_up()
        told = [one.handle for one in run.left_behind]
    assert told == [one for one in server.items if one != "theirs"] or server.is_partly_told
    return [*server.items]


@pytest.mark.parametrize("member", ["", "items"])
@pytest.mark.parametrize("path", ["/notes", "/notes/bulk", "/books/{book}/notes:batchCreate"])
@pytest.mark.parametrize("status", ["200", "201", "207"])
def test_each_of_several_is_removed(path: str, member: str, status: str) -> None:
    server = Notes(notes(path, member=member, status=status))

    assert left_by_a_run(server) == ["theirs"]
    labels = {one["label"] for one in server.made}
    assert len(labels) == len(server.made) > 1
    assert all(one.startswith(NAME_PREFIX) for one in labels)


class Refusing(Notes):
    """Names another note in place of one that it did not make."""

    is_partly_told = True

    def shown(self, made: list[Item]) -> list[Item]:
        return [{**self.items["theirs"], "status": 409}, {**made[1], "status": 201}]


class ShowingAll(Notes):
    """Answers with all notes that there are."""

    is_partly_told = True

    def shown(self, made: list[Item]) -> list[Item]:
        return [*self.items.values()]


@pytest.mark.parametrize("kind", [Refusing, ShowingAll])
def test_what_was_there_before_stays(kind: type[Notes]) -> None:
    assert "theirs" in left_by_a_run(kind(notes()))


class Idle(Notes):
    """A server that removes nothing."""

    def removed(self, id_: str) -> Answer:
        return Answer(204)


def test_what_is_not_removed_is_told() -> None:
    assert left_by_a_run(Idle(notes())) == ["theirs", "n1", "n2"]


def test_ids_that_clients_choose_are_not_made_up() -> None:
    server = Notes(notes(sent=NOTE))

    left_by_a_run(server)

    assert server.made == []


def test_the_lines_of_a_note_are_no_notes() -> None:
    line = obj("id", "text", id=text(), text=text(), price=number())
    own = notes(member="lines", shown=line)

    assert several_made_by(own.operations["POST /notes"]) is None
