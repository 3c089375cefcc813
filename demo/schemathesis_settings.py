"""What Schemathesis is told to do, as a configuration file of its own format."""

import json

SEED = 20260301

TOKEN_VARIABLE = "MOCK_TOKEN"
"""The environment variable that the configuration takes the access token from."""

# Everything is checked. Two things in it need saying:
# - The seed lets a server refuse well-formed data with 422 (a cursor that names no credential, a
#   key reused for another body), so that status is no failure to accept valid data.
# - object_level_authorization compares what two users read of one object, and this API has no
#   operation that reads one: it is on, and has nothing to look at.
_CONFIGURATION = """\
seed = {seed}
workers = 1
continue-on-failure = true

[cache]
enabled = false

[generation]
database = "none"
max-examples = {examples}

[output.sanitization]
enabled = true

[checks.positive_data_acceptance]
expected-statuses = ["2xx", 401, 404, 409, 422]

[auth.openapi.bearerAuth]
bearer = "${{{token_variable}}}"

# An operation is only exercised if it also succeeds: half of the exchanges carry the true pair.
[dictionaries.client_id]
values = [{client_id}]

[dictionaries.client_secret]
values = [{client_secret}]

[[operations]]
include-operation-id = "createToken"

[operations.parameters]
"body.client_id" = {{dictionary = "client_id"}}
"body.client_secret" = {{dictionary = "client_secret", probability = 0.5}}
"""


def configuration(examples: int, client_id: str, client_secret: str) -> str:
    """The text of the file. It holds the secret, so nobody else may read it."""
    return _CONFIGURATION.format(
        seed=SEED,
        examples=examples,
        token_variable=TOKEN_VARIABLE,
        client_id=_quoted(client_id),
        client_secret=_quoted(client_secret),
    )


def _quoted(text: str) -> str:
    """A TOML string: JSON's, as long as no character is escaped as two halves."""
    return json.dumps(text, ensure_ascii=False)
