"""A target by its settings, and its partners, authenticated."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import httpx

from conformance.target.access import Access, Issued
from conformance.target.errors import TargetError
from conformance.target.sign_in import token_for
from conformance.target.target import Target, TargetSettings
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
    SECRETS.give(access.secrets)
    return target


def authenticate(target: Target, access: AccessSettings, contract: Contract) -> None:
    """Use the given tokens, or exchange credentials for them; raises :class:`TargetError`."""
    SECRETS.reserve([target.base_url, *words_of(contract)])
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
    target.set_access(partners)


def words_of(contract: Contract) -> Iterator[str]:
    """What reports say themselves: a target may call it a secret, and it is none."""
    for operation in contract.operations.values():
        yield from (operation.id, operation.path)
        bodies = [operation.request_body, *operation.responses.values()]
        yield from (name for one in bodies if one for name in one.content)
