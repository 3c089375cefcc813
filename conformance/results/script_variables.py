"""The variables of a script: what is another in each run, and what the reader exports."""

import re
import shlex
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from conformance.results.answered_values import AnsweredValue, AnsweredValues, quoted
from conformance.results.new_texts import new_in
from conformance.results.shell_words import Parts, Variable, word
from conformance.target.exchange import Request
from conformance.target.target_settings import TargetSettings
from conformance.target.token_forms import UNCHANGED, Form, form_at, key_name, variable_of
from dinie_contract.output import SECRETS

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NOT_OF_NAME = re.compile(r"[^0-9A-Za-z]")
_KEY_SUFFIX = re.compile(r"[0-9A-Za-z-]*")
_NEW_UUID = "python3 -c 'import uuid; print(uuid.uuid4())'"

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

IN_ANSWER = (
    "in_answer() { python3 -c 'import functools, json, re, sys, urllib.parse;"
    r' body = re.sub(r"\A(HTTP/.*\n(.*\S.*\n)*\r?\n)+", "", sys.stdin.read());'
    " inner = lambda value, name: value[int(name) if isinstance(value, list) else name];"
    " found = functools.reduce(inner, sys.argv[1:], json.loads(body));"
    """ print(urllib.parse.quote(str(found), safe=""))' "$@" 2>/dev/null || echo """
    "dinie-conformance-unknown; }"
)
"""The function of a script that finds a member of an answer, as it stands in a path.

Where the answer has no such member, what it prints names nothing: an empty path could name all. It
is one line, which may be indented.
"""

NEW_LIKE = (
    "new_like() { python3 -c 'import secrets, sys; from string import *;"
    " text, start = sys.argv[1], -int(sys.argv[2]);"
    ' kinds = digits, "abcdef", "ABCDEF", ascii_lowercase, ascii_uppercase;'
    " like = (next((one for one in kinds if sign in one), sign) for sign in text[start:]);"
    """ print(text[:start] + "".join(map(secrets.choice, like)))' "$@"; }"""
)
"""The function of a script that makes a text with so many other characters at its end."""

_HEADERS = {
    "etag:": "sed -n 's/^[Ee][Tt][Aa][Gg]: *//p' | tr -d '\\r'",
    "location:": "sed -n 's/^[Ll]ocation: *//p' | tr -d '\\r' | sed 's#.*/##'",
}
"""The commands that find what a header of an answer says."""


class KeyVariables:
    """The shell variables for those idempotency keys of a script that are UUIDs.

    ``lines`` set them to new UUIDs: a target still knows the keys of the last run, so that a script
    with fixed ones would show replays.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        found = dict.fromkeys(one for one in keys if _UUID.fullmatch(one))
        self._names = {key: f"KEY_{number}" for number, key in enumerate(found, 1)}
        self.lines = [f"{name}=$({_NEW_UUID})" for name in self._names.values()]

    def expand(self, key: str) -> str | None:
        """The shell text for a key, to stand in double quotes; None for a key without variable."""
        for known, name in self._names.items():
            suffix = key.removeprefix(known)
            if key.startswith(known) and _KEY_SUFFIX.fullmatch(suffix):
                return f"${{{name}}}{suffix}"
            if key == known[:-1]:
                return f"${{{name}%?}}"
            if key == known.upper():
                return f"$(printf %s ${name} | tr a-z A-Z)"
        return None


class NewVariables:
    """The shell variables for texts that a creation may take but once, such as new names.

    ``lines`` set them to other texts of the same form, for the last run of the script has made
    something of the same name.
    """

    def __init__(self, requests: Iterable[Request], new: Mapping[str, int]) -> None:
        self._new = new
        self._names: dict[str, str] = {}
        self.lines: list[str] = []
        for request in requests:
            body = request.body.decode("utf-8", "surrogateescape")
            for text in (request.path, body, *(value for _, value in request.headers)):
                for found, changed in new_in(text, new):
                    if found[0] not in self._names:
                        self._names[found[0]] = name = f"NEW_{len(self._names) + 1}"
                        self.lines.append(f"{name}=$(new_like {found[0]} {changed})")

    def within(self, text: str) -> Iterator[str | Variable]:
        """The parts of a text: texts, and variables for what is new in it."""
        end = 0
        for found, _ in new_in(text, self._new):
            if name := self._names.get(found[0]):
                yield text[end : found.start()]
                yield Variable(name, is_new=True)
                end = found.end()
        yield text[end:]


class AnswerVariables:
    """The shell variables for what requests repeat of earlier answers, which is another each time.

    ``lines`` set them after an exchange, by its number, from the variable ``ANSWER``.
    """

    def __init__(
        self, values: AnsweredValues, requests: Iterable[tuple[int, Request]], new: NewVariables
    ) -> None:
        self._values = values
        self._new = new
        self._names: dict[AnsweredValue, str] = {}
        self._passed: dict[tuple[str, ...], str] = {}
        self.lines: dict[int, list[str]] = {}
        shown = dict(requests)
        uses: dict[AnsweredValue, list[int]] = defaultdict(list)
        for number, request in shown.items():
            for one in sorted(values.repeated(request, number), key=lambda one: one.place):
                if one.exchange in shown:
                    uses[one].append(number)
        for one, numbers in uses.items():
            self._add(one, is_passed_on=numbers == [one.exchange + 1])

    def _add(self, one: AnsweredValue, *, is_passed_on: bool) -> None:
        # A target may call a member as it likes, also after a secret.
        place = " ".join(one.place)
        if SECRETS.redact(place) != place:
            return
        variable = self._passed.get(one.place) if is_passed_on else None
        if variable is None:
            name = _NOT_OF_NAME.sub("_", _WORDS.sub("_", one.name)).upper().strip("_")
            name = f"ANSWERED_{name}" if name in {"KEY", "NEW"} else name
            taken = {*self._names.values()}
            number = 1 + sum(known.rpartition("_")[0] == name for known in taken)
            variable = f"{name}_{number}"
        if is_passed_on:
            # What the next request alone repeats, as each page does, has one variable for all.
            self._passed[one.place] = variable
        self._names[one] = variable
        find = _HEADERS.get(one.place[0]) or f"in_answer {shlex.join(one.place)}"
        line = f"{variable}=$(printf '%s\\n' \"$ANSWER\" | {find})"
        self.lines.setdefault(one.exchange, []).append(line)

    def in_path(self, path: str, number: int) -> Parts:
        """The path of a request, by its number."""
        return self._named(self._values.in_path(path, number), quoted)

    def in_text(self, text: str, number: int) -> Parts:
        """A header or the body of a request."""
        return self._named(self._values.in_text(text, number), str)

    def _named(self, parts: Iterable[str | AnsweredValue], spelt: Callable[[str], str]) -> Parts:
        found: Parts = []
        for one in parts:
            if isinstance(one, str):
                found += self._new.within(one)
            elif one in self._names:
                found.append(Variable(self._names[one]))
            else:
                found.append(spelt(str(one.value)))
        return found


class Way:
    """What every command needs to get to the target: the user's headers, certificates, a proxy.

    ``lines`` say what the reader exports, and ``names`` are those of the headers, in lower case.
    """

    def __init__(self, settings: TargetSettings) -> None:
        self._settings = settings
        self.options: list[str] = []
        self.headers: list[str] = []
        self.lines: list[str] = []
        for option, variable in settings.connection.variables.items():
            self.options.append(option)
            if variable:
                self.options.append(f'"${variable}"')
                # An apostrophe in here would open a quotation in bash.
                self.lines.append(f': "${{{variable}:?export the value of {option} of curl}}"')
        # No name and no value tells for sure that it is no secret. Of equal names the last counts.
        given = {name.lower(): (name, value) for name, value in settings.headers}
        self.names = given.keys()
        taken: set[str] = set()
        for name, value in given.values():
            if not value:
                self.headers += ("-H", word(f"{name};"))
                continue
            variable = f"DINIE_HEADER_{_NOT_OF_NAME.sub('_', name).upper()}"
            variable += f"_{len(taken) + 1}" if variable in taken else ""
            taken.add(variable)
            self.headers += ("-H", f'{word(f"{name}: ")}"${variable}"')
            self.lines.append(f': "${{{variable}:?export the value of that header}}"')

    def tokens(self, request: Request) -> Iterator[tuple[Form, str]]:
        """The forms of the token of a request and of the keys beside it, with their variables."""
        partner, settings = request.partner, self._settings
        if partner is None:
            return
        place = settings.place_of(request)
        key = key_name(place) if settings.has_key(place, partner) else ""
        yield form_at(request.token_form, place), variable_of(partner, key)
        for one in settings.places_beside(request):
            yield form_at(UNCHANGED, one), variable_of(partner, key_name(one))
