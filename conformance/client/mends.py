"""What mends a client, where several requirements are broken for one cause."""

BACK_OFF = "Double the wait with each retry, from a random part of it."
BY_CONTRACT = "Build the request from the contract's own members and types."
KEY_AND_BODY_ONCE = "Make key and body once for each call, outside the retry loop."
KEY_FOR_EACH_CALL = (
    "Make a key for each call that creates, outside the retry loop, and send it as Idempotency-Key."
)
RENEW = "Get a new token on a 401, and send the request once more."
SEND_JSON = "Send the body as JSON, with Content-Type: application/json."
