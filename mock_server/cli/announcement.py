"""The text that the mock prints once it is ready: URLs, credentials, and a command to copy."""

import shlex
import uuid

from dinie_contract.output import LONGEST_LINE, one_line, printable, within
from mock_server import __version__
from mock_server.console.first_request.call import Call, Login, creates_key, first_call, request_of
from mock_server.console.sending import FIND_ISSUED
from mock_server.control.navigation import CONSOLE_PATH
from mock_server.exchange.exchange import CONTROL_PATH
from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from openapi.contract import Contract
from openapi.recognition import collections_of
from openapi.resource import issues_tokens, requires_pair_in_form


def announcement(contract: Contract, origin: str, settings: Settings) -> str:
    """The text for a mock at ``origin`` (``http://127.0.0.1:8080``).

    The text shows the first partner's secret: a partner has no other way to learn it.
    """
    partner = settings.partners[0]
    base_url = origin + contract.base_path
    title, version = (one_line(within(one)) for one in (contract.title, contract.version))
    lines = [
        f"dinie-mock {__version__} plays {title}, version {version}",
        "",
        f"  Base URL       {one_line(within(base_url))}",
        f"  Client id      {partner.client_id}",
        f"  Client secret  {partner.client_secret}",
    ]
    if partner.token:
        lines.append(f"  Access token   {partner.token}")
    if settings.control:
        lines.append(f"  Console        {origin}{CONSOLE_PATH}  (open it in a browser)")
        lines.append(f"  Control        {origin}{CONTROL_PATH}/partners/{partner.partner_id}")
    if not settings.stateless and _keeps_nothing(contract):
        lines.append("  Kept items     none: no POST makes what other operations show by its id")
    if settings.faults:
        lines.append(f"  Faults         {', '.join(settings.faults)}")
    call = first_call(contract)
    commands = _commands(contract, call, base_url, partner) if call else []
    # A part of a command would be another command.
    if call and commands and max(map(len, commands)) <= LONGEST_LINE:
        lines += [
            "",
            "Create an API key:" if creates_key(contract, call) else "Send a first request:",
            "",
        ]
        lines += [f"  {one}" for one in commands]
    return "\n".join([*lines, "", "Ctrl-C ends it."])


def _keeps_nothing(contract: Contract) -> bool:
    """Whether the contract makes things, and the mock recognises none of them."""
    operations = contract.operations.values()
    # As the app has them, which reads them once.
    apart = frozenset(one.name for one in operations if issues_tokens(one))
    makes = any(one.method == "POST" and one.name not in apart for one in operations)
    is_known = contract.is_bundled or contract.credentials is not None
    return makes and not is_known and not collections_of(contract, apart).has_any()


def _commands(contract: Contract, call: Call, base_url: str, partner: Partner) -> list[str]:
    """The command that sends the call, behind the one that gets a token where there is none yet."""
    commands = []
    login = Login(partner.client_id, partner.client_secret, partner.token or "$TOKEN")
    if partner.token is None and call.schemes:
        if contract.token_operation is None:
            return []
        if requires_pair_in_form(contract.token_operation):
            pair = (("client_id", partner.client_id), ("client_secret", partner.client_secret))
            sent = [f"--data-urlencode {shlex.quote(f'{name}={one}')}" for name, one in pair]
        else:
            sent = ["-u", shlex.quote(f"{partner.client_id}:{partner.client_secret}")]
        commands.append(
            f"TOKEN=$(curl -s {' '.join(sent)} -d grant_type=client_credentials"
            f" {_word(base_url + contract.token_operation.path)}"
            f" | {FIND_ISSUED})"
        )
    request = request_of(call, base_url, login, str(uuid.uuid4()))
    words = ["curl", "-iw", "'\\n'"]
    if request.method != ("GET" if request.body is None else "POST"):
        words += ["-X", _word(request.method)]
    words.append(_word(request.url))
    for name, value in request.headers:
        is_variable = (name, value) == ("Authorization", "Bearer $TOKEN")
        words += ["-H", f'"{name}: {value}"' if is_variable else _word(f"{name}: {value}")]
    if request.body is not None:
        words += ["-d", _word(request.body)]
    return [*commands, " ".join(words)]


def _word(text: str) -> str:
    """A text of the contract as a word of the shell."""
    return shlex.quote(printable(text))
