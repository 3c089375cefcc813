"""Lists that repeat themselves: a walk through their pages would never end."""

from collections.abc import Sequence

_PAGES_WITHOUT_NEWS = 2
"""So many pages in a row with nothing new: an item may move while a list is read, a page not."""


class Repetition:
    """Notices, page by page, that a list has begun again."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._without_news = 0
        self.pages = 0
        """The pages seen so far."""

    def add(self, ids: Sequence[str]) -> None:
        """Note the ids of the next page."""
        self.pages += 1
        is_old = bool(ids) and self._seen.issuperset(ids)
        self._without_news = self._without_news + 1 if is_old else 0
        self._seen.update(ids)

    @property
    def is_certain(self) -> bool:
        """Whether the last pages held nothing but what earlier ones had shown."""
        return self._without_news >= _PAGES_WITHOUT_NEWS

    @property
    def actual(self) -> str:
        """The actual value of a violation."""
        pages = f"pages {self.pages - 1} and {self.pages}"
        return f"a list that repeats itself: nothing new on {pages}"


EXPECTED = "other items on each page, to an end"
"""The expectation of every list that is read page by page."""

COMPLETE = "lists.pagination-is-complete"
"""The requirement that is broken where a list repeats itself."""
