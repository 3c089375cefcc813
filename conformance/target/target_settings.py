"""The settings of a target: the pace, the waits, the headers and the keys of its requests."""

from dataclasses import dataclass

from conformance.target.exchange import Headers, Request
from conformance.target.token_forms import key_name
from conformance.target.transport.connection_settings import DIRECT, ConnectionSettings
from dinie_contract.options import MOST_CHECKS, REPLAY_DELAY_SECONDS, TRANSIENT_SHARE


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """The settings of a target, as the options of a command state them.

    ``max_rps`` is in requests a second, ``replay_delay`` in seconds (0 leaves delayed replays
    out). ``clock_url`` moves the target's clock, ``provoke_rate_limit`` allows a 429 on purpose,
    ``max_transient`` is the largest share of requests whose first answer may be transient,
    ``wait_seconds`` is how long a target that is coming up is waited for,
    ``headers`` go along with every request to the base URL, ``connection`` is the way there.
    """

    max_rps: float | None = None
    replay_delay: float = 0.0
    clock_url: str | None = None
    provoke_rate_limit: bool = False
    max_transient: float = TRANSIENT_SHARE
    wait_seconds: float = 0.0
    headers: Headers = ()
    connection: ConnectionSettings = DIRECT
    jobs: int = MOST_CHECKS
    """The most checks in flight together."""
    token_place: str = ""
    """Where the contract has the token: ``header X-Api-Key``; empty for a bearer token.

    Operations that have it elsewhere say so in their requests.
    """
    keys: tuple[frozenset[str], ...] = ()
    """What each partner has keys of its own for, by ``key_name``; empty where that is not known."""

    def is_given(self, place: str) -> bool:
        """Whether a header of the user's goes at a place of tokens with every request."""
        names = {f"header {name.lower()}" for name, _ in self.headers}
        return place.replace("basic", "header").lower() in names

    def place_of(self, request: Request) -> str:
        """Where the token of a request goes, which is nowhere that a header of the user's goes."""
        place = self.token_place if request.token_places is None else request.token_places[0]
        return "" if self.is_given(place) else place

    def places_beside(self, request: Request) -> tuple[str, ...]:
        """Where the keys of a request go that its operation asks for beside the token.

        Its partner has them, as far as it is known what keys there are.
        """
        partner = request.partner
        beside = (request.token_places or ())[1:] if partner is not None else ()
        return tuple(
            one for one in beside
            if not self.is_given(one) and (not self.keys or self.has_key(one, partner or 0))
        )  # fmt: skip

    def has_key(self, place: str, partner: int) -> bool:
        """Whether a partner has a key of its own at a place."""
        return partner < len(self.keys) and key_name(place) in self.keys[partner]


AS_RUN = TargetSettings(replay_delay=REPLAY_DELAY_SECONDS)
"""The settings of ``run`` without an option."""
