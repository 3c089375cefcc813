"""The forms in which a token may be sent: as it is, and damaged in ways that must be refused.

Each form can be made in Python and written in shell, so that a reproduction works with a token
that the reader exports and no report ever holds.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """A way to send a token, and its spelling in a shell script, where ``{0}`` names the token.

    ``scheme`` is what stands before it in the ``Authorization`` header; None puts it in the
    query instead, as :data:`QUERY_PARAMETER`.
    """

    apply: Callable[[str], str]
    shell: str
    scheme: str | None = "Bearer "


QUERY_PARAMETER = "access_token"
"""The query parameter of a token (RFC 6750 section 2.3)."""

UNCHANGED = "as it is"
"""The name of the form that changes nothing."""

FORMS = {
    UNCHANGED: Form(lambda token: token, "${0}"),
    "cut": Form(lambda token: token[:-1], "${{{0}%?}}"),
    "extended": Form(lambda token: f"{token}x", "${{{0}}}x"),
    "in the other case": Form(str.swapcase, '$(printf %s "${0}" | tr a-zA-Z A-Za-z)'),
    "halved": Form(
        lambda token: token[: len(token) // 2], '$(printf %s "${0}" | head -c $((${{#{0}}} / 2)))'
    ),
    "with a scheme in lower case": Form(lambda token: token, "${0}", scheme="bearer "),
    "without a scheme": Form(lambda token: token, "${0}", scheme=""),
    "with another scheme": Form(lambda token: token, "${0}", scheme="Token "),
    "in the query": Form(lambda token: token, "${0}", scheme=None),
}
"""By name. A form that does not change a token proves nothing: see :func:`damaged_forms`."""


def damaged_forms(token: str) -> list[str]:
    """The names of the forms that differ from the token itself, where a token belongs."""
    return [name for name, form in FORMS.items() if form.apply(token) != token]


VARIABLES = ("TOKEN", "SECOND_TOKEN")
"""The environment variables of the two partners' tokens in a reproduction."""
