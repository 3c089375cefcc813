"""Faults of lists: secrets after many creations, and a page that misses what follows."""

import threading

from conformance.catalogue.sabotage import Sabotage, with_body
from conformance.server.lists.sabotage import query_of
from conformance.target.exchange import Answer, Forward, Request, Tamper


def leak(after: int) -> Sabotage:
    """Lists show secrets, once so many keys were made."""

    def make() -> Tamper:
        made: dict[str, str] = {}

        def tamper(request: Request, forward: Forward) -> Answer:
            answer = forward(request)
            secret = answer.field("client_secret")
            if isinstance(secret, str):
                made[str(answer.field("id"))] = secret
            page = answer.field("data")
            if not isinstance(page, list) or len(made) <= after:
                return answer
            items = [
                {**one, "client_secret": made[one["id"]]} if one["id"] in made else one
                for one in page
            ]
            return with_body(answer, {**answer.json(), "data": items})

        return tamper

    return Sabotage(f"secrets in the list after {after} creations", make)


def _skipping() -> Tamper:
    """Places are counted among what is active: a revocation moves all that follows by one."""
    revocations: dict[int | None, int] = {}
    read_at: dict[tuple[int | None, str], int] = {}
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        page = answer.field("data") if request.method == "GET" else None
        with lock:
            now = revocations.get(request.partner, 0)
            if request.method == "DELETE" and answer.is_success:
                revocations[request.partner] = now + 1
            if not isinstance(page, list):
                return answer
            after = query_of(request).get("starting_after", "")
            if page:
                read_at[request.partner, page[-1]["id"]] = now
            if read_at.get((request.partner, after), now) == now:
                return answer
        return with_body(answer, {**answer.json(), "data": page[1:]})

    return tamper


SKIPPING = Sabotage("an item missed when one is revoked between two pages", _skipping)
