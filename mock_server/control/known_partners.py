"""Whom a request to the control plane is about."""

from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Problem, ProblemType
from mock_server.store.interface import PartnerLogin, Store


async def known_partner(exchange: Exchange, store: Store) -> PartnerLogin:
    """The partner that the path names; raises a 404 where there is none."""
    partner = await store.find_partner(exchange.parameters["partner_id"])
    if partner is None:
        raise Problem(ProblemType.NOT_FOUND, "unknown_partner", "There is no such partner.")
    return partner
