"""What a run keeps for the checks at its end, in bounded memory."""

import secrets
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from sys import getsizeof
from typing import Generic, NamedTuple, TypeVar

from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Request

Kept = TypeVar("Kept")


class CreatedResource(NamedTuple):
    """What a run has made: its partner, from 0, and its handle, by which two kinds may be called.

    ``place`` is the path that ends it. ``lookup`` is that of a GET which finds nothing once what it
    is in is gone, where nothing ends it alone. Both are empty where the contract alone says it.
    """

    partner: int
    handle: str
    place: str = ""
    lookup: str = ""


_MOST_COUNTED = 1000

_PAIR_BYTES = 128
"""The memory of a header beside its texts, at least."""


def memory_of(request: Request, answer: Answer | None = None) -> int:
    """The bytes that an exchange takes, about."""
    pairs = [*request.headers, *(answer.headers if answer else ())]
    texts = [request.path, request.body, answer.body if answer else b""]
    return sum(getsizeof(one) for pair in pairs for one in pair) + sum(
        map(getsizeof, texts), _PAIR_BYTES * (len(pairs) + 1)
    )


class Newest(Generic[Kept]):
    """The newest exchanges, up to a number and so much memory; the others after a judgement.

    ``shows`` says what can be seen in an exchange. An older one stays only where it is the first
    to show something, so that no judgement misses what was dropped.
    """

    MOST, MOST_BYTES = 10_000, 32 * 1024 * 1024

    def __init__(self) -> None:
        self.shows: Callable[[Kept], Iterable[Hashable]] = lambda _: ()
        self._first: list[Kept] = []
        self._seen: set[Hashable] = set()
        self._newest: list[tuple[Kept, int]] = []
        self._bytes = 0
        self._lock = threading.Lock()

    def add(self, exchange: Kept, size: int) -> None:
        """Keep an exchange that takes so many bytes."""
        with self._lock:
            self._newest.append((exchange, size))
            self._bytes += size
            while len(self._newest) > 1 and (
                len(self._newest) > self.MOST or self._bytes > self.MOST_BYTES
            ):
                oldest, its_size = self._newest.pop(0)
                self._bytes -= its_size
                if not self._seen.issuperset(shown := set(self.shows(oldest))):
                    self._seen |= shown
                    self._first.append(oldest)

    def __len__(self) -> int:
        """The number of exchanges that are kept."""
        return len(self._first) + len(self._newest)

    def __iter__(self) -> Iterator[Kept]:
        """The exchanges that are kept now, the oldest first."""
        with self._lock:
            return iter([*self._first, *(one for one, _ in self._newest)])


Met = tuple[Request, list[Answer]]


@dataclass(slots=True)
class BeyondLimit:
    """What came of requests beyond a limit that was provoked, apart from the 429s.

    ``creations`` with keys got a 429 and were not sent again. Those ``refused`` got another status
    until they had waited, and the one ``served`` was served where none remained.
    """

    creations: list[Request] = field(default_factory=list)
    refused: list[Met] = field(default_factory=list)
    served: Met | None = None


@dataclass(slots=True)
class EarlyCall:
    """A creation with a key at the start of a run, and the keys that were used after it."""

    made: tuple[Request, Answer] | None = None
    keys: set[int] = field(default_factory=set)

    def note(self, key: str) -> None:
        """Count a key, as far as it matters how many there are."""
        if len(self.keys) < _MOST_COUNTED:
            self.keys.add(hash(key))


class NewTexts(Mapping[str, int]):
    """The newest of the texts that a target may take but once: none is in two creations.

    Each has the number of its last characters that are others in another one.
    """

    MOST = 20_000

    def __init__(self) -> None:
        self._texts: dict[str, int] = {}
        self._lock = threading.Lock()

    def add(self, texts: Iterable[tuple[str, int]]) -> None:
        """Keep these, too."""
        found = dict(texts)
        with self._lock:
            self._texts |= found
            while len(self._texts) > self.MOST:
                del self._texts[next(iter(self._texts))]

    def __getitem__(self, text: str) -> int:
        """How many of its last characters are others."""
        return self._texts[text]

    def __iter__(self) -> Iterator[str]:
        """The oldest first."""
        with self._lock:
            return iter([*self._texts])

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._texts)


def _noun(collection: str) -> str:
    return collection.rpartition("/")[2]


class PlainCreations:
    """What was made by plain bodies, in each collection: without an end, and unchanged since.

    How often each name was asked for stands beside it, by any request. Names beyond ``MOST``, and
    long ones, are not kept, nor is what was made by them.
    """

    MOST, LONGEST = 10_000, 200

    def __init__(self) -> None:
        self._asked: Counter[str] = Counter()
        self._made: dict[tuple[str, tuple[int, str]], str | None] = {}
        self._revoked: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def ask(self, name: str) -> None:
        """Count a request for a name."""
        with self._lock:
            has_room = len(self._asked) < self.MOST and len(name) <= self.LONGEST
            if has_room or name in self._asked:
                self._asked[name] += 1

    def add(self, collection: str, made: tuple[int, str], name: str | None) -> None:
        """Note the partner and handle of what a request has made, for a name or without one."""
        with self._lock:
            if name in self._asked or (name is None and len(self._made) < self.MOST):
                self._made[collection, made] = name

    def revoke(self, collection: str, handle: str) -> None:
        """Note that something is to be revoked or changed, whatever will be answered.

        It is of any collection that is called as this one: its parent may not be in the path.
        """
        with self._lock:
            self._revoked.add((_noun(collection), handle))
            if len(self._revoked) > self.MOST:
                self._made = {
                    (collection, one): name
                    for (collection, one), name in self._made.items()
                    if self._lasts(collection, one)
                }
                self._revoked.clear()

    def _lasts(self, collection: str, made: tuple[int, str]) -> bool:
        return (_noun(collection), made[1]) not in self._revoked

    def lasting_in(self, collection: str) -> set[tuple[int, str]]:
        """The partners and handles of what is still there of the collection with this path."""
        with self._lock:
            return {
                one for path, one in self._made if path == collection and self._lasts(path, one)
            }

    @property
    def asked_once(self) -> set[tuple[int, str]]:
        """The partners and names of what was made where one request alone asked for the name."""
        with self._lock:
            return {
                (partner, name)
                for (_, (partner, _)), name in self._made.items()
                if name is not None and self._asked[name] == 1
            }


@dataclass(slots=True)
class TakenBody:
    """A body of a creation that the target takes, where it refuses what is made by the schema.

    ``references`` has the members that name another resource, by the id of the operation that makes
    it. ``varied`` are the kinds of values that must be new in each body, of the ``varied_member``
    alone where there is one. Where it ``is_plain`` as well, the target takes what is made by the
    schema, or refuses it for its values alone.
    """

    body: object
    references: Mapping[str, str] = field(default_factory=dict)
    varied: frozenset[str] = frozenset()
    varied_member: str = ""
    is_plain: bool = False
    _numbers: Iterator[int] = field(default_factory=lambda: count(secrets.randbelow(1000)))

    @property
    def has_rules(self) -> bool:
        """Whether rules of business refuse other bodies: on dates, or on what nobody knows."""
        return not self.is_plain or "date" in self.varied

    def next_number(self) -> int:
        """A number that no other body has had, from one that is other in each run."""
        return next(self._numbers)


@dataclass(slots=True)
class ResourcePlaces:
    """Where resources of contracts with several kinds, or with nested ones, are.

    ``above`` has what others are made in, by its partner, the operation that makes it and a number
    for each of several that one refers to, and ``parents`` these. ``taken`` are bodies that
    are taken where others are refused, by the id of the operation, and ``new_texts`` those that
    stand in one creation each. ``unreached`` says of capabilities that nobody could ask for why
    that is. ``on_created`` is called with each created resource, once its place is known.
    """

    above: dict[tuple[int, str, int], tuple[Request, Answer]] = field(default_factory=dict)
    parents: set[CreatedResource] = field(default_factory=set)
    taken: dict[str, TakenBody] = field(default_factory=dict)
    new_texts: NewTexts = field(default_factory=NewTexts)
    unreached: dict[Capability, str] = field(default_factory=dict)
    on_created: Callable[[CreatedResource], object] = lambda _: None
    lock: threading.RLock = field(default_factory=threading.RLock)
