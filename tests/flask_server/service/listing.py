"""Pages of credentials, the newest first."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Select, select

from tests.flask_server.service.answers import Document, invalid
from tests.flask_server.service.tables import Credential

Query = Select[Credential]


def limit(given: str | None) -> int:
    if given is None:
        return 25
    if not re.fullmatch(r"[0-9]{1,9}", given) or not 1 <= int(given) <= 100:
        raise invalid("limit", "invalid_value", "This is a whole number from 1 to 100.")
    return int(given)


def of_partner(query: Query, partner: str) -> Query:
    return query.where(Credential.partner == partner)


def after(query: Query, cursor: Credential) -> Query:
    return query.where(Credential.number < cursor.number)


def no_cursor() -> None:
    raise invalid("starting_after", "invalid_value", "This is no id of a credential of yours.")


def same(document: Document, credential: Credential) -> Document:
    return document


def whole(found: list[Credential]) -> list[Credential]:
    return found


@dataclass
class Listing:
    """The seams of the list."""

    limit: Callable[[str | None], int] = limit
    visible: Callable[[Query, str], Query] = of_partner
    after: Callable[[Query, Credential], Query] = after
    cursors: Callable[[Query, str], Query] = of_partner
    no_cursor: Callable[[], None] = no_cursor
    # Of the rows found, one more than the limit where there are so many.
    has_more: Callable[[int, int], bool] = lambda found, limit: found > limit
    page: Callable[[list[Credential]], list[Credential]] = whole
    item: Callable[[Document, Credential], Document] = same

    def query(self, partner: str) -> Query:
        query = select(Credential).where(Credential.own.is_(False))
        return self.visible(query, partner).order_by(Credential.number.desc())
