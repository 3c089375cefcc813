"""``/_mock/ui``: the pages of the console.

Each page shows what the control plane answers, and each of its buttons sends a request to the
control plane: nothing is possible in a page alone.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import orjson

from conformance.client.evidence import Traffic
from conformance.client.judging import Level
from conformance.journal.journal import JournalEntry
from conformance.results.result import Outcome
from mock_server.console.drawing import drawn
from mock_server.console.exchanges import shown_exchange
from mock_server.console.filters import FILTERS, filters_of
from mock_server.console.first_request.call import creates_key, first_call
from mock_server.console.first_request.programs import first_requests
from mock_server.console.presets import shown_presets
from mock_server.console.rendering import Templates
from mock_server.console.sending import Sender, first_of_page
from mock_server.control.access import ControlAccess
from mock_server.control.client_verdicts import NO_CLIENT, has_open_call, verdict_on_client
from mock_server.control.clocks import clock_json
from mock_server.control.fault_plans import FaultOperations
from mock_server.control.journals import JournalReading
from mock_server.control.navigation import CONSOLE_PATH
from mock_server.control.partner_state import PartnerHandler, PartnerState
from mock_server.control.rate_limits import RateLimits
from mock_server.control.resources import Resources
from mock_server.documented.gateway import GATEWAY_BODIES
from mock_server.exchange.exchange import Exchange, Handlers
from mock_server.exchange.problems import CONTROL_STYLE, Problem, ProblemType, Response
from mock_server.faults.actions import ACTIONS
from mock_server.faults.presets import ABOUT, LOST_RESPONSE
from mock_server.operations.credentials import Credentials
from mock_server.partners.partners import Partner
from mock_server.store.interface import PartnerLogin, Store
from openapi.contract import Contract

_PARTNER = "/ui/partners/{partner_id}"

_MOST_CALLS = 100
"""The newest calls that the page of calls shows."""

_MOST_UNATTRIBUTED = 100

Page = Callable[[Exchange, PartnerLogin], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Console:
    """The operations that answer with a page.

    ``contract`` is that of the API, ``partners`` are those of the start, whose secrets the page of
    the first steps shows, as the announcement of ``serve`` does.
    """

    store: Store
    state: PartnerState
    contract: Contract
    credentials: Credentials | None
    access: ControlAccess
    partners: tuple[Partner, ...]
    templates: Templates

    @property
    def faults_of(self) -> FaultOperations:
        """The operations on faults, whose answers are without secrets."""
        return FaultOperations(self.store, self.state.plans, self.state.journals.redactor)

    @property
    def reading(self) -> JournalReading:
        """The operations on journals, whose filters the pages have."""
        return JournalReading(self.store, self.state.journals, self.state.plans, self.contract)

    def handlers(self) -> Handlers:
        pages: Mapping[str, Page] = {
            f"showStart GET {_PARTNER}": self.start,
            f"showJournal GET {_PARTNER}/journal": self.journal,
            f"showRows GET {_PARTNER}/journal/rows": self.rows,
            f"showExchange GET {_PARTNER}/journal/{{number}}": self.exchange,
            f"showUnattributed GET {_PARTNER}/unattributed": self.unattributed,
            f"showFaults GET {_PARTNER}/faults": self.faults,
            f"showState GET {_PARTNER}/state": self.show_state,
            f"showVerdict GET {_PARTNER}/verdict": self.verdict,
            f"showPartners GET {_PARTNER}/partners": self.list_partners,
        }
        return {
            "showConsole GET /ui": self.first,
            "showSignIn GET /ui/sign-in": self.sign_in,
            "createSession POST /ui/session": self.create_session,
            "deleteSession DELETE /ui/session": self.delete_session,
            **{name: partial(self._for_partner, page) for name, page in pages.items()},
        }

    async def first(self, exchange: Exchange) -> Response:
        """Send a browser to the page of the first steps, of the first partner."""
        refusal = self._refusal(exchange)
        if refusal:
            return refusal
        partners = await self.store.list_partners()
        known = {one.partner_id for one in partners}
        ids = [one.partner_id for one in self.partners if one.partner_id in known]
        ids += [one.partner_id for one in partners]
        if not ids:
            return self._problem("There is no partner", "Make one: POST /_mock/partners.", 404)
        return _redirect(f"{CONSOLE_PATH}/partners/{ids[0]}")

    async def sign_in(self, exchange: Exchange) -> Response:
        """The page that asks for the admin token."""
        return self.templates.page("sign_in", title="Sign in")

    async def create_session(self, exchange: Exchange) -> Response:
        """Begin a session of a browser; raises a 401 for a wrong admin token."""
        cookie = self.access.begin_session(exchange, exchange.value["admin_token"])
        return Response(204, headers={"Set-Cookie": cookie, "Cache-Control": "no-store"})

    async def delete_session(self, exchange: Exchange) -> Response:
        """End the session of a browser."""
        cookie = self.access.end_session(exchange)
        return Response(204, headers={"Set-Cookie": cookie})

    async def start(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        """A path to a first verdict, and what a client needs to send its first request."""
        sender = self._sender(exchange, partner)
        base_url, key = sender.origin + self.contract.base_path, str(uuid4())
        secret, token = (sender.own.client_secret, sender.own.token) if sender.own else (None, None)
        call = first_call(self.contract)
        plan = (await self._answered(self.faults_of.list, exchange, partner))["data"]
        return await self._page(
            "start",
            "Start",
            partner,
            base_url=base_url,
            secret=secret,
            token=token,
            call=call,
            makes_key=bool(call and creates_key(self.contract, call)),
            losing=next(one for one in shown_presets(plan) if one.name == LOST_RESPONSE),
            programs=first_requests(
                self.contract, base_url, partner.client_id, secret, token or "TOKEN", key
            ),
            # With the key that the programs have: what is shown is what the button sends.
            first=first_of_page(self.contract, sender, key),
        )

    def _sender(self, exchange: Exchange, partner: PartnerLogin) -> Sender:
        own = next((one for one in self.partners if one.partner_id == partner.partner_id), None)
        return Sender(partner, own, _origin(exchange), self.access.has_token)

    async def journal(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        """The exchanges of a partner, or its calls."""
        query = exchange.parameters
        found, _ = self._found(query, partner.partner_id)
        given = {name: query.get(name) or "" for name in FILTERS}
        common: dict[str, Any] = {
            "filters": given,
            "query": urlencode({name: text for name, text in given.items() if text}),
            "operations": list(self.contract.operations),
            "fault_names": sorted(self.reading.fault_names(partner.partner_id)),
            "unattributed": self.state.journals.of(None).recorded,
            **self._recorded(partner),
        }
        if query.get("view") == "calls":
            entries = list(self.state.journals.of(partner.partner_id).entries)
            calls = Traffic(self.contract, entries).calls
            shown = drawn(calls[-_MOST_CALLS:])
            title = "Journal: calls"
            return await self._page(
                "calls", title, partner, calls=shown, count=len(calls), **common
            )
        return await self._page("journal", "Journal", partner, all=found, **common)

    async def rows(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        """The rows of the exchanges after a number, to be added to the journal's page."""
        entries, has_more = self._found(exchange.parameters, partner.partner_id)
        headers = {"X-Has-More": "1" if has_more else "0"}
        return self.templates.page("rows", headers, partner=partner, entries=entries)

    async def exchange(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        """One exchange: the request, the answer, and what the contract has against it."""
        number = exchange.parameters["number"]
        entries = list(self.state.journals.of(partner.partner_id).entries)
        entry = next((one for one in entries if one.number == number), None)
        if entry is None:
            detail = "It made room for later ones, or the journal was reset."
            return self._problem(f"There is no exchange {number} any more", detail, 404)
        shown = shown_exchange(entry, entries, self.contract, self._sender(exchange, partner))
        return await self._page("exchange", f"Exchange {number}", partner, shown=shown)

    async def unattributed(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        """The newest exchanges that belong to no partner, such as those without a token."""
        entries = list(self.state.journals.of(None).entries)[-_MOST_UNATTRIBUTED:]
        return await self._page("unattributed", "Of no partner", partner, entries=entries[::-1])

    async def faults(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        """The faults of a partner, and the presets."""
        answered = await self._answered(self.faults_of.list, exchange, partner)
        plan = answered["data"]
        return await self._page(
            "faults",
            "Faults",
            partner,
            faults=plan,
            presets=shown_presets(plan),
            kinds=ACTIONS,
            bodies=GATEWAY_BODIES,
            operations=list(self.contract.operations),
            **self._recorded(partner),
        )

    async def show_state(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        """The clock of a partner, what is left of its rate limit, and its API keys."""
        limit = await self._answered(
            RateLimits(self.store, self.state.clocks, self.state.rate_limit).read, exchange, partner
        )
        resources = await self._answered(
            Resources(self.store, self.state.clocks, self.credentials).list, exchange, partner
        )
        return await self._page(
            "state",
            "State",
            partner,
            clock=clock_json(self.state.clocks, partner.partner_id),
            limit=limit,
            resources=resources["data"],
            columns=_columns(resources["data"]),
            has_more=resources["has_more"],
            keeps_resources=self.credentials is not None,
            **self._recorded(partner),
        )

    @staticmethod
    async def _answered(
        operation: PartnerHandler, exchange: Exchange, partner: PartnerLogin
    ) -> Any:
        """What the control plane answers to the same question."""
        return orjson.loads((await operation(exchange, partner)).body)

    def _recorded(self, partner: PartnerLogin) -> dict[str, int]:
        return {"recorded": self.state.journals.of(partner.partner_id).recorded}

    async def verdict(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        """The requirements on a partner's client, and what was seen of each."""
        entries = list(self.state.journals.of(partner.partner_id).entries)
        verdict = verdict_on_client(entries, self.contract, partner=partner)
        results = {outcome: verdict.having(outcome) for outcome in _VERDICT_ORDER}
        unseen = [one for one in results[Outcome.NOT_VERIFIED] if one.level is Level.MUST]
        passed = results[Outcome.PASSED]
        return await self._page(
            "verdict",
            "Verdict",
            partner,
            verdict=verdict,
            results=results,
            about=ABOUT,
            unseen=len(unseen),
            of_pages=verdict.doubt == NO_CLIENT,
            is_open=has_open_call(entries),
            retried_by_key=any(one.requirement.id == _KEPT_KEY for one in passed),
            **self._recorded(partner),
        )

    async def list_partners(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        """All partners."""
        every = [one.partner_id for one in await self.store.list_partners()]
        counts = {one: self.state.journals.of(one).recorded for one in every}
        return await self._page("partners", "Partners", partner, exchanges=counts)

    async def _for_partner(self, page: Page, exchange: Exchange) -> Response:
        refusal = self._refusal(exchange)
        if refusal:
            return refusal
        partner = await self.store.find_partner(exchange.parameters["partner_id"])
        if partner is None:
            detail = "It was deleted, or the mock was started anew."
            return self._problem("There is no such partner any more", detail, 404)
        return await page(exchange, partner)

    async def _page(self, name: str, title: str, partner: PartnerLogin, **values: Any) -> Response:
        return self.templates.page(
            name,
            title=title,
            partner=partner,
            partners=await self.store.list_partners(),
            has_token=self.access.has_token,
            faults_on=self._faults_on(partner.partner_id),
            ahead=round(self.state.clocks.ahead(partner.partner_id)),
            section=_SECTIONS.get(name, name),
            **values,
        )

    def _refusal(self, exchange: Exchange) -> Response | None:
        """The answer to a browser that may not see the pages; None for one that may."""
        try:
            self.access.check(exchange)
        except Problem as problem:
            if problem.kind is not ProblemType.AUTHENTICATION_FAILED:
                raise
            return _redirect(f"{CONSOLE_PATH}/sign-in")
        return None

    def problem_page(self, exchange: Exchange, problem: Problem) -> Response | None:
        """The page of a refused request to the console; None for one that is to none of its pages.

        A page whose parameters are wrong leads to itself without them.
        """
        if not f"{exchange.scope['path']}/".startswith(f"{CONSOLE_PATH}/"):
            return None
        is_unknown = problem.kind is ProblemType.NOT_FOUND and exchange.operation is None
        has_wrong_query = problem.errors and exchange.scope["query_string"]
        return self._problem(
            problem.kind.value.title,
            "The console has no page under this address." if is_unknown else problem.detail,
            problem.status,
            problem.headers_in(CONTROL_STYLE),
            errors=problem.errors if len(problem.errors) > 1 else (),
            same=exchange.path if has_wrong_query else None,
        )

    def _problem(
        self,
        title: str,
        detail: str,
        status: int,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Response:
        known = {"title": title, "detail": detail, "errors": (), "same": None, **values}
        return self.templates.page("problem", headers, status, **known)

    def _found(self, query: Mapping[str, Any], partner_id: str) -> tuple[list[JournalEntry], bool]:
        filters = {**filters_of(query), "after": query.get("after", 0)}
        return self.reading.found(filters, partner_id)

    def _faults_on(self, partner_id: str) -> list[str]:
        return sorted({one.name for one in self.state.plans.of(partner_id) if one.enabled})


def _columns(resources: Sequence[Mapping[str, Any]]) -> list[str]:
    """The members of resources, each once: none beside the first that only repeats the id."""
    members = list(dict.fromkeys(name for one in resources for name in one["resource"]))
    return [
        name
        for place, name in enumerate(members)
        if not place or any(one["resource"].get(name) != one["id"] for one in resources)
    ]


def _origin(exchange: Exchange) -> str:
    return f"{exchange.scope['scheme']}://{exchange.header(b'host') or ''}"


def _redirect(path: str) -> Response:
    headers = {"Location": path, "Cache-Control": "no-store"}
    return Response(HTTPStatus.SEE_OTHER, headers=headers)


_SECTIONS = {"calls": "journal", "exchange": "journal", "unattributed": "journal"}
"""The page of the navigation that a template belongs to, where that is another."""

_KEPT_KEY = "retries.repeat-the-key"
"""The requirement that tells whether a lost answer was asked for under its key."""

_VERDICT_ORDER = (
    Outcome.FAILED,
    Outcome.WARNING,
    Outcome.ERROR,
    Outcome.NOT_VERIFIED,
    Outcome.PASSED,
)
