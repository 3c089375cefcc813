"""A request that a page's script sends, with the login of the partner that the page belongs to."""

import json
import string
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from shlex import quote

from dinie_contract.output import printable
from mock_server.console.first_request.call import TokenPlace, first_call, request_of
from mock_server.console.outcomes import said_of
from mock_server.exchange.exchange import CONTROL_PATH
from mock_server.partners.partners import Partner
from mock_server.store.interface import PartnerLogin
from openapi.contract import Contract
from openapi.operation import IDEMPOTENCY_KEY

ADMIN_LOGIN = "${ADMIN_TOKEN:?set it first, to what --admin-token was: ADMIN_TOKEN=...}"
"""The admin token for the shell, between double quotes; it says what to do where it is not set."""

FIND_ISSUED = r"""sed 's/.*"access_token":"\([^"]*\)".*/\1/'"""
"""The command that finds the access token in an answer that issues one."""

_PLAIN = set(string.ascii_letters + string.digits + " !#&()*+,-./:;<=>?@[]^_{|}~")
"""What stands for itself in a format of printf that is in single quotes."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The partner of a page, and where the mock is; ``own`` has the secret of one of the start."""

    login: PartnerLogin
    own: Partner | None
    origin: str
    has_admin_token: bool

    def definitions(self, variables: Collection[str], *, shown: bool = False) -> str:
        """The lines that set variables of the shell for the command behind them.

        They have the values themselves on a page that has ``shown`` them.
        """
        own = self.own if shown else None
        lines = []
        if "TOKEN" in variables:
            lines += [f"TOKEN={word(own.token)}"] if own and own.token else self._new_token()
        if "CLIENT_SECRET" in variables:
            ask = "set it first, to the client secret: CLIENT_SECRET=..."
            secret = f"CLIENT_SECRET={word(own.client_secret)}" if own else None
            lines.append(secret or f': "${{CLIENT_SECRET:?{ask}}}"')
        return "".join(f"{one} &&\n" for one in lines)

    def _new_token(self) -> list[str]:
        url = word(f"{self.origin}{CONTROL_PATH}/partners/{self.login.partner_id}/tokens")
        admin = ' -H "Authorization: Bearer $ADMIN_TOKEN"' if self.has_admin_token else ""
        checks = [f': "{ADMIN_LOGIN}"'] if self.has_admin_token else []
        return [*checks, f"TOKEN=$(curl -g -s -X POST {url}{admin} | {FIND_ISSUED})"]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A request to the API that a page sends.

    The script adds the token at ``token_places``, HTTP Basic for the client id ``basic`` with the
    secret that ``secret_page`` shows, and a key in ``key_header``, unless it is among the headers.
    ``before`` is what its curl command needs before it, ``before_elsewhere`` the same for a page
    that shows no secret, and ``said`` what its answers mean.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: str | None
    token_places: tuple[TokenPlace, ...]
    basic: str | None
    secret_page: str
    key_header: str | None
    before: str
    before_elsewhere: str
    said: Mapping[str, str | None]

    def __str__(self) -> str:
        return json.dumps(asdict(self))


def first_of_page(contract: Contract, sender: Sender, key: str) -> PageRequest | None:
    """The first request; None without one, and for a secret that only its owner knows."""
    call = first_call(contract)
    if call is None or (call.needs_secret and sender.own is None):
        return None
    request = request_of(call, contract.base_path, None, key)
    variables = {"TOKEN"} if call.places else set()
    variables |= {"CLIENT_SECRET"} if call.needs_secret else set()
    return PageRequest(
        method=request.method,
        path=request.url,
        headers=dict(request.headers),
        body=request.body,
        token_places=call.places,
        basic=sender.login.client_id if call.needs_secret else None,
        secret_page=secret_page(sender),
        key_header=IDEMPOTENCY_KEY if call.operation.accepts_idempotency_key else None,
        before=sender.definitions(variables, shown=True),
        before_elsewhere=sender.definitions(variables),
        said=said_of(contract, call.operation),
    )


def secret_page(sender: Sender) -> str:
    """The page that shows the partner's secret: Start."""
    return f"{CONTROL_PATH}/ui/partners/{sender.login.partner_id}"


def word(text: str) -> str:
    """A word of the shell; what cannot be seen in it is written by printf, in octal."""
    if printable(text) == text:
        return quote(text)
    octal = "".join(
        chr(one) if chr(one) in _PLAIN else f"\\{one:03o}"
        for one in text.encode("utf-8", "surrogatepass")
    )
    return f"\"$(printf '{octal}')\""
