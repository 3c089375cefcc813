"""A target by its settings, and its partners, authenticated."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from conformance.target.token_forms import key_name
from conformance.target.transient import is_transient
from dinie_contract.output import SECRETS
from openapi.contract import Contract


@dataclass(frozen=True, slots=True)
class PartnerCredentials:
    """The credentials of one partner: a token, or a client id and secret, and keys.

    False without any. ``keys`` go to places of their own, by :func:`key_name`.
    """

    token: str | None = field(repr=False)
    client_id: str | None
    secret: str | None = field(repr=False)
    keys: Mapping[str, str] = field(repr=False)

    def __bool__(self) -> bool:
        return bool(self.token or self.client_id or self.keys)


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """The tokens of up to two partners, or the client ids and secrets that get them, and keys.

    A key is for what the contract calls by its name: a header, a parameter of the query, a cookie,
    or ``basic``.
    """

    token: str | None = field(default=None, repr=False)
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    second_token: str | None = field(default=None, repr=False)
    second_client_id: str | None = None
    second_client_secret: str | None = field(default=None, repr=False)
    keys: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    second_keys: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def first(self) -> PartnerCredentials:
        """The first partner's."""
        return PartnerCredentials(self.token, self.client_id, self.client_secret, dict(self.keys))

    @property
    def second(self) -> PartnerCredentials:
        """The second partner's."""
        return PartnerCredentials(
            self.second_token,
            self.second_client_id,
            self.second_client_secret,
            dict(self.second_keys),
        )

    @property
    def secrets(self) -> set[str]:
        """Every secret among them, to be kept out of all that is shown."""
        given = (self.token, self.client_secret, self.second_token, self.second_client_secret)
        keys = (key for _, key in (*self.keys, *self.second_keys))
        return {one for one in (*given, *keys) if one}


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
    keys = [_keys_at(contract, one) for one in (access.first, access.second)]
    target.settings = replace(
        target.settings, token_place=contract.key_place, keys=tuple(map(frozenset, keys))
    )
    expect_base_path(target, contract, _wait_until_up(target, contract, tell))
    try:
        partners = _partners(target, access, contract, keys)
    except TargetError:
        expect_way_through(target, contract, None)
        raise
    target.set_access(partners)
    expect_way_through(target, contract, 0 if partners else None)


def _keys_at(contract: Contract, given: PartnerCredentials) -> dict[str, str]:
    """The keys of a partner by :func:`key_name`; raises :class:`TargetError` for an unknown one."""
    names = {key_name(one): one.partition(" ")[2] for one in contract.places}
    names |= {"basic": "basic"} if "basic" in names else {}
    found = {}
    for given_name, key in given.keys.items():
        name = given_name if given_name in names else given_name.lower()
        if name not in names:
            known = f"it has {', '.join(names.values())}" if names else "it has no API key"
            raise TargetError(f"no scheme of the contract has a key {given_name}: {known}")
        found[name] = key
    return found


def _partners(
    target: Target, access: AccessSettings, contract: Contract, keys: Sequence[Mapping[str, str]]
) -> list[Access]:
    partners = []
    operation, usual = contract.token_operation, key_name(contract.key_place)
    for one, own, option in zip(
        (access.first, access.second), keys, ("--token", "--second-token"), strict=True
    ):
        if one.token or usual in own:
            partners.append(Access(Issued(own.get(usual) or str(one.token)), keys=own))
        elif one.client_id and one.secret:
            if operation is None:
                raise TargetError("the contract has no operation for tokens; give a token instead")
            renew = partial(token_for, target, operation, one.client_id, one.secret)
            partners.append(Access(renew(), renew, own))
        elif own:
            what = f"have {contract.key_place}" if usual else "take a bearer token"
            raise TargetError(f"give {option} too: other operations of the contract {what}")
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
