"""No text of a target, and no way to it, makes a command of a script."""

import json
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.results.curl import reproduction
from conformance.target.exchange import Answer, Request
from conformance.target.redaction import without_secrets
from conformance.target.target_settings import TargetSettings
from conformance.target.transport.connection_settings import ConnectionSettings
from dinie_contract.output import COMMAND, SECRETS
from tests.conformance.fake_curl import arguments_of_curl, with_fake_curl
from tests.conformance.results.scripts import CREATE, SHELLS, answered, recording_server, run_script


def test_nothing_in_a_request_is_taken_for_a_command(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    text = f"';touch {trap};'$(touch {trap})`touch {trap}`"
    hostile = Request("POST", f"/a?b=$(touch${{IFS}}{trap})", (("X", text),), text.encode())
    with recording_server() as (url, recorded):
        run_script(reproduction(url, [(hostile, Answer(201))]))

    assert recorded[0].body == text.encode()

    assert not trap.exists()


@pytest.mark.parametrize("half", ["\ud800", "x\udc80"])
def test_half_a_character_in_an_answer_leaves_a_script(half: str) -> None:
    body = json.dumps({"seats": half, "note": "é" + half}).encode()
    made = answered({"id": "vehicle-17", "seats": half}, ETag='"\udce9"')
    changed = Request("PATCH", "/vehicles/vehicle-17", (("If-Match", '"\udce9"'),), body)
    with recording_server() as (url, recorded):
        run_script(reproduction(url, [(CREATE, made), (changed, answered({}, 200))]))

    assert recorded[1].body == body


HOSTILE = (
    "x'; touch MARK #", "'", "\n", "$(touch MARK)", "`touch MARK`", "'; touch MARK; '", '"', "\\",
    "touch", "MARK", "curl", "-H", "application/json", "'\\''", "\x1b]0;MARK\x07", "é'\u202e",
    "{}[]", "@/etc/passwd", "a-word-of-sixteen-characters", "${TOKEN}", "%s", "!!",
    "\r\nX-Injected: 1", "\n::error::x", "##vso[x]", "##[x]",
)  # fmt: skip
"""Texts that a target may answer, and may call its secrets."""

TEXTS = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=8), max_size=4).map("".join)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_fake_curl(tmp_path_factory.mktemp("shell"))


@settings(max_examples=200, deadline=None)
@given(
    issued=st.lists(TEXTS, max_size=3), given_=st.lists(TEXTS, max_size=2),
    path=TEXTS, header=TEXTS, body=TEXTS, base=st.sampled_from(["", "/v3", "/$(touch MARK)"]),
)  # fmt: skip
def test_no_secret_and_no_answer_makes_a_command(
    folder: Path, issued: list[str], given_: list[str], path: str, header: str, body: str, base: str
) -> None:
    SECRETS.clear()
    SECRETS.add(issued)
    SECRETS.give(given_)
    value = header.encode("utf-8", "replace").decode().translate(dict.fromkeys(range(0x20)))
    request = Request(
        "POST", f"/a/{quote(path, errors='replace')}?b={quote(body, errors='replace')}",
        (("X-Text", value), ("Content-Type", "text/plain")), body.encode(errors="replace"),
    )  # fmt: skip
    script = reproduction(f"http://127.0.0.1:1{base}", [(request, Answer(201))])
    assert not COMMAND.search(script)

    *arguments, url, end = [
        one for one in arguments_of_curl(folder, script) if one not in {"--globoff", "--path-as-is"}
    ]
    shown = SECRETS.redact(value)
    expected = ["-sS", "-i", "-w", "\\n", "-X", "POST", "-H", "Authorization: Bearer t"]
    expected += ["-H", f"X-Text: {shown}" if shown else "X-Text;", "-H", "Content-Type: text/plain"]
    if request.body:
        sent = arguments.pop()
        if sent == "@-":
            sent = (folder / "body").read_bytes().decode()
        assert sent == SECRETS.redact(without_secrets(request.body.decode()))
        expected += ["--data-binary"]
    assert arguments == expected
    assert url.startswith("http://127.0.0.1:1")
    assert end == ""


@settings(max_examples=100, deadline=None)
@given(name=TEXTS, id_=TEXTS, given_=st.lists(TEXTS, max_size=2))
def test_no_member_and_no_id_of_an_answer_makes_a_command(
    folder: Path, name: str, id_: str, given_: list[str]
) -> None:
    SECRETS.clear()
    SECRETS.give(given_)
    made = answered({name: f"{id_}-of-the-run"})
    path = f"/a/{quote(f'{id_}-of-the-run', safe='', errors='replace')}"
    body = json.dumps({"of": f"{id_}-of-the-run"})
    request = Request("POST", path, (("Content-Type", "application/json"),), body.encode())
    script = reproduction("http://127.0.0.1:1", [(CREATE, made), (request, Answer(201))])
    assert not COMMAND.search(script)
    assert [secret for secret in SECRETS if secret in script] == []
    assert arguments_of_curl(folder, script)


def test_a_value_of_a_member_called_as_a_secret_stands_in_a_path_as_it_was_sent(
    folder: Path,
) -> None:
    SECRETS.give(["memberofsecrets"])
    made = answered({"memberofsecrets": "é'-of-the-run"})
    request = Request("GET", "/a/%C3%A9%27-of-the-run")
    script = reproduction("http://127.0.0.1:1", [(CREATE, made), (request, Answer(200))])
    assert "memberofsecrets" not in script
    assert "http://127.0.0.1:1/a/%C3%A9%27-of-the-run" in arguments_of_curl(folder, script)


def test_a_url_that_nobody_gave_is_exported_by_the_reader(folder: Path) -> None:
    script = reproduction("", [(CREATE, Answer(201))])
    with pytest.raises(AssertionError, match="export the base URL"):
        arguments_of_curl(folder, script)
    script = f"DINIE_URL=http://127.0.0.1:1/v3\n{script}"
    assert "http://127.0.0.1:1/v3/auth/credentials" in arguments_of_curl(folder, script)


WAY = {"ca_file": Path("ca.pem"), "client_cert": Path("it's.pem"), "client_key": Path("a.key"),
       "client_key_password": "pass", "insecure": True, "proxy": "http://h"}  # fmt: skip


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("count", range(len(WAY) + 1))
def test_a_shell_can_read_a_script_whatever_the_way(count: int, shell: str) -> None:
    for names in combinations(WAY, count):
        connection = ConnectionSettings(**{name: WAY[name] for name in names})  # type: ignore[arg-type]
        way = TargetSettings(connection=connection, headers=(("X-It's", "value"),))
        script = reproduction("", [(CREATE, Answer(201))], way)
        done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True,
                              check=False)  # fmt: skip
        assert (done.returncode, done.stderr) == (0, ""), (names, script)


@pytest.mark.skipif(shutil.which("zsh") is None, reason="NOT TESTED: there is no zsh")
def test_a_script_that_is_pasted_into_zsh_calls_no_other_host(folder: Path) -> None:
    script = reproduction("http://127.0.0.1:1", [(CREATE, Answer(201))])
    pasted = f"zsh -i -f <<'PASTED' 2>/dev/null\n{script}\nPASTED\n"
    arguments = arguments_of_curl(folder, pasted)
    assert "http://127.0.0.1:1/auth/credentials" in arguments
    assert not {"#", "201"} & {*arguments}
