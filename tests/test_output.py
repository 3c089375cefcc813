"""What leaves a process: no secret, however it is spelled or cut, and nothing unprintable."""

import base64
import html
import json
import re
import string
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.report.text import ReportConsole
from dinie_contract.output import (
    COMMAND,
    HIDDEN,
    LONGEST_LINE,
    Secrets,
    echo,
    excerpt,
    printable,
    shown,
)
from dinie_contract.output import SECRETS as OF_THE_PROCESS

SECRET = "dinie_cs_ab12CD34ef56GH78ij90KL12mn34OP56qr78"
OTHER = "sk-live-Zm9vYmFyYmF6cXV4Zm9vYmFy.A~B+C/D"

SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in lower case": str.lower,
    "in upper case": str.upper,
    "cut at its end": lambda one: one[:24],
    "cut at its begin": lambda one: one[-28:],
    "cut at both ends": lambda one: one[7:30],
    "escaped in JSON": lambda one: "".join(f"\\u{ord(sign):04x}" for sign in one),
    "escaped in part": lambda one: one.replace("_", "\\u005f").replace("-", "\\u002D"),
    "with a solidus escaped": lambda one: one.replace("/", "\\/"),
    "JSON in JSON in JSON": lambda one: json.dumps(json.dumps(one.replace("_", "\\u005f"))),
    "percent-encoded": lambda one: "".join(f"%{ord(sign):02X}" for sign in one),
    "percent-encoded twice": lambda one: quote(quote(one, safe=""), safe=""),
    "as a Python escape": lambda one: "".join(f"\\x{ord(sign):02x}" for sign in one),
    "as HTML": html.escape,
    "as HTML references": lambda one: "".join(f"&#{ord(sign)};" for sign in one),
    "as hexadecimal references": lambda one: "".join(f"&#x{ord(sign):X};" for sign in one),
    "on two lines": lambda one: f"{one[:20]}\r\n    {one[20:]}",
    "in groups of four": lambda one: " ".join(re.findall(".{1,4}", one)),
    "with joiners": "\u200d".join,
    "with braces": lambda one: "".join(f"\\u{{{ord(sign):x}}}" for sign in one),
    "in octal": lambda one: "".join(f"\\{ord(sign):03o}" for sign in one),
    "in hexadecimal": lambda one: one.encode().hex(),
    "in base64 in a path": lambda one: f"/a1/{base64.b64encode(one.encode()).decode()}",
    "in Basic credentials": lambda one: base64.b64encode(f"id:{one}".encode()).decode(),
    "in base64 in base64": lambda one: base64.b64encode(base64.b64encode(one.encode())).decode(),
    "in base64, escaped": lambda one: "".join(
        f"\\u{sign:04x}" for sign in base64.b64encode(one.encode())
    ),
    "in short lines of base64 in JSON": lambda one: json.dumps(
        "\n".join(re.findall(".{1,12}", base64.b64encode(one.encode()).decode()))
    ),
    "in hexadecimal with colons": lambda one: one.encode().hex(":"),
    "in hexadecimal with spaces": lambda one: one.encode().hex(" "),
    "in hexadecimal by two bytes": lambda one: one.encode().hex(".", 2),
    "in hexadecimal by four bytes": lambda one: one.encode().hex("-", 4),
    "as a list of numbers on lines": lambda one: ",\n    ".join(map(str, one.encode())),
    "as an array of bytes": lambda one: ", ".join(f"0x{sign:02x}" for sign in one.encode()),
    "as numbers": lambda one: str(list(one.encode()))[1:-1],
    "in quoted-printable": lambda one: one.encode().hex("=").upper(),
    "as long escapes": lambda one: "".join(f"\\U{ord(sign):08x}" for sign in one),
    "as escapes of old browsers": lambda one: "".join(f"%u{ord(sign):04x}" for sign in one),
    "each percent sign encoded": lambda one: "".join(
        f"%{ord(sign):02x}" for sign in "".join(f"%{ord(sign):02x}" for sign in one)
    ),
    "as HTML references in HTML": lambda one: "".join(f"&amp;#{ord(sign)};" for sign in one),
    "in URL-safe base64": lambda one: base64.urlsafe_b64encode(f"???:{one}".encode()).decode(),
}


def known(*secrets: str) -> Secrets:
    found = Secrets()
    found.add(secrets)
    return found


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
@pytest.mark.parametrize("secret", [SECRET, OTHER])
def test_a_secret_is_found_in_each_spelling(secret: str, spelling: Callable[[str], str]) -> None:
    text = known(secret).redact(f"before 0 <{spelling(secret)}> 0 after")
    assert text.startswith("before 0 <")
    assert text.endswith("> 0 after")
    assert HIDDEN in text
    left = text.removeprefix("before 0 <").removesuffix("> 0 after")
    assert set(left.replace(HIDDEN, "")) <= set('"\\-')


LETTERS = string.ascii_letters + string.digits
TOKENS = st.lists(
    st.tuples(st.sampled_from(LETTERS), st.sampled_from(["", "", "", "", *"._~+/-"])),
    min_size=16,
    max_size=60,
).map(lambda pairs: "a1" + "".join(map("".join, pairs)))


@given(TOKENS, st.text(), st.text(), st.sampled_from(sorted(SPELLINGS)))
def test_no_sixteen_characters_of_a_secret_are_left(
    secret: str, before: str, after: str, spelling: str
) -> None:
    text = known(secret).redact(f"{before} {SPELLINGS[spelling](secret)} {after}").lower()
    letters = re.sub("[^0-9a-z]", "", text)
    own = re.sub("[^0-9a-z]", "", secret.lower())
    assert not any(own[start : start + 16] in letters for start in range(len(own) - 15))


@given(st.text(max_size=30), st.text())
def test_what_a_user_gives_is_a_secret_in_any_form(secret: str, around: str) -> None:
    secrets = Secrets()
    secrets.give([secret])
    for spelled in (secret, json.dumps(secret)[1:-1], html.escape(secret)):
        text = secrets.redact(f"{around}\0{spelled}\0{around}")
        assert len(secret) < 4 or f"\0{spelled}\0" not in text


@pytest.mark.parametrize(
    "word", ["", "x'; touch MARK #", "conformance", "the whole of this answer", "a" * 15, "é" * 20]
)
def test_a_target_may_not_call_its_words_secrets(word: str) -> None:
    text = f"it answered {word} with the whole of this answer, {'a' * 15}: {'é' * 20}"
    assert known(word).redact(text) == text


@pytest.mark.parametrize("secret", ["secret-one", "Zq8sKd92mX", "token of one"])
@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_a_short_secret_of_the_user_is_found_in_each_spelling_too(
    secret: str, spelling: Callable[[str], str]
) -> None:
    secrets = Secrets()
    secrets.give([secret])
    spelled = spelling(secret)
    is_whole = spelled not in {secret[:24], secret[-28:], secret[7:30]} or spelled == secret
    assert not is_whole or HIDDEN in secrets.redact(f"before 0 <{spelled}> 0 after")


def test_the_words_of_the_harness_are_no_secrets() -> None:
    secrets = Secrets()
    secrets.reserve(["http://127.0.0.1:45777/v3", "/auth/credentials2", "application/json"])
    words = [
        "application/json",
        "127.0.0.1:45777/v3/auth",
        "/v3/auth/credentials2/x",
        "createCredential",
    ]
    secrets.add([*words, "a-127.0.0.1/45777/v3/b"])
    for one in words:
        assert secrets.redact(one) == one


@pytest.mark.parametrize("secret", ["a1" * 4096, "Zq8sKd92mXlP0aQw" * 40_000])
def test_long_secrets_take_memory_by_their_length(secret: str) -> None:
    secrets = Secrets()
    secrets.add(f"{number}{secret}" for number in range(500))
    kept = {
        id(one.letters): len(one.letters) for owners in secrets._owners.values() for one in owners
    }
    assert sum(kept.values()) < 2_000_000
    assert sum(map(len, secrets._owners.values())) < 300_000


def test_a_token_that_is_used_is_a_secret_in_any_form() -> None:
    secrets = Secrets()
    secrets.add(["short"], used=True)
    assert secrets.redact("a short one") == f"a {HIDDEN} one"


def test_of_many_secrets_the_newest_and_the_given_are_known() -> None:
    secrets = Secrets()
    secrets.give([OTHER])
    for begin in range(0, 12_000, 1000):
        secrets.add(f"secret-number-{begin + one:09}-of-them" for one in range(1000))
    assert secrets.redact(OTHER) == HIDDEN
    assert secrets.redact("secret-number-000011999-of-them") == HIDDEN
    assert len(list(secrets)) == 10_001
    # What all of them begin with is in no index twice, and is hidden with the rest of one.
    assert sum(map(len, secrets._owners.values())) < 60_000


def test_of_the_secrets_of_one_answer_a_thousand_are_known() -> None:
    secrets = Secrets()
    secrets.add(f"secret-number-{number:09}-of-them" for number in range(200_000))
    assert len(list(secrets)) == 1000


def test_a_secret_of_a_known_shape_is_hidden_though_nobody_knows_it() -> None:
    assert Secrets().redact(f"<{SECRET}>") == f"<{HIDDEN}>"


def test_a_text_is_redacted_before_it_is_cut() -> None:
    OF_THE_PROCESS.add([OTHER])
    assert excerpt(f"1234567890{OTHER}", 20) == f"1234567890{HIDDEN}"
    assert excerpt(f"1234567890123456{OTHER}", 20) == "1234567890123456[hid…"


def test_a_long_error_is_cut_and_says_how_much_is_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    OF_THE_PROCESS.add([OTHER])
    echo("e" * (LONGEST_LINE - 3) + OTHER + "x" * 10_000_000, err=True)
    echo("o" * 10_000_000)
    captured = capsys.readouterr()
    left = 10_000_000 + len(OTHER) - 3
    assert captured.err == f"{'e' * (LONGEST_LINE - 3)}[hi… ({left} more characters)\n"
    assert len(captured.out) == 10_000_001  # a report is whole


def test_nothing_that_moves_a_terminal_gets_through() -> None:
    text = "a\x1b[31m\x9b2J\u202e\u2066\ud800\ue000\u2028\u2029\r\x00\n\té"
    assert printable(text) == (
        "a\\x1b[31m\\x9b2J\\u202e\\u2066\\ud800\\ue000\\u2028\\u2029\\r\\x00\n\té"
    )


@given(st.text())
def test_printable_text_is_printable_and_stays_what_it_is(text: str) -> None:
    found = printable(text)
    assert all(line.replace("\t", "").isprintable() for line in found.split("\n"))
    assert printable(found) == found
    assert not text.isascii() or not text.isprintable() or COMMAND.search(text) or found == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("::error::x", "\\x3a:error::x"),
        ("a\n \t::stop-commands::x", "a\n \t\\x3a:stop-commands::x"),
        ("a ##[add-mask]b ##vso[task.complete]c", "a \\x23#[add-mask]b \\x23#vso[task.complete]c"),
        ("##teamcity[buildProblem]", "\\x23#teamcity[buildProblem]"),
        ("one :: two, [::1]:80 and ## a title", "one :: two, [::1]:80 and ## a title"),
    ],
)
def test_no_text_is_a_command_of_a_ci_system(text: str, found: str) -> None:
    assert printable(text) == found


def test_every_line_on_a_terminal_is_redacted_and_printable(
    capsys: pytest.CaptureFixture[str],
) -> None:
    OF_THE_PROCESS.add([OTHER])
    foreign = f"\x1b[2J{OTHER}\r"
    echo(foreign)
    echo(foreign, err=True)
    ReportConsole().print(foreign, markup=False)
    ReportConsole(force_terminal=True).print(foreign, style="bold", markup=False)
    captured = capsys.readouterr()
    assert captured.err == f"\\x1b[2J{HIDDEN}\\r\n"
    assert captured.out.count(HIDDEN) == 3
    assert OTHER not in captured.out
    assert "\x1b[2J" not in captured.out
    assert shown(foreign) == f"\\x1b[2J{HIDDEN}\\r"
