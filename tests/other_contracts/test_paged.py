"""Lists of every usual kind: the harness reads their pages, and the mock keeps them."""

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.fuzz.checks.pagination_under_writes import pagination_under_writes
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.target import Target
from openapi.contract import Contract
from openapi.paging import page_members
from tests.other_contracts.crates import answered
from tests.other_contracts.judging import TOKENS, accused, judged_mock
from tests.other_contracts.paged import (
    KINDS,
    SIZE,
    THINGS,
    Fault,
    Kind,
    Server,
    View,
    at,
    contract_of,
    endless,
    from_the_beginning,
    last_again,
    losing,
    repeating,
)
from tests.other_contracts.styles import FLAG, TEXT, WHOLE, thing

COMPLETE, ALL_LISTED = "lists.pagination-is-complete", "lists.all-that-was-made-is-listed"


def outcome_of(requirement: str, server: Server) -> tuple[Outcome, str]:
    """What a check finds on a server in this process."""
    return outcome_by(Contract(contract_of(server.kind)), requirement, server)


def outcome_by(contract: Contract, requirement: str, server: Server) -> tuple[Outcome, str]:
    """As :func:`outcome_of`, by another contract."""
    with Target("http://target.invalid", TOKENS, tamper=server) as target:
        target.capabilities.add(Capability.LISTING)
        run = Run(contract, target, [], seed=1)
        result = run.check(catalogue()[requirement], contract.operations["GET /things"])
    return result.outcome, str(result.actual)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("requirement", [COMPLETE, ALL_LISTED])
def test_a_list_that_is_right_is_read_to_its_end(kind: str, requirement: str) -> None:
    assert outcome_of(requirement, Server(KINDS[kind])) == (Outcome.PASSED, "")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", [losing, repeating])
def test_pages_that_lose_or_repeat_an_item_are_found(kind: str, fault: Fault) -> None:
    outcome, _ = outcome_of(COMPLETE, Server(KINDS[kind], fault))
    assert outcome is Outcome.WARNING


CUT: dict[str, Kind] = {
    "a flag": Kind(
        {"older_than": TEXT, "limit": SIZE},
        thing(["items", "has_more"], items=THINGS, has_more=FLAG), "limit", "older_than", at,
        lambda view: {"items": view.items, "has_more": view.has_more},
    ),
    "a full page": Kind(
        {"older_than": TEXT, "limit": SIZE}, THINGS, "limit", "older_than", at,
        lambda view: view.items,
    ),
}  # fmt: skip
"""Lists that go on, by what says so, whose other pages are asked for in a way that is not known."""


@pytest.mark.parametrize("kind", CUT)
def test_what_may_be_on_a_page_that_nobody_can_ask_for_is_not_missed(kind: str) -> None:
    outcome, reason = outcome_of(ALL_LISTED, Server(CUT[kind], others=50))
    assert outcome is Outcome.NOT_VERIFIED
    assert "how to ask for more is not known" in reason


def test_what_a_whole_list_lacks_is_missed_all_the_same() -> None:
    server = Server(CUT["a flag"], lambda view, _: view._replace(items=[]))
    outcome, _ = outcome_of("lists.created-is-listed", server)
    assert outcome is Outcome.WARNING


BEFORE = Kind(
    {"before": TEXT, "limit": SIZE}, thing(["items", "has_more"], items=THINGS, has_more=FLAG),
    "limit", "before", at, lambda view: {"items": view.items, "has_more": view.has_more},
)  # fmt: skip


class Backwards(Server):
    """Its pages have older and older items, on each of which the newest comes first, or last."""

    is_newest_first = True

    def _page(self, query: Mapping[str, str]) -> Answer:
        ids = [one["id"] for one in self.items]
        end = ids.index(query["before"]) if "before" in query else len(ids)
        start = max(end - int(query.get("limit", 5)), 0)
        shown = self.items[start : end - 1 if self.fault and "before" in query else end]
        body = {"items": shown[:: -1 if self.is_newest_first else 1], "has_more": start > 0}
        return answered(200, body)


class Forwards(Backwards):
    is_newest_first = False


@pytest.mark.parametrize("requirement", [COMPLETE, ALL_LISTED])
@pytest.mark.parametrize(
    ("server", "outcome"),
    [
        (lambda: Backwards(BEFORE), Outcome.PASSED),
        (lambda: Backwards(BEFORE, losing), Outcome.WARNING),
        (lambda: Forwards(BEFORE), Outcome.NOT_VERIFIED),
    ],
)
def test_pages_before_an_item_are_read_where_the_newest_comes_first(
    server: Callable[[], Server], outcome: Outcome, requirement: str
) -> None:
    assert outcome_of(requirement, server())[0] is outcome


def test_a_list_whose_end_is_far_away_is_read_no_further_than_needed() -> None:
    server = Backwards(BEFORE)
    server.items = [{"id": f"o{number}", "name": "x"} for number in range(3000)]
    assert outcome_of(COMPLETE, server) == (Outcome.PASSED, "")


def test_the_mock_has_pages_before_an_item(tmp_path: Path) -> None:
    file = tmp_path / "things.json"
    file.write_text(json.dumps(contract_of(BEFORE)))
    code, report = judged_mock(file, tmp_path)

    assert accused(report) == []
    assert code == 0
    assert {COMPLETE, ALL_LISTED} <= {
        one["id"] for one in report["results"] if one["outcome"] == "passed"
    }


class Spread(Server):
    """Its list is in an order that has nothing to do with the time: new items are all over it."""

    def __call__(self, request: Request, forward: Forward) -> Answer:
        answer = super().__call__(request, forward)
        self.items.sort(key=lambda one: hashlib.sha256(one["id"].encode()).digest())
        return answer


@pytest.mark.parametrize("kind", KINDS)
def test_new_items_may_stand_anywhere_in_a_list(kind: str) -> None:
    assert outcome_of(COMPLETE, Spread(KINDS[kind], others=30)) == (Outcome.PASSED, "")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_lost_between_the_new_items_is_found(kind: str) -> None:
    outcome, _ = outcome_of(COMPLETE, Server(KINDS[kind], losing, others=1))
    assert outcome is Outcome.WARNING


COUNTING = ["a number of pages", "scim", *(one for one in KINDS if "a total" in one)]
"""The kinds whose pages say how many there are, so that none behind the last is asked for."""

SAYING = [one for one in KINDS if "no one" not in one and "no word" not in one]
"""The kinds whose pages say whether another follows."""

BY_ID = [one for one in KINDS if KINDS[one].cursor in {"last_id", "after"} and "no word" in one]
"""The kinds whose pages are asked for by the id of the last item, which is no page in itself."""

FLAGGED = {"spring", "pageable"}
"""The kinds whose pages say it with a flag alone, which leads nowhere from an empty page."""

LEADING = [one for one in SAYING if one not in COUNTING]


@pytest.mark.parametrize("kind", LEADING)
def test_a_list_without_an_end_is_found(kind: str) -> None:
    requirement = "lists.has-more-is-true" if kind in FLAGGED else ALL_LISTED
    outcome, _ = outcome_of(requirement, Server(KINDS[kind], endless))
    assert outcome is Outcome.WARNING


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        *[(kind, endless) for kind in LEADING if kind not in FLAGGED],
        *[(kind, fault) for kind in LEADING for fault in (last_again, from_the_beginning)],
        *[(kind, last_again) for kind in KINDS if kind not in SAYING],
    ],
)
def test_pages_together_have_an_end(kind: str, fault: Fault) -> None:
    outcome, actual = outcome_of(COMPLETE, Server(KINDS[kind], fault))
    assert outcome is Outcome.WARNING
    assert "repeats itself" in actual


class Growing(Server):
    """Others make an item before each page is read: its end moves away."""

    def _page(self, query: Mapping[str, str]) -> Answer:
        self.items.append({"id": f"o{next(self._ids)}", "name": "x"})
        return super()._page(query)


class GrowingInFront(Server):
    def _page(self, query: Mapping[str, str]) -> Answer:
        self.items.insert(0, {"id": f"o{next(self._ids)}", "name": "x"})
        return super()._page(query)


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_that_grows_while_it_is_read_is_not_accused(kind: str) -> None:
    outcome, _ = outcome_of(COMPLETE, Growing(KINDS[kind]))
    assert outcome in {Outcome.PASSED, Outcome.NOT_VERIFIED}


@pytest.mark.parametrize("kind", ["hal", "spring", "django by offset", "no word of the next"])
def test_a_counted_list_that_grows_in_front_is_not_accused(kind: str) -> None:
    outcome, reason = outcome_of(COMPLETE, GrowingInFront(KINDS[kind]))
    assert outcome is Outcome.NOT_VERIFIED
    assert "others make items" in reason


def one_early(view: View, items: list[Any]) -> View:
    """Each page after the first begins one item early: one is there twice, and the last never."""
    start = view.start - (view.start > 0)
    return view._replace(items=items[start : start + view.size])


def one_late(view: View, items: list[Any]) -> View:
    start = view.start + (view.start > 0)
    return view._replace(items=items[start : start + view.size])


def without_the_last(view: View, items: list[Any]) -> View:
    """A page that the last item of the list makes full does not have it."""
    is_full = view.start > 0 and view.end == len(items)
    return view._replace(items=view.items[:-1] if is_full else view.items)


def with_others(kind: Kind, fault: Fault | None) -> Server:
    """A server whose list has items at its beginning that no check has made."""
    server = Server(kind, fault)
    server.items = [{"id": f"before {number}", "name": "x"} for number in range(9)]
    return server


@pytest.mark.parametrize("kind", [one for one in KINDS if "a start from" not in one])
@pytest.mark.parametrize("fault", [one_early, one_late])
def test_an_item_of_others_that_is_lost_or_comes_again_counts(kind: str, fault: Fault) -> None:
    assert outcome_of(COMPLETE, with_others(KINDS[kind], fault))[0] is Outcome.WARNING


@pytest.mark.parametrize("kind", ["spring", "headers", "django by offset", "a number of pages"])
def test_the_last_item_counts_though_nothing_new_is_behind_it(kind: str) -> None:
    assert outcome_of(COMPLETE, with_others(KINDS[kind], without_the_last))[0] is Outcome.WARNING
    assert outcome_of(COMPLETE, with_others(KINDS[kind], None))[0] is Outcome.PASSED


class Shrinking(Server):
    """Others remove the first item while small pages are read, as often as ``times``."""

    def __init__(self, kind: Kind, times: int, fault: Fault | None = None) -> None:
        super().__init__(kind, fault)
        self.items = [{"id": f"before {number}", "name": "x"} for number in range(200)]
        self._left = times

    def _page(self, query: Mapping[str, str]) -> Answer:
        page = super()._page(query)
        is_small = int(query.get(self.kind.size) or 5) < SIZE["maximum"]
        if is_small and self._left and query.get(self.kind.cursor):
            self._left -= 1
            del self.items[:1]
        return page


@pytest.mark.parametrize("kind", ["hal", "a number of pages", "spring", "headers"])
@pytest.mark.parametrize(
    ("times", "fault", "outcome"),
    [
        (3, None, Outcome.PASSED),
        (10_000, None, Outcome.NOT_VERIFIED),
        (3, one_early, Outcome.WARNING),
        (10_000, one_early, Outcome.NOT_VERIFIED),
    ],
)
def test_a_list_that_moved_is_read_again(
    kind: str, times: int, fault: Fault | None, outcome: Outcome
) -> None:
    assert outcome_of(COMPLETE, Shrinking(KINDS[kind], times, fault))[0] is outcome


class Refusing(Server):
    """It has no page behind the last one."""

    def _page(self, query: Mapping[str, str]) -> Answer:
        start = self._start(query, 1)
        answer = super()._page(query)
        is_page = not start or any(one["id"] in answer.body.decode() for one in self.items)
        return answer if is_page else answered(404, {"message": "no such page"})


class Clamping(Server):
    """Behind the last page it has the last one."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind, lambda view, items: last_again(view, items)._replace(has_more=False))


@pytest.mark.parametrize("requirement", [COMPLETE, ALL_LISTED])
@pytest.mark.parametrize(
    ("kind", "server"),
    [
        *[(one, Refusing) for one in KINDS if one not in BY_ID],
        *[(one, Clamping) for one in COUNTING],
    ],
)
def test_what_is_behind_the_last_page_does_not_matter(
    kind: str, server: Callable[[Kind], Server], requirement: str
) -> None:
    assert outcome_of(requirement, server(KINDS[kind])) == (Outcome.PASSED, "")


CAPPED = [one for one in KINDS if "nor of the largest" in one]
"""The kinds whose pages may hold fewer items than were asked for, as no one says."""


@pytest.mark.parametrize("kind", CAPPED)
def test_a_page_that_is_not_full_may_be_followed_by_itself(kind: str) -> None:
    assert outcome_of(ALL_LISTED, Clamping(KINDS[kind])) == (Outcome.PASSED, "")


@pytest.mark.parametrize("kind", CAPPED)
def test_what_pages_smaller_than_asked_for_lose_is_found(kind: str) -> None:
    assert outcome_of(ALL_LISTED, Server(KINDS[kind], losing))[0] is Outcome.WARNING


@pytest.mark.parametrize("kind", KINDS)
def test_a_campaign_that_writes_between_pages_accuses_nobody(kind: str) -> None:
    server = Server(KINDS[kind])
    contract = Contract(contract_of(server.kind))
    listing = contract.operations["GET /things"]
    members = page_members(listing)
    with Target("http://target.invalid", TOKENS, tamper=server) as target:
        is_judged = True
        try:
            pagination_under_writes(Probe(contract, listing, target, random.Random(1)))
        except NotVerified:
            is_judged = False
    assert members is not None
    assert is_judged != members.is_counted


@pytest.mark.parametrize("kind", KINDS)
def test_the_mock_keeps_each_kind_of_list(kind: str, tmp_path: Path) -> None:
    contract = tmp_path / "things.json"
    contract.write_text(json.dumps(contract_of(KINDS[kind])))
    code, report = judged_mock(contract, tmp_path, "--select", "lists")

    assert accused(report) == []
    assert code == 0
    passed = {one["id"] for one in report["results"] if one["outcome"] == "passed"}
    assert {COMPLETE, ALL_LISTED, "lists.only-ones-own"} <= passed


def contract_with(**members: object) -> Contract:
    """A contract whose things are made of a name, and of these members."""
    document = contract_of(KINDS["django by offset"])
    media_type = document["paths"]["/things"]["post"]["requestBody"]["content"]["application/json"]
    media_type["schema"]["properties"] |= members
    media_type["schema"]["required"] += [*members]
    return Contract(document)


URL = {"url": {**TEXT, "format": "uri"}}


@pytest.mark.parametrize(
    ("members", "fault", "outcome"),
    [
        (URL, None, Outcome.PASSED),
        (URL, losing, Outcome.WARNING),
        ({"kind": {"enum": ["box", "bag"]}}, None, Outcome.NOT_VERIFIED),
        ({"archived": FLAG}, None, Outcome.NOT_VERIFIED),
        ({"ttl": WHOLE}, None, Outcome.NOT_VERIFIED),
        ({"kept_seconds": WHOLE}, None, Outcome.NOT_VERIFIED),
        ({"ends_at": {"type": "string", "format": "date-time"}}, None, Outcome.NOT_VERIFIED),
    ],
)
def test_what_is_made_of_more_than_a_name_is_missed_too(
    members: dict[str, object], fault: Fault | None, outcome: Outcome
) -> None:
    server = Server(KINDS["django by offset"], fault)
    assert outcome_by(contract_with(**members), ALL_LISTED, server)[0] is outcome
    assert next(server._ids) < "1070"


class Hiding(Server):
    """It lists nothing, for a member of the items."""

    def _page(self, query: Mapping[str, str]) -> Answer:
        kept, self.items = self.items, []
        answer = super()._page(query)
        self.items = kept
        return answer


class Replacing(Server):
    """It has one item for each URL."""

    def _page(self, query: Mapping[str, str]) -> Answer:
        self.items = self.items[-1:]
        return super()._page(query)


@pytest.mark.parametrize("server", [Hiding, Replacing])
def test_what_its_members_hide_or_the_next_one_replaces_is_not_missed(
    server: Callable[[Kind], Server],
) -> None:
    found = outcome_by(contract_with(**URL), ALL_LISTED, server(KINDS["django by offset"]))
    assert found[0] is Outcome.NOT_VERIFIED


class Archiving(Server):
    """It lists nothing that was changed."""

    def __call__(self, request: Request, forward: Forward) -> Answer:
        if request.method == "PATCH":
            self.items = [one for one in self.items if not request.path.endswith(one["id"])]
            return answered(200, {"id": request.path.rpartition("/")[2], "name": "x"})
        return super().__call__(request, forward)


def test_what_was_changed_meanwhile_is_not_missed() -> None:
    kind = KINDS["django by offset"]
    document = contract_of(kind)
    post = document["paths"]["/things"]["post"]
    document["paths"]["/things/{id}"]["patch"] = {
        "requestBody": post["requestBody"], "responses": {"200": post["responses"]["201"]},
    }  # fmt: skip
    contract = Contract(document)
    with Target("http://target.invalid", TOKENS, tamper=Archiving(kind)) as target:
        target.capabilities.add(Capability.LISTING)
        run = Run(contract, target, [], seed=1)
        probe = Probe(contract, contract.operations["POST /things"], target, random.Random(1))
        made = probe.known_id_of(probe.make())
        probe.send(probe.of(contract.operations["PATCH /things/{id}"]).on_one(made))
        result = run.check(catalogue()[ALL_LISTED], contract.operations["GET /things"])
    assert result.outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("path", "lasting"),
    [
        ("/things/{}", 0),
        ("/things/{}/close", 0),
        ("/things/{}:close", 0),
        ("/closing/{}", 0),
        ("/things/7/parts/{}", 1),
        ("/parts/{}/close", 1),
    ],
)
def test_what_ends_one_ends_none_of_another_kind_by_the_same_id(path: str, lasting: int) -> None:
    kind = KINDS["django by offset"]
    document = contract_of(kind)
    things = document["paths"]["/things"]
    document["paths"] |= {"/things/{id}/parts": things, "/parts": things}
    contract = Contract(document)
    with Target("http://target.invalid", TOKENS, tamper=Server(kind)) as target:
        probe = Probe(contract, contract.operations["POST /things"], target, random.Random(1))
        made = probe.known_id_of(probe.make())
        probe.try_to_send(Request("PATCH", path.format(made), partner=0))
        assert len(target.plain_creations.lasting_in("/things")) == lasting
