"""What lists, pages and cursors get wrong, and revocation."""

import threading
from collections.abc import Callable

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from tests.flask_server.faults.fault import Expected, fault
from tests.flask_server.parts import Parts
from tests.flask_server.service.answers import Answer, Document
from tests.flask_server.service.listing import Query, limit, of_partner
from tests.flask_server.service.tables import Credential

MUST, SHOULD, RARE = Expected.MUST, Expected.SHOULD, Expected.RARE


def limits_as(parts: Parts, change: Callable[[str | None], str | None]) -> None:
    """A limit is changed before it is read."""
    parts.listing.limit = lambda given: limit(change(given))


@fault(SHOULD, "github.com/mcdonc/klangk/issues/1274")
def has_more_on_a_full_last_page(parts: Parts) -> None:
    """has_more is true on a last page that is full."""
    parts.listing.has_more = lambda found, limit: found >= limit


@fault(MUST, "github.com/Charcoal-SE/metasmoke/issues/26")
def has_more_is_always_false(parts: Parts) -> None:
    """has_more is false on each page."""
    parts.listing.has_more = lambda found, limit: False


@fault(MUST, "github.com/Charcoal-SE/metasmoke/issues/26")
def has_more_is_always_true(parts: Parts) -> None:
    """has_more is true on each page."""
    parts.listing.has_more = lambda found, limit: True


@fault(MUST, "github.com/prisma/web/pull/391: a cursor without skip: 1")
def cursor_is_repeated(parts: Parts) -> None:
    """The item that a cursor names is on the next page again."""
    parts.listing.after = lambda query, cursor: query.where(Credential.number <= cursor.number)


@fault(MUST, "offsets counted from one")
def item_after_the_cursor_lost(parts: Parts) -> None:
    """The item after the cursor is on no page."""
    parts.listing.after = lambda query, cursor: query.where(
        Credential.number < cursor.number
    ).offset(1)


@fault(MUST, "github.com/superplanehq/superplane/issues/6627")
def equal_times_lost(parts: Parts) -> None:
    """Items that were made in the second of the cursor are on no later page."""
    parts.listing.after = lambda query, cursor: query.where(
        Credential.created < float(int(cursor.created))
    )


@fault(MUST, "cursors that are ignored")
def cursor_ignored(parts: Parts) -> None:
    """Each page is the first."""
    parts.listing.after = lambda query, cursor: query


@fault(MUST, "cursors in the wrong direction")
def cursor_goes_backwards(parts: Parts) -> None:
    """The page after a cursor has the items before it."""
    parts.listing.after = lambda query, cursor: query.where(Credential.number > cursor.number)


@fault(RARE, "cursors that are looked up among active rows")
def revoked_cursor_refused(parts: Parts) -> None:
    """A cursor that names a revoked credential gets 422."""

    def after(query: Query, cursor: Credential) -> Query:
        if cursor.status == "revoked":
            parts.listing.no_cursor()
        return query.where(Credential.number < cursor.number)

    parts.listing.after = after


@fault(SHOULD, "unknown cursors that start again")
def unknown_cursor_taken(parts: Parts) -> None:
    """A cursor that names nothing gets the first page."""
    parts.listing.no_cursor = lambda: None


@fault(MUST, "an object of somebody else: OWASP API1:2023")
def cursor_of_others_taken(parts: Parts) -> None:
    """A cursor may name a credential of another partner."""
    only = parts.listing.cursors
    parts.listing.cursors = lambda query, partner: (
        query if request.method == "GET" else only(query, partner)
    )


@fault(MUST, "OWASP API1:2023, broken object level authorisation")
def credential_of_others_revoked(parts: Parts) -> None:
    """A partner can revoke a credential of another partner."""
    parts.listing.cursors = lambda query, partner: (
        query if request.method == "DELETE" else of_partner(query, partner)
    )


@fault(MUST, "github.com/nensii21/devlink/issues/773: no condition on the tenant")
def credentials_of_all_partners_listed(parts: Parts) -> None:
    """The list has the credentials of all partners."""
    parts.listing.visible = lambda query, partner: query


@fault(RARE, "a condition on the tenant that the second page lacks")
def later_pages_have_all_partners(parts: Parts) -> None:
    """Pages after the first have the credentials of all partners."""

    def visible(query: Query, partner: str) -> Query:
        return query if "starting_after" in request.args else of_partner(query, partner)

    parts.listing.visible = visible


@fault(MUST, "github.com/lowcoder-org/lowcoder/issues/1453")
def secret_in_the_list(parts: Parts) -> None:
    """The list has secrets."""
    secrets: dict[str, str] = {}

    def remember(given: Answer, document: Document) -> Answer:
        secrets[document["client_id"]] = document["client_secret"]
        return given

    def item(document: Document, credential: Credential) -> Document:
        return {**document, "client_secret": secrets.get(credential.client_id)}

    parts.answers.created = remember
    parts.listing.item = item


@fault(MUST, "github.com/ansible/awx/issues/1367")
def secret_under_another_name_in_the_list(parts: Parts) -> None:
    """The list has secrets, as `secret` within `metadata`."""
    secrets: dict[str, str] = {}

    def remember(given: Answer, document: Document) -> Answer:
        secrets[document["client_id"]] = document["client_secret"]
        return given

    def item(document: Document, credential: Credential) -> Document:
        return {**document, "metadata": {"secret": secrets.get(credential.client_id)}}

    parts.answers.created = remember
    parts.listing.item = item


@fault(SHOULD, "github.com/networknt/light-oauth2/issues/27")
def hash_of_the_secret_in_the_list(parts: Parts) -> None:
    """The list has the SHA-256 of secrets."""
    parts.listing.item = lambda document, credential: {
        **document,
        "client_secret_hash": credential.secret_hash,
    }


@fault(SHOULD, "hints of a secret: its last characters")
def half_of_the_secret_in_the_list(parts: Parts) -> None:
    """The list has the last 16 characters of secrets, as a hint."""
    secrets: dict[str, str] = {}

    def remember(given: Answer, document: Document) -> Answer:
        secrets[document["client_id"]] = document["client_secret"]
        return given

    def item(document: Document, credential: Credential) -> Document:
        return {**document, "hint": secrets.get(credential.client_id, "")[-16:]}

    parts.answers.created = remember
    parts.listing.item = item


@fault(MUST, "a limit that is read and not used")
def limit_ignored(parts: Parts) -> None:
    """A page has 25 items, whatever limit is asked for."""

    def ignored(given: str | None) -> int:
        limit(given)
        return 25

    parts.listing.limit = ignored


@fault(SHOULD, "github.com/langgenius/dify/issues/42024")
def large_limit_capped(parts: Parts) -> None:
    """A limit beyond 100 counts as 100."""
    limits_as(
        parts,
        lambda given: "100" if given and given.isdecimal() and int(given) > 100 else given,
    )


@fault(SHOULD, "a limit of 0 that is falsy")
def limit_of_zero_taken(parts: Parts) -> None:
    """A limit of 0 counts as the default."""
    limits_as(parts, lambda given: None if given == "0" else given)


@fault(SHOULD, "parseInt('5abc')")
def limit_with_letters_taken(parts: Parts) -> None:
    """A limit counts as the digits it begins with, and as the default where it has none."""

    def digits(given: str | None) -> str | None:
        if given is None:
            return None
        number = given[: len(given) - len(given.lstrip("0123456789"))]
        return number or None

    limits_as(parts, digits)


@fault(MUST, "int(request.args['limit']), not handled")
def limit_with_letters_fails(parts: Parts) -> None:
    """A limit that is no number gets 500."""
    parts.listing.limit = lambda given: 25 if given is None else limit(str(int(given)))


@fault(SHOULD, "another default")
def default_limit_is_10(parts: Parts) -> None:
    """A page has 10 items where no limit is asked for."""
    limits_as(parts, lambda given: given or "10")


@fault(RARE, "an off-by-one at the largest limit")
def limit_of_100_gives_99(parts: Parts) -> None:
    """A limit of 100 gives 99 items and the end of the list."""
    parts.listing.page = lambda found: found[:99]


@fault(RARE, "OFFSET beyond a maximum: max_result_window of Elasticsearch")
def list_ends_after_120(parts: Parts) -> None:
    """Items beyond the 120 newest are on no page."""

    def visible(query: Query, partner: str) -> Query:
        newest = (
            select(Credential.number)
            .where(Credential.partner == partner, Credential.own.is_(False))
            .order_by(Credential.number.desc())
            .limit(120)
        )
        return of_partner(query, partner).where(Credential.number.in_(newest))

    parts.listing.visible = visible


@fault(SHOULD, "soft deletes: WHERE deleted_at IS NULL")
def revoked_are_not_listed(parts: Parts) -> None:
    """Revoked credentials are not in the list."""
    parts.listing.visible = lambda query, partner: of_partner(query, partner).where(
        Credential.status == "active"
    )


@fault(SHOULD, "read replicas that lag")
def list_lags_by_a_second(parts: Parts) -> None:
    """A new credential is in the list after a second."""
    parts.listing.visible = lambda query, partner: of_partner(query, partner).where(
        Credential.created < parts.now() - 1
    )


@fault(MUST, "queues in the place of writes")
def list_lags_by_a_minute(parts: Parts) -> None:
    """A new credential is in the list after a minute."""
    parts.listing.visible = lambda query, partner: of_partner(query, partner).where(
        Credential.created < parts.now() - 60
    )


@fault(MUST, "views that are refreshed by night")
def list_shows_revoked_as_active(parts: Parts) -> None:
    """A revoked credential is active in the list."""
    parts.listing.item = lambda document, credential: {
        **document,
        "status": "active",
    }


@fault(MUST, "serialisers of their own for lists")
def list_lacks_a_member(parts: Parts) -> None:
    """Items of the list have no last_used_at where it is null: omitempty."""

    def item(document: Document, credential: Credential) -> Document:
        return {name: value for name, value in document.items() if value is not None}

    parts.listing.item = item


@fault(MUST, "serialisers of their own for lists")
def list_has_other_ends(parts: Parts) -> None:
    """expires_at is null in the list."""
    parts.listing.item = lambda document, credential: {
        **document,
        "expires_at": None,
    }


@fault(SHOULD, "DELETE that is idempotent")
def revoked_again(parts: Parts) -> None:
    """A second revocation gets 204."""
    parts.revoked_twice = 204


@fault(SHOULD, "DELETE that does not count rows")
def unknown_revoked(parts: Parts) -> None:
    """The revocation of a client id that is unknown gets 204."""
    parts.unknown_revoked = 204


@fault(MUST, "a transaction that is not committed")
def revocation_is_not_stored(parts: Parts) -> None:
    """A revocation gets 204 and changes nothing."""
    parts.storing.revoke = lambda credential: None


@fault(MUST, "a word of another version")
def revoked_is_disabled(parts: Parts) -> None:
    """The status of a revoked credential is `disabled`."""
    shown = parts.storing.shown

    def other(document: Document) -> Document:
        status = "disabled" if document["status"] == "revoked" else document["status"]
        return {**shown(document), "status": status}

    parts.storing.shown = other


@fault(RARE, "a cascade over equal names")
def namesakes_revoked_too(parts: Parts) -> None:
    """A revocation revokes all credentials of that name."""

    def revoke(credential: Credential) -> None:
        session = object_session(credential)
        assert session is not None
        same = of_partner(select(Credential), credential.partner)
        for other in session.scalars(same.where(Credential.name == credential.name)):
            other.status = "revoked"

    parts.storing.revoke = revoke


@fault(MUST, "DELETE FROM without a WHERE")
def all_are_revoked(parts: Parts) -> None:
    """A revocation revokes all credentials of the partner."""

    def revoke(credential: Credential) -> None:
        session = object_session(credential)
        assert session is not None
        same = of_partner(select(Credential), credential.partner)
        for other in session.scalars(same.where(Credential.own.is_(False))):
            other.status = "revoked"

    parts.storing.revoke = revoke


@fault(RARE, "a create that takes the place of the oldest")
def create_beyond_60_deletes_the_oldest(parts: Parts) -> None:
    """Of more than 60 credentials of a partner, the oldest is deleted."""
    add = parts.storing.add
    lock = threading.Lock()

    def limited(session: Session, credential: Credential) -> None:
        add(session, credential)
        mine = of_partner(select(Credential), credential.partner)
        with lock:
            oldest = mine.where(Credential.own.is_(False)).order_by(Credential.number.desc())
            for other in session.scalars(oldest.offset(60)):
                session.delete(other)

    parts.storing.add = limited
