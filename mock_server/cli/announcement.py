"""The text that the mock prints once it is ready: URLs, credentials, and a command to copy."""

import json
import shlex
import uuid

from dinie_contract.output import LONGEST_LINE, printable, within
from mock_server import __version__
from mock_server.exchange.exchange import CONTROL_PATH
from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from openapi.contract import Contract
from openapi.resource import Resource


def announcement(contract: Contract, origin: str, settings: Settings) -> str:
    """The text for a mock at ``origin`` (``http://127.0.0.1:8080``).

    The text shows the first partner's secret: a partner has no other way to learn it.
    """
    partner = settings.partners[0]
    base_url = origin + contract.base_path
    title, version = (printable(within(one)) for one in (contract.title, contract.version))
    lines = [
        f"dinie-mock {__version__} plays {title}, version {version}",
        "",
        f"  Base URL       {printable(within(base_url))}",
        f"  Client id      {partner.client_id}",
        f"  Client secret  {partner.client_secret}",
    ]
    if partner.token:
        lines.append(f"  Access token   {partner.token}")
    if settings.control:
        lines.append(f"  Control        {origin}{CONTROL_PATH}/partners/{partner.partner_id}")
    if settings.faults:
        lines.append(f"  Faults         {', '.join(settings.faults)}")
    if contract.credentials:
        command = _create_command(contract, contract.credentials, base_url, partner)
        # A part of a command would be another command.
        if max(map(len, command)) <= LONGEST_LINE:
            lines += ["", "Create an API key:", "", *command]
    return "\n".join([*lines, "", "Ctrl-C ends it."])


def _create_command(
    contract: Contract, credentials: Resource, base_url: str, partner: Partner
) -> list[str]:
    login = shlex.quote(f"{partner.client_id}:{partner.client_secret}")
    lines = []
    if partner.token is None and contract.token_operation:
        lines.append(
            f"  TOKEN=$(curl -s -u {login} -d grant_type=client_credentials"
            f" {_word(base_url + contract.token_operation.path)}"
            """ | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')"""
        )
    bearer = '"Authorization: Bearer $TOKEN"'
    if partner.token:
        bearer = shlex.quote(f"Authorization: Bearer {partner.token}")
    body = json.dumps({credentials.name: "Production Key"})
    lines.append(
        f"  curl -iw '\\n' {_word(base_url + credentials.create.path)} -H {bearer}"
        f" -H 'Content-Type: application/json' -H 'Idempotency-Key: {uuid.uuid4()}'"
        f" -d {_word(body)}"
    )
    return lines


def _word(text: str) -> str:
    """A text of the contract as a word of the shell."""
    return shlex.quote(printable(text))
