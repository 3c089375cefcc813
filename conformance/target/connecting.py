"""The target that a command's options name, and its partners let in."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import httpx

from conformance.target.access import Access, Issued
from conformance.target.sign_in import token_for
from conformance.target.target import Target


def build_target(
    url: str, options: Mapping[str, Any], transport: httpx.BaseTransport | None
) -> Target:
    """The target, with nobody let in; it knows every secret in the options."""
    target = Target(
        url,
        (),
        transport=transport,
        max_rate=options["max_rps"],
        replay_delay=options["patience"],
        clock_url=options["clock_url"],
        provokes_limit=options["provoke_rate_limit"],
        trust=options["ca_file"],
    )
    given = {options[name] for name in ("client_secret", "second_client_secret")}
    target.secrets |= given - {None}
    return target


def authenticate(target: Target, options: Mapping[str, Any]) -> None:
    """Use the tokens that the options give or pay for; raises :class:`TargetError`."""
    access = []
    for prefix in ("", "second_"):
        if options[f"{prefix}token"]:
            access.append(Access(Issued(options[f"{prefix}token"])))
        elif options[f"{prefix}client_id"]:
            pair = options[f"{prefix}client_id"], options[f"{prefix}client_secret"]
            renew = partial(token_for, target, *pair)
            access.append(Access(renew(), renew))
    target.set_access(access)
