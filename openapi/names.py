"""Names in lists: what parameters, members and headers of pages are called, by their role."""

import re
from collections.abc import Iterable, Mapping
from enum import Enum, auto
from functools import cache

IDS = ("id", "uuid", "guid", "sid")
"""What the member with an id is called."""

REFERENCES = (*IDS, "ref", "reference", "number", "code", "key")
"""What stands behind the name of a resource in the name of a member with its id."""


class Role(Enum):
    """What a parameter asks for, or what a member or header of a page says."""

    ITEMS = auto()
    CURSOR = auto()
    PAGE_INFO = auto()
    BEFORE = auto()
    OLDER = auto()
    NUMBER = auto()
    OFFSET = auto()
    SIZE = auto()
    NEXT = auto()
    PREVIOUS = auto()
    OWN = auto()
    HAS_MORE = auto()
    HAS_PREVIOUS = auto()
    IS_FIRST = auto()
    IS_LAST = auto()
    IS_EMPTY = auto()
    TOTAL = auto()
    COUNT = auto()
    PAGES = auto()
    FIRST_ID = auto()
    LAST_ID = auto()
    TOKEN = auto()


_NUMBER = r"p|(current)?page|page(number|num|no|index|nr)"
_OFFSET = r"(page|list)?offset|skip|start(index|at|position)?|from|firstresult|begin"
_SIZE = (
    r"pagelen(gth)?|limit|(page|batch|list)?size|(page|list)limit|(items)?perpage"
    r"|max(results|items|pagesize)?|top|take"
)

ASKED: Mapping[Role, str] = {
    Role.SIZE: rf"{_SIZE}|pagecount|rows|first|count|results|num",
    Role.OFFSET: _OFFSET,
    Role.NUMBER: _NUMBER,
    Role.BEFORE: r"(ending|end|page|item|id)?before(id|key|cursor|token)?|prev.*|untilid|maxid",
    Role.OLDER: r"(page|item|id)?before(id|key|cursor|token)?",
    Role.CURSOR: (
        r"(starting|start|page|list|item|id|search)?after(id|key|cursor|token)?|.*cursor"
        r"|(?!.*(access|auth|csrf|session|id)token).*token|.*(marker|bookmark|continu).*"
        r"|next(page|id|key)*|sinceid|last(seen|item)?id|.*startkey"
    ),
    Role.PAGE_INFO: r"pageinfo",
    Role.TOKEN: r"(page|list)?offset|skip|.*(bookmark|cursor|token|marker)",
}
"""What query parameters are called."""

SHOWN: Mapping[Role, str] = {
    Role.ITEMS: (
        r"data|items?|values?|content|results?|records|entries|elements|list|rows|hits|objects"
    ),
    Role.PREVIOUS: r"(has)?prev.*|before|(start|before)cursor",
    Role.NEXT: (
        r"next(?!sync).*|.*(nexttoken|nextcursor|nextpage|nextlink|nexturl|continuation).*"
        r"|continue|after|(end|after)?cursor|marker|lastevaluatedkey|(page|skip|scroll)token"
    ),
    Role.OWN: r"self",
    Role.HAS_MORE: r"(?!.*previous).*more.*|(has|is)?next(page)?|hasnext.*|(is)?truncated",
    Role.HAS_PREVIOUS: r"hasprev.*",
    Role.IS_FIRST: r"(is)?first(page)?",
    Role.IS_LAST: r"(is)?last(page)?",
    Role.IS_EMPTY: r"(is)?empty",
    Role.TOTAL: (
        r"total|(total|full)(count|items|results|records|elements|size|rows|hits|number)"
        r"|count|(item|record|result)count|(items|records|results)total"
    ),
    Role.PAGES: r"(total|number|num)(of)?pages|pages(total)?|lastpage|pagecount",
    Role.NUMBER: rf"number|{_NUMBER}",
    Role.OFFSET: _OFFSET,
    Role.COUNT: r"numberofelements|returned|size|length|results|(on)?pagecount",
    Role.SIZE: _SIZE,
    Role.FIRST_ID: r"firstid",
    Role.LAST_ID: r"lastid",
}
"""What members of a page and headers are called."""

_FROM_ZERO = {"totalelements", "numberofelements"}
"""Members that only pages have whose numbers begin with 0, where the contract says nothing."""

_OF_THIS_PAGE = re.compile("count|size|length|results")
"""Totals that may as well count the items of one page."""

HOLDERS = ("href", "url", "uri", "link", "path")
"""What a member is called that holds the URL of the one around it."""


def spelt(name: str) -> str:
    """A name without what spellings differ in: ``petId``, ``pet_id`` and ``PetID`` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _word(name: str) -> str:
    return spelt(name).removeprefix("odata")


@cache
def _matches(pattern: str, word: str) -> bool:
    return re.fullmatch(pattern, word) is not None


def is_asked(role: Role, name: str) -> bool:
    """Whether a query parameter is called as one of this role."""
    return _matches(ASKED[role], _word(name))


def first_asked(role: Role, names: Iterable[str]) -> str | None:
    """The first of these query parameters that is called as one of this role."""
    return next((one for one in names if is_asked(role, one)), None)


@cache
def is_shown(role: Role, *path: str) -> bool:
    """Whether a member, by the members that lead to it, is called as one of this role."""
    return _matches(SHOWN[role], word_of(path))


def is_header(role: Role, name: str) -> bool:
    """Whether a header is called as one of this role: ``X-Next-Page``."""
    return _matches(SHOWN[role], spelt(name).removeprefix("x"))


@cache
def word_of(path: tuple[str, ...]) -> str:
    """What a member is called, however it is spelt; ``next`` for the URL in ``next.href``."""
    *above, name = path
    word = _word(name)
    return _word(above[-1]) if above and word in HOLDERS else word


def holds_url(*path: str) -> bool:
    """Whether a member is called as one with a URL: ``links.next``, ``nextLink``, ``next.href``."""
    *above, name = map(_word, path)
    return name.endswith(HOLDERS) or any(one in {"link", "links"} for one in above)


def begins_with_zero(names: Iterable[str]) -> bool:
    """Whether a page with these members is one of those whose numbers begin with 0."""
    return not _FROM_ZERO.isdisjoint(map(_word, names))


def may_count_one_page(*path: str) -> bool:
    """Whether what is called a total may be the number of the items on one page."""
    return _OF_THIS_PAGE.fullmatch(word_of(path)) is not None
