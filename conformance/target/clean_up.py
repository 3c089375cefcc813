"""Revokes what was made, where the target offers it."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from urllib.parse import quote

from conformance.target.exchange import Request
from conformance.target.target import Target, TargetError
from openapi.contract import PATH_PARAMETER, Contract

Made = tuple[int, str]
"""The partner of a created resource, and what stands for it in a path."""

_AT_ONCE = 8
GONE_STATUSES = {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}
"""Answers to a revocation that say that nothing is left to revoke."""


def revoke(contract: Contract, target: Target, made: Iterable[Made]) -> list[Made]:
    """Revoke all of it; gives what could not be revoked."""
    made = sorted(made)
    operation = next((one.revoke for one in contract.resources if one.revoke), None)
    if operation is None:
        return made

    def removed(one: Made) -> bool:
        path = PATH_PARAMETER.sub(lambda _: quote(one[1], safe=""), operation.path)
        try:
            answer = target.send(Request("DELETE", path, partner=one[0]))
        except TargetError:
            return False
        return answer.is_success or answer.status in GONE_STATUSES

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        done = list(pool.map(removed, made))
    return [one for one, is_removed in zip(made, done, strict=True) if not is_removed]
