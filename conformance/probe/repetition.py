"""Lists that repeat themselves, or go on without items: a walk through them would never end."""

from collections.abc import Sequence

_PAGES_WITHOUT_NEWS = 2
"""So many pages in a row with nothing new: an item may move while a list is read, a page not."""


_EMPTY_PAGES = 40
"""So many pages in a row without an item: those of what was deleted may be empty, but not these."""


class Repetition:
    """Notices, page by page, that a list has begun again, or does not end."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._cursors: set[object] = set()
        self._without_news = 0
        self._empty = 0
        self._is_named_again = False
        self._may_have_ended = False
        self.pages = 0
        """The pages seen so far."""

    def add(
        self, ids: Sequence[str], following: object = None, *, may_be_last: bool = False
    ) -> None:
        """Note the ids of the next page, and the cursor of the one behind it."""
        self.pages += 1
        is_old = bool(ids) and self._seen.issuperset(ids)
        self._without_news = self._without_news + 1 if is_old else 0
        self._empty = 0 if ids else self._empty + 1
        # A page with news may have come to be named by the cursor of an empty one.
        self._is_named_again = not ids and following in self._cursors
        self._seen.update(ids)
        self._cursors.add(following)
        self._may_have_ended = may_be_last

    def ends_with(self, ids: Sequence[str]) -> bool:
        """Whether the page before was the last: no one told of this one, which has nothing new."""
        return self._may_have_ended and bool(ids) and self._seen.issuperset(ids)

    def shows_again(self, ids: Sequence[str]) -> bool:
        """Whether a page has an item that an earlier one had."""
        return not self._seen.isdisjoint(ids)

    @property
    def is_certain(self) -> bool:
        """Whether the last pages held only what earlier ones had shown, or nothing at all."""
        is_endless = self._is_named_again or self._empty >= _EMPTY_PAGES
        return is_endless or self._without_news >= _PAGES_WITHOUT_NEWS

    @property
    def actual(self) -> str:
        """The actual value of a violation."""
        pages = f"pages {self.pages - 1} and {self.pages}"
        return f"a list that repeats itself: nothing new on {pages}"


EXPECTED = "other items on each page, to an end"
"""The expectation of every list that is read page by page."""

COMPLETE = "lists.pagination-is-complete"
"""The requirement that is broken where a list repeats itself."""
