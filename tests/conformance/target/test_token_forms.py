"""Each form of a token is the same in Python and in shell, and a forged JWT is one."""

import json
import subprocess
from base64 import urlsafe_b64decode

import pytest

from conformance.target.token_forms import FORMS, damaged_forms

HEADER = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
CLAIMS = "eyJzdWIiOiJkaW5pZSJ9"
JWT = f"dinie_at_{HEADER}.{CLAIMS}.MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI"
OTHER_PLACES = [
    name
    for name, form in FORMS.items()
    if form.scheme != "Bearer " or form.header != "Authorization" or not form.is_damage
]
FORGED = ["without its signature", "with the algorithm none", "with the algorithm nOnE"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("token", [JWT, "dinie_at_opaque", JWT.removeprefix("dinie_at_")])
def test_a_script_sends_what_the_check_sent(token: str, form: str) -> None:
    if token == "dinie_at_opaque" and form not in {*damaged_forms(token), *OTHER_PLACES}:
        return
    word = FORMS[form].shell.format("TOKEN")
    shell = subprocess.run(
        ["sh", "-c", f'printf %s "{word}"'],
        env={"TOKEN": token, "PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        check=True,
        text=True,
    )
    assert shell.stdout == FORMS[form].apply(token)


@pytest.mark.parametrize("form", FORGED)
def test_a_jwt_is_sent_unsigned(form: str) -> None:
    assert form in damaged_forms(JWT)
    header, claims, signature = FORMS[form].apply(JWT).removeprefix("dinie_at_").split(".")
    assert (claims, signature) == (CLAIMS, "")
    algorithm = json.loads(urlsafe_b64decode(header + "=="))["alg"]
    assert algorithm == {"without its signature": "HS256"}.get(form, form.rsplit(maxsplit=1)[-1])


def test_what_is_no_jwt_is_not_forged() -> None:
    assert damaged_forms("dinie_at_opaque") == ["cut", "extended", "in the other case", "halved"]
