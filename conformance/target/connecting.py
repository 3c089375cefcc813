"""A target by its settings, and its partners, authenticated."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import httpx

from conformance.target.access import Access, Issued
from conformance.target.errors import ConnectionClosed, TargetError, Unreachable
from conformance.target.exchange import Answer
from conformance.target.foreign_answers import expect_base_path, expect_way_through, plain_request
from conformance.target.redaction import hide_header
from conformance.target.retry_after import pauses, seconds_of
from conformance.target.sign_in import token_for
from conformance.target.target import Target, TargetSettings
from conformance.target.transient import is_transient
from dinie_contract.output import SECRETS
from openapi.contract import Contract


@dataclass(frozen=True, slots=True)
class PartnerCredentials:
    """The credentials of one partner: a token, or a client id and secret. False without either."""

    token: str | None = field(repr=False)
    client_id: str | None
    secret: str | None = field(repr=False)

    def __bool__(self) -> bool:
        return bool(self.token or self.client_id)


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """The tokens of up to two partners, or the client ids and secrets that get them."""

    token: str | None = field(default=None, repr=False)
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    second_token: str | None = field(default=None, repr=False)
    second_client_id: str | None = None
    second_client_secret: str | None = field(default=None, repr=False)

    @property
    def first(self) -> PartnerCredentials:
        """The first partner's."""
        return PartnerCredentials(self.token, self.client_id, self.client_secret)

    @property
    def second(self) -> PartnerCredentials:
        """The second partner's."""
        return PartnerCredentials(
            self.second_token, self.second_client_id, self.second_client_secret
        )

    @property
    def secrets(self) -> set[str]:
        """Every secret among them, to be kept out of all that is shown."""
        given = (self.token, self.client_secret, self.second_token, self.second_client_secret)
        return {one for one in given if one}


def build_target(
    url: str,
    settings: TargetSettings,
    access: AccessSettings,
    transport: httpx.BaseTransport | None = None,
) -> Target:
    """The target, with no partner authenticated; every secret in the settings is known."""
    target = Target(url, (), settings, transport=transport)
    # The process of a load test has them from another one, where they are known.
    SECRETS.give([*access.secrets, *settings.connection.secrets])
    for name, value in settings.headers:
        hide_header(name, value)
    return target


def authenticate(
    target: Target,
    access: AccessSettings,
    contract: Contract,
    tell: Callable[[str], None] = lambda _: None,
) -> None:
    """Use the given tokens, or exchange credentials for them; raises :class:`TargetError`.

    A target that is only coming up is waited for as long as its settings say; ``tell`` is called
    with a line on that.
    """
    SECRETS.reserve([target.base_url, *words_of(contract)])
    target.settings = replace(target.settings, token_place=contract.key_place)
    expect_base_path(target, contract, _wait_until_up(target, contract, tell))
    try:
        partners = _partners(target, access, contract)
    except TargetError:
        expect_way_through(target, contract, None)
        raise
    target.set_access(partners)
    expect_way_through(target, contract, 0 if partners else None)


def _partners(target: Target, access: AccessSettings, contract: Contract) -> list[Access]:
    partners = []
    operation = contract.token_operation
    for one in (access.first, access.second):
        if one.token:
            partners.append(Access(Issued(one.token)))
        elif one.client_id and one.secret:
            if operation is None:
                raise TargetError("the contract has no operation for tokens; give a token instead")
            renew = partial(token_for, target, operation, one.client_id, one.secret)
            partners.append(Access(renew(), renew))
    return partners


def _wait_until_up(
    target: Target, contract: Contract, tell: Callable[[str], None]
) -> Answer | None:
    """The first answer that no gateway gives in the target's place; None when the time is over.

    What asks is a GET without a token, which any target may refuse.
    """
    seconds = target.settings.wait_seconds
    end = time.monotonic() + seconds
    request = plain_request(contract)
    reason = ""
    for pause in pauses():
        if time.monotonic() >= end:
            return None
        asked, wait = "", pause
        try:
            answer = target.send_once(request)
        except (Unreachable, ConnectionClosed) as error:
            asked = str(error)
        else:
            if not is_transient(answer):
                return answer
            asked = f"{target.base_url} answers {answer.status}"
            wait = max(pause, seconds_of(answer) or 0.0)
        if not reason:
            reason = asked
            tell(f"{reason}: it may be coming up, and has {seconds:g} s for that (--wait-for)")
        target.rest(min(wait, max(end - time.monotonic(), 0.0)))
    return None


def words_of(contract: Contract) -> Iterator[str]:
    """What reports say themselves: a target may call it a secret, and it is none."""
    for operation in contract.operations.values():
        yield from (operation.id, operation.path)
        bodies = [operation.request_body, *operation.responses.values()]
        yield from (name for one in bodies if one for name in one.content)
