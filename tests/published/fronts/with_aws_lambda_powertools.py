"""aws-lambda-powertools: a Lambda handler with the decorator, behind a gateway of HTTP.

The persistence layer is the one on Redis. Exceptions of the utility are left to the application.
"""

import base64
from types import SimpleNamespace
from typing import Any

import redis
from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent
from aws_lambda_powertools.utilities.idempotency.exceptions import BaseError
from aws_lambda_powertools.utilities.idempotency.persistence.cache import (
    CachePersistenceLayer,
)
from flask import Flask, Response, request
from origin import CONFIGURED, PATH, PORT, REDIS, WAY, create, refusal
from waitress import serve

KEY = 'headers."idempotency-key"'
PARTNER = "requestContext.authorizer.principalId"
if CONFIGURED:
    config = IdempotencyConfig(
        event_key_jmespath=f"{KEY} && [{PARTNER}, {KEY}]",
        payload_validation_jmespath="body" if WAY == "validation" else "",
        expires_after_seconds=24 * 3600,
    )
else:
    config = IdempotencyConfig(event_key_jmespath=KEY)
store = CachePersistenceLayer(client=redis.Redis.from_url(REDIS, decode_responses=True))
CONTEXT = SimpleNamespace(
    function_name="create", aws_request_id="1", get_remaining_time_in_millis=lambda: 30_000
)


class Refused(Exception):
    def __init__(self, answer: tuple[int, dict[str, str], bytes]) -> None:
        super().__init__(answer[0])
        self.answer = answer


@idempotent(config=config, persistence_store=store)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    status, headers, body = create(event["headers"].items(), base64.b64decode(event["body"]))
    if status != 201:
        raise Refused((status, headers, body))
    return {"statusCode": status, "headers": headers, "body": body.decode()}


app = Flask(__name__)


@app.post(PATH)
def _() -> Response:
    event = {
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "requestContext": {"authorizer": {"principalId": request.headers["X-Partner"]}},
        "body": base64.b64encode(request.get_data()).decode(),
    }
    try:
        found = handler(event, CONTEXT)
    except Refused as refused:
        status, headers, body = refused.answer
        return Response(body, status, headers)
    except BaseError as error:
        status, headers, body = refusal("idempotency_key_in_use", type(error).__name__)
        return Response(body, status, headers)
    return Response(found["body"], found["statusCode"], found["headers"])


serve(app, host="127.0.0.1", port=PORT, threads=16)
