"""A partner's access token, and how a run that outlives it gets the next one."""

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeGuard

from conformance.target.token_forms import key_name
from dinie_contract.output import SECRETS

_MARGIN_SECONDS = 60.0
_LARGEST_MARGIN = 0.25
"""Of a token's life: those that live for seconds are not renewed all the time."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A token as issued. ``seconds`` is its lifetime, None where the target did not state it.

    The life counts from the moment that the token was asked for, by the monotonic clock: the
    answer may have been long on its way.
    """

    token: str
    seconds: float | None = None
    asked_at: float = field(default_factory=time.monotonic)


_TOKEN = re.compile(r"[!-~]{1,16384}")


def is_token(value: object) -> TypeGuard[str]:
    """Whether a value is a token that a header can carry (RFC 6749 appendix A.12)."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


class Access:
    """Gives a token that is good now, to several threads at once.

    ``renew`` gets the next token; without it there is this one only. What it raises comes through.
    ``keys`` are the partner's at places of their own, by :func:`key_name`.
    """

    def __init__(
        self,
        issued: Issued,
        renew: Callable[[], Issued] | None = None,
        keys: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.keys = keys
        self._renew = renew
        self._lock = threading.Lock()
        self._refused_new: str | None = None
        """The new token that was refused as the one before it was."""
        self.refused_places: set[tuple[str, ...]] = set()
        """Where operations have a token, and refuse this one: they want another."""
        self._keep(issued)

    def at(self, place: str) -> str:
        """What goes to the place of a token: a key of its own, or the token as it is now."""
        return self.keys.get(key_name(place), self.token)

    def current(self) -> str:
        """The token, a new one shortly before the last one expires."""
        if self._renew is None or time.monotonic() < self._good_until:
            return self.token
        with self._lock:
            if time.monotonic() >= self._good_until:
                self._keep(self._renew())
            return self.token

    def after_refusal(self, refused: str) -> str | None:
        """Another token than the one that was refused; None where there is none to be had."""
        is_known = refused == self._refused_new and time.monotonic() < self._good_until
        if self._renew is None or is_known:
            return None
        with self._lock:
            if self.token == refused:
                self._keep(self._renew())
                if self.token == refused:
                    self._refused_new = refused
            return None if self.token == refused else self.token

    def was_of_no_use(self, token: str) -> None:
        """A new token was refused too: refusals of it have another reason, and get no other token.

        Unless it was so long on its way that it has expired itself, or was replaced meanwhile.
        """
        with self._lock:
            if token == self.token and time.monotonic() < self._good_until:
                self._refused_new = token

    def clock_moved(self, seconds: float) -> None:
        """The target's clock went ahead, and the token's end came nearer."""
        self._good_until -= seconds

    def _keep(self, issued: Issued) -> None:
        SECRETS.add([issued.token], used=True)
        self.token = issued.token
        life = float("inf") if issued.seconds is None else max(issued.seconds, 0.0)
        margin = min(_MARGIN_SECONDS, life * _LARGEST_MARGIN)
        self._good_until = issued.asked_at + life - margin
