"""Every store against a model of a page, in any order that Hypothesis thinks of.

Time passes, each partner's at its own pace. Where a store is shared, two processes' worth of
handles use it in turn, and each may be closed and opened again at any moment.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from mock_server.store.interface import (
    Credential,
    IdempotencyRecord,
    PartnerLogin,
    Store,
    UnknownCursor,
    UpdateCredential,
    Write,
)
from mock_server.store.opening import backend_of
from mock_server.store.sqlite_store import SqliteStore
from tests.mock_server.store.backends import cluster_url, redis_url, url

__all__ = ["cluster_url", "redis_url", "url"]

PARTNERS = ("a", "b*[x]")
KEYS = (b"\0one", b"two\xff")
LIFETIME = 100.0
AT = "2026-03-01T12:00:00.000Z"

partners = st.sampled_from(PARTNERS)
numbers = st.integers(0, 9)


@dataclass
class Model:
    """What there is of one partner: as plain as can be."""

    now: float = 1000.0
    credentials: dict[str, Credential] = field(default_factory=dict)
    records: dict[bytes, IdempotencyRecord] = field(default_factory=dict)
    logins: list[str] = field(default_factory=list)

    def record(self, key: bytes) -> IdempotencyRecord | None:
        found = self.records.get(key)
        return found if found and found.expires_at > self.now else None

    def apply(self, write: Write) -> None:
        match write:
            case Credential():
                self.credentials[write.client_id] = write
            case UpdateCredential(_, client_id, changes, only_active):
                old = self.credentials.get(client_id)
                if old and (old.status == "active" or not only_active):
                    self.credentials[client_id] = Credential(**{**old._asdict(), **changes})


class StoreMachine(RuleBasedStateMachine):
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
        self.made = 0

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def client_id(self, number: int) -> str:
        """One that was made, of whichever partner; now and then the next to be made."""
        return f"client {number % (self.made + 1)}"

    @property
    def store(self) -> Store:
        """The handles take turns."""
        self.handles.append(self.handles.pop(0))
        return self.handles[0]

    @rule(
        partner=partners,
        key=st.none() | st.sampled_from(KEYS),
        add=st.integers(0, 2),
        touched=st.lists(st.tuples(st.sampled_from("ru"), numbers), max_size=2),
        sealed=st.binary(max_size=9),
    )
    def commit(
        self,
        partner: str,
        key: bytes | None,
        add: int,
        touched: list[tuple[str, int]],
        sealed: bytes,
    ) -> None:
        model = self.models[partner]
        writes: list[Write] = []
        for _ in range(add):
            client_id = f"client {self.made}"
            self.made += 1
            writes.append(Credential(client_id, partner, sealed, "é", "active", None, AT, AT, None))
        for kind, number in touched:
            at = f"at {model.now}"
            revocation = {"status": "revoked", "updated_at": at}
            changes = revocation if kind == "r" else {"last_used_at": at}
            client_id = self.client_id(number)
            writes.append(UpdateCredential(partner, client_id, changes, only_active=kind == "r"))
        record, earlier = None, None
        if key is not None:
            record = IdempotencyRecord(
                partner.encode() + key, partner, sealed, model.now + LIFETIME
            )
            earlier = model.record(key)
        assert self.run(self.store.commit(writes, record, model.now)) == earlier
        if earlier is None:
            for write in writes:
                model.apply(write)
            if record and key is not None:
                model.records[key] = record
        for _, number in touched:
            self.find_a_credential(partner, number)

    @rule(partner=partners, key=st.sampled_from(KEYS))
    def create_three(self, partner: str, key: bytes) -> None:
        self.commit(partner, key, 3, [], b"sealed")

    @rule(partner=partners, number=numbers)
    def use(self, partner: str, number: int) -> None:
        self.commit(partner, None, 0, [("u", number)], b"")

    @rule(partner=partners, number=numbers)
    def revoke(self, partner: str, number: int) -> None:
        self.commit(partner, None, 0, [("r", number)], b"")

    @rule(partner=partners, seconds=st.sampled_from((0.5, LIFETIME - 0.5, LIFETIME, 10 * LIFETIME)))
    def let_time_pass(self, partner: str, seconds: float) -> None:
        self.models[partner].now += seconds

    @rule(partner=partners, key=st.sampled_from(KEYS), early=st.sampled_from((0.0, 0.5)))
    def use_a_key_about_when_it_expires(self, partner: str, key: bytes, early: float) -> None:
        model = self.models[partner]
        if found := model.record(key):
            model.now = max(model.now, found.expires_at - early)
        self.commit(partner, key, 1, [], b"again")

    @rule(partner=partners, key=st.sampled_from(KEYS))
    def find_a_record(self, partner: str, key: bytes) -> None:
        model = self.models[partner]
        found = self.run(self.store.find_record(partner, partner.encode() + key, model.now))
        assert found == model.record(key)

    @rule(partner=partners, number=numbers)
    def find_a_credential(self, partner: str, number: int) -> None:
        client_id = self.client_id(number)
        found = self.run(self.store.find_credential(partner, client_id))
        assert found == self.models[partner].credentials.get(client_id)

    @rule(partner=partners, limit=st.integers(1, 5), after=st.none() | numbers)
    def read_a_page(self, partner: str, limit: int, after: int | None) -> None:
        newest_first = list(self.models[partner].credentials.values())[::-1]
        cursor = None if after is None else self.client_id(after)
        page = self.store.list_credentials(partner, cursor, limit)
        if cursor is None:
            assert self.run(page) == newest_first[:limit]
        elif cursor not in self.models[partner].credentials:
            with pytest.raises(UnknownCursor):
                self.run(page)
        else:
            ids = [one.client_id for one in newest_first]
            begin = ids.index(cursor) + 1
            assert self.run(page) == newest_first[begin : begin + limit]

    @rule(partner=partners, number=st.integers(0, 2))
    def add_a_login(self, partner: str, number: int) -> None:
        client_id = f"login {number} of {partner}"
        self.run(self.store.add_partner(partner, client_id, b"hash"))
        logins = self.models[partner].logins
        if client_id in logins:
            logins.remove(client_id)
        logins.append(client_id)

    @rule(number=numbers)
    def log_in_with_a_credential(self, number: int) -> None:
        client_id = self.client_id(number)
        found = self.run(self.store.find_login(client_id))
        owners = [one for one in PARTNERS if client_id in self.models[one].credentials]
        assert ([found.partner_id] if found else []) == owners
        if found:
            assert found.credential == self.models[owners[0]].credentials[client_id]

    @rule(partner=partners, number=st.integers(0, 2))
    def log_in_as_a_partner(self, partner: str, number: int) -> None:
        client_id = f"login {number} of {partner}"
        found = self.run(self.store.find_login(client_id))
        assert (found is not None) == (client_id in self.models[partner].logins)
        assert found is None or (found.partner_id, found.credential) == (partner, None)

    @rule(partner=partners)
    def reset_a_partner(self, partner: str) -> None:
        self.run(self.store.reset_partner(partner))
        model = self.models[partner]
        self.models[partner] = Model(model.now, logins=model.logins)

    @rule(partner=partners)
    def remove_a_partner(self, partner: str) -> None:
        self.run(self.store.remove_partner(partner))
        self.models[partner] = Model(self.models[partner].now)

    @rule()
    def open_it_again(self) -> None:
        if len(self.handles) > 1:
            self.run(self.store.close())
            self.handles[0] = self.open(self.url)

    @invariant()
    def the_partners_are_known(self) -> None:
        expected = [
            PartnerLogin(one, self.models[one].logins[-1])
            for one in sorted(PARTNERS)
            if self.models[one].logins
        ]
        assert self.run(self.store.list_partners()) == expected

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
    examples: int = 100,
) -> None:
    """Run the machine; it is the same in each run."""
    members = {"url": url, "open": staticmethod(open_one or backend_of(url).open_store)}
    run_state_machine_as_test(
        type("Machine", (StoreMachine,), members),
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            database=None,
            derandomize=True,
            phases=phases,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_store_does_what_the_model_does(url: str, pytestconfig: pytest.Config) -> None:
    examples = 100 if pytestconfig.getoption("--thorough") else 25
    # A cluster is asked for its slots by every client that is opened.
    compare(url, examples=examples // 6 if "cluster" in url else examples)


class OlderPage(SqliteStore):
    async def list_credentials(
        self, partner_id: str, after: str | None, limit: int
    ) -> list[Credential]:
        page = await super().list_credentials(partner_id, after, limit + 1)
        return page[1:] if len(page) > limit else page


class EternalKeys(SqliteStore):
    async def commit(
        self, writes: Sequence[Write], record: IdempotencyRecord | None, now: float
    ) -> IdempotencyRecord | None:
        return await super().commit(writes, record, now - 1)


class RecordWithoutItsWrites(SqliteStore):
    async def commit(
        self, writes: Sequence[Write], record: IdempotencyRecord | None, now: float
    ) -> IdempotencyRecord | None:
        return await super().commit(writes[:2] if record else writes, record, now)


class ForgetfulReset(SqliteStore):
    async def reset_partner(self, partner_id: str) -> None:
        logins = await self.list_partners()
        await super().reset_partner(partner_id)
        if len(logins) > 1:
            await super().remove_partner(logins[0].partner_id)


class RevivedByUse(SqliteStore):
    async def find_credential(self, partner_id: str, client_id: str) -> Credential | None:
        found = await super().find_credential(partner_id, client_id)
        return found._replace(status="active") if found and found.last_used_at else found


@pytest.mark.parametrize(
    "wrong", [OlderPage, EternalKeys, RecordWithoutItsWrites, ForgetfulReset, RevivedByUse]
)
def test_a_wrong_store_differs_from_the_model(wrong: Callable[[], Store]) -> None:
    with pytest.raises(AssertionError):
        compare("sqlite://", lambda _: wrong(), [Phase.generate])
