"""A partner on a running mock: its URL and credentials, and its faults, clock and journal.

Everything goes over HTTP, so a mock in this process and any other are used alike.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from urllib.parse import quote

import httpx

from conformance.client.judging import Level, Verdict
from conformance.journal.har import har_of
from conformance.journal.journal import JournalEntry
from dinie_contract.errors import Unusable
from mock_server.control.client_verdicts import verdict_on_client
from mock_server.store.interface import PartnerLogin
from openapi.contract import Contract


class ControlError(Unusable):
    """The control plane refused a request or did not answer; the message is one plain line."""


_MOST_BYTES, _MOST_SECONDS = 256 << 20, 120
"""The limits of an answer: a journal has at most some dozens of megabytes."""

_KEPT = {b"content-type", b"exit-code"}
_EXIT_CODES = {"0", "1", "2"}
_UNREADABLE = (ValueError, KeyError, TypeError, RecursionError)


class _TooLarge(Exception):
    """An answer went past a limit."""


def _bounded(parts: Iterable[bytes]) -> Iterator[bytes]:
    left, end = _MOST_BYTES, time.monotonic() + _MOST_SECONDS
    for part in parts:
        left -= len(part)
        if left < 0 or time.monotonic() > end:
            raise _TooLarge
        yield part


class Control:
    """The control plane of a running mock. Raises :class:`ControlError`."""

    def __init__(self, origin: str, admin_token: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {admin_token}"} if admin_token else {}
        self.origin = origin.rstrip("/")
        self._client = httpx.Client(
            base_url=f"{self.origin}/_mock", headers=headers, trust_env=False, timeout=60
        )

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send one request; keyword arguments are those of httpx."""
        try:
            with self._client.stream(method, path, **options) as response:
                body = b"".join(_bounded(response.iter_bytes()))
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise ControlError(f"{self.origin} does not answer: {reason}") from error
        except _TooLarge:
            raise ControlError(
                f"{self.origin} is no mock: an answer has more than {_MOST_BYTES} bytes, or takes"
                f" more than {_MOST_SECONDS} s"
            ) from None
        # Its body is decoded already.
        found = httpx.Response(
            response.status_code,
            headers=[pair for pair in response.headers.raw if pair[0].lower() in _KEPT],
            content=body,
            request=response.request,
        )
        if found.is_success:
            return found
        raise ControlError(f"{self.origin}{_reason(found)}")

    def partners(self) -> list[str]:
        """The ids of all partners."""
        response = self.request("GET", "/partners")
        try:
            return [str(one["id"]) for one in response.json()["data"]]
        except _UNREADABLE:
            raise ControlError(f"{self.origin} is no mock: it lists no partners") from None

    def report(self, partner_id: str, **options: str) -> tuple[str, int]:
        """The report on a client, and the exit code of its verdict."""
        path = f"/partners/{quote(partner_id, safe='')}/report"
        response = self.request("GET", path, params=options)
        code = response.headers.get("Exit-Code")
        if code not in _EXIT_CODES:
            raise ControlError(f"{self.origin} is no mock: its report has no verdict")
        return response.content.decode("utf-8", "replace"), int(code)

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def __enter__(self) -> Self:
        """Enter a block that closes the connections at its end."""
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _reason(response: httpx.Response) -> str:
    try:
        detail = str(response.json()["detail"])
    except _UNREADABLE:
        detail = f"the answer was {response.status_code}, and no problem document"
    return f": {detail}"


@dataclass(frozen=True, slots=True)
class PartnerFaults:
    """The faults of the partner."""

    control: Control
    path: str

    def add(self, fault: str | Mapping[str, Any]) -> list[str]:
        """Add a preset by its name, or one fault as JSON; returns the ids of the added faults."""
        text = {"preset": fault} if isinstance(fault, str) else dict(fault)
        added = self.control.request("POST", self.path, json=text).json()["data"]
        return [one["id"] for one in added]

    def list(self) -> Sequence[dict[str, Any]]:
        """All faults, each with how often it has fired."""
        faults: list[dict[str, Any]] = self.control.request("GET", self.path).json()["data"]
        return faults

    def switch(self, fault_id: str, *, enabled: bool) -> None:
        """Switch one fault off, or on again."""
        path = f"{self.path}/{fault_id}"
        self.control.request("PATCH", path, json={"enabled": enabled})

    def remove(self, fault_id: str) -> None:
        """Remove one fault."""
        self.control.request("DELETE", f"{self.path}/{fault_id}")

    def clear(self) -> None:
        """Remove all faults."""
        self.control.request("DELETE", self.path)


@dataclass(frozen=True, slots=True)
class PartnerClock:
    """The clock of the partner, by which its keys, tokens and limits expire."""

    control: Control
    path: str

    def now(self) -> datetime:
        """The current time of the clock."""
        return _moment(self.control.request("GET", self.path))

    def advance(self, seconds: float) -> datetime:
        """Advance the clock by some seconds."""
        path = f"{self.path}/advance"
        return _moment(self.control.request("POST", path, json={"seconds": seconds}))

    def set(self, moment: datetime) -> datetime:
        """Set the clock to ``moment``, which must have an offset."""
        return _moment(self.control.request("PUT", self.path, json={"now": moment.isoformat()}))

    def reset(self) -> datetime:
        """Reset the clock to the machine's time."""
        return _moment(self.control.request("DELETE", self.path))


def _moment(response: httpx.Response) -> datetime:
    return datetime.fromisoformat(response.json()["now"])


@dataclass(frozen=True, slots=True)
class PartnerJournal:
    """The recorded exchanges of the partner's client."""

    control: Control
    path: str

    def entries(self, **filters: Any) -> list[JournalEntry]:
        """The exchanges, oldest first; filters are the query parameters of ``readJournal``."""
        found: list[JournalEntry] = []
        while True:
            after = {"after": found[-1].number} if found else {}
            page = self.control.request("GET", self.path, params={**filters, **after}).json()
            found += [_entry(one) for one in page["data"]]
            if not page["has_more"]:
                return found

    def har(self, **filters: Any) -> dict[str, Any]:
        """The exchanges as HAR 1.2."""
        return har_of(self.entries(**filters))


def _entry(text: dict[str, Any]) -> JournalEntry:
    pairs = {
        name: tuple((one[0], one[1]) for one in text[name])
        for name in ("request_headers", "response_headers")
    }
    return JournalEntry(**{**text, **pairs, "refusals": tuple(text["refusals"])})


class PartnerMock:
    """A partner on a running mock.

    ``url`` is the base URL for the partner's client. A fresh partner has its
    ``client_id``, ``client_secret`` and an ``access_token`` that is good for a year.
    """

    def __init__(
        self,
        control: Control,
        partner_id: str,
        contract: Contract,
        *,
        client_id: str = "",
        client_secret: str = "",
        access_token: str = "",
    ) -> None:
        self.partner_id = partner_id
        self.client_id = client_id
        self.client_secret = client_secret
        self.access_token = access_token
        self.url = control.origin + contract.base_path
        self._contract = contract
        self._control = control
        self._path = f"/partners/{partner_id}"
        self.faults = PartnerFaults(control, f"{self._path}/faults")
        self.clock = PartnerClock(control, f"{self._path}/clock")
        self.journal = PartnerJournal(control, f"{self._path}/journal")

    @classmethod
    def fresh(cls, control: Control, contract: Contract) -> Self:
        """Make a partner by the control plane."""
        made = control.request("POST", "/partners").json()
        return cls(control, made.pop("id"), contract, **made)

    def report(self, level: str = "must") -> Verdict:
        """The verdict on the partner's client, from everything in its journal."""
        entries = self.journal.entries()
        partner = PartnerLogin(self.partner_id, self.client_id)
        return verdict_on_client(entries, self._contract, Level(level), partner=partner)

    def reset(self) -> None:
        """Reset the partner to its state at the start."""
        self._control.request("POST", f"{self._path}/reset")

    def delete(self) -> None:
        """Delete the partner and all of its state."""
        self._control.request("DELETE", self._path)
