"""The items of every store against a model of a page, in any order that Hypothesis thinks of."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from mock_server.store.interface import (
    IdempotencyRecord,
    ItemChange,
    ItemWindow,
    Outdated,
    Store,
    Write,
)
from mock_server.store.opening import backend_of
from mock_server.store.sqlite_store import SqliteStore
from tests.mock_server.store.backends import cluster_url, redis_url, url

__all__ = ["cluster_url", "redis_url", "url"]

PARTNERS = ("a", "b*[x]")
COLLECTIONS = ("/a", "/a/1/b", "/a/11/b", "/ab")
IDS = ("1", "11", "é%2F")

partners = st.sampled_from(PARTNERS)
collections = st.sampled_from(COLLECTIONS)
ids = st.sampled_from(IDS)
values = st.binary(max_size=9)


@dataclass
class Model:
    """The items of one partner, in the order in which they were added."""

    items: dict[tuple[str, str], bytes] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def set(self, collection: str, item_id: str, after: bytes | None) -> None:
        if after is not None:
            self.items[collection, item_id] = after
            return
        below = f"{collection}/{item_id}/"
        for place in list(self.items):
            if place == (collection, item_id) or place[0].startswith(below):
                del self.items[place]


class ItemMachine(RuleBasedStateMachine):
    """One store, and a model for each partner."""

    url: str
    open: Callable[[str], Store]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        count = 2 if backend_of(self.url).is_shared(self.url) else 1
        self.handles = [self.open(self.url) for _ in range(count)]
        if self.url.startswith("redis"):
            self.run(self.handles[0]._redis.flushdb())  # type: ignore[attr-defined]
        self.models: dict[str, Model] = defaultdict(Model)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @property
    def store(self) -> Store:
        """The handles take turns."""
        self.handles.append(self.handles.pop(0))
        return self.handles[0]

    @rule(partner=partners, collection=collections, item_id=ids, after=values)
    def set(self, partner: str, collection: str, item_id: str, after: bytes) -> None:
        model = self.models[partner]
        before = model.items.get((collection, item_id))
        change = ItemChange(partner, collection, item_id, before, after)
        assert self.run(self.store.commit([change], None, 1.0)) is None
        model.set(collection, item_id, after)
        self.find(partner, collection, item_id)

    @rule(partner=partners, item_id=ids, after=values)
    def delete_with_what_is_below(self, partner: str, item_id: str, after: bytes) -> None:
        for collection in ("/a", "/a/1/b", "/a/11/b"):
            self.set(partner, collection, item_id, after)
        self.delete(partner, "/a", item_id)
        for collection in ("/a/1/b", "/a/11/b"):
            self.find(partner, collection, item_id)

    @rule(partner=partners, collection=collections, item_id=ids)
    def delete(self, partner: str, collection: str, item_id: str) -> None:
        model = self.models[partner]
        before = model.items.get((collection, item_id))
        change = ItemChange(partner, collection, item_id, before, None)
        assert self.run(self.store.commit([change], None, 1.0)) is None
        model.set(collection, item_id, None)
        self.find(partner, collection, item_id)

    @rule(partner=partners, collection=collections, item_id=ids, wrong=st.none() | values)
    def change_another(
        self, partner: str, collection: str, item_id: str, wrong: bytes | None
    ) -> None:
        if wrong != self.models[partner].items.get((collection, item_id)):
            change = ItemChange(partner, collection, item_id, wrong, b"never")
            key = IdempotencyRecord(partner.encode(), partner, b"sealed", 100.0)
            assert self.is_outdated(change, key)
            assert self.run(self.store.find_record(partner, key.key_hash, 1.0)) is None
            self.find(partner, collection, item_id)

    def is_outdated(self, change: ItemChange, record: IdempotencyRecord) -> bool:
        try:
            self.run(self.store.commit([change], record, 1.0))
        except Outdated:
            return True
        return False

    @rule(partner=partners, collection=collections, item_id=ids)
    def find(self, partner: str, collection: str, item_id: str) -> None:
        found = self.run(self.store.items.find(partner, collection, item_id))
        assert (found and found.value) == self.models[partner].items.get((collection, item_id))

    @rule(
        partner=partners,
        collection=collections,
        window=st.builds(
            ItemWindow, st.integers(1, 3), st.booleans(), st.none(), st.integers(0, 2)
        ),
    )
    def read(self, partner: str, collection: str, window: ItemWindow) -> None:
        kept = self.models[partner].items
        own = [(item_id, kept[of, item_id]) for of, item_id in kept if of == collection]
        items = self.store.items
        assert self.run(items.count(partner, collection)) == len(own)
        if window.newest_first:
            own.reverse()
        found: list[Any] = []
        beyond = None
        while page := self.run(
            items.list(partner, collection, window._replace(beyond=beyond, skip=0))
        ):
            found += page
            beyond = page[-1].position
        assert [(one.item_id, one.value) for one in found] == own
        skipped = self.run(items.list(partner, collection, window))
        assert skipped == found[window.skip : window.skip + window.limit]

    @rule(partner=partners, collection=collections)
    def take_a_number(self, partner: str, collection: str) -> None:
        numbers = self.models[partner].numbers
        numbers[collection] += 1
        found = self.run(self.store.items.next_number(partner, collection))
        assert found == numbers[collection]

    @rule(partner=partners, remove=st.booleans())
    def reset(self, partner: str, remove: bool) -> None:  # noqa: FBT001 - drawn
        store = self.store
        self.run((store.remove_partner if remove else store.reset_partner)(partner))
        self.models[partner] = Model()

    def teardown(self) -> None:
        if not self.url.startswith("redis") and backend_of(self.url).is_shared(self.url):
            # The next example begins with an empty file.
            for one in PARTNERS:
                self.run(self.store.remove_partner(one))
        for handle in self.handles:
            self.run(handle.close())
        self.runner.close()


def compare(
    url: str,
    open_one: Callable[[str], Store] | None = None,
    phases: Sequence[Phase] = tuple(Phase),
    examples: int = 30,
) -> None:
    """Run the machine; it is the same in each run."""
    members = {"url": url, "open": staticmethod(open_one or backend_of(url).open_store)}
    run_state_machine_as_test(
        type("Machine", (ItemMachine,), members),
        settings=settings(
            max_examples=examples,
            stateful_step_count=20,
            deadline=None,
            database=None,
            derandomize=True,
            phases=phases,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_store_keeps_items_as_the_model_does(url: str, pytestconfig: pytest.Config) -> None:
    examples = 100 if pytestconfig.getoption("--thorough") else 10
    # A cluster is asked for its slots by every client that is opened.
    compare(url, examples=examples // 4 if "cluster" in url else examples)


class ChangedRegardless(SqliteStore):
    async def commit(
        self, writes: Sequence[Write], record: IdempotencyRecord | None, now: float
    ) -> IdempotencyRecord | None:
        try:
            return await super().commit(writes, record, now)
        except Outdated:
            return None


class KeptBelow(SqliteStore):
    async def commit(
        self, writes: Sequence[Write], record: IdempotencyRecord | None, now: float
    ) -> IdempotencyRecord | None:
        self._execute("DROP TABLE IF EXISTS kept")
        self._execute("CREATE TABLE kept AS SELECT * FROM items WHERE collection LIKE '/a/_/b'")
        done = await super().commit(writes, record, now)
        if any(one.collection == "/a" for one in writes if isinstance(one, ItemChange)):
            self._execute("INSERT OR IGNORE INTO items SELECT * FROM kept")
        return done


class NumbersOfAll(SqliteStore):
    def __init__(self) -> None:
        super().__init__()
        execute = self.items._execute
        self.items._execute = lambda statement, values=(): execute(
            statement, ("all", *values[1:]) if "item_numbers" in statement else values
        )


@pytest.mark.parametrize("wrong", [ChangedRegardless, KeptBelow, NumbersOfAll])
def test_a_wrong_store_differs_from_the_model(wrong: Callable[[], Store]) -> None:
    with pytest.raises(AssertionError):
        compare("sqlite://", lambda _: wrong(), [Phase.generate])
