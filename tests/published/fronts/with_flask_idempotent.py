"""Flask-Idempotent: the extension with its store on Redis.

Its header is X-Idempotent-Key and cannot be changed, so that the front renames the client's.
"""

from typing import Any

from flask import Flask, Response, request
from flask_idempotent import Idempotent
from origin import CONFIGURED, PATH, PORT, REDIS, create
from waitress import serve

app = Flask(__name__)
app.config["REDIS_URL"] = REDIS
if CONFIGURED:
    app.config["IDEMPOTENT_EXPIRE"] = 86400
Idempotent(app)


@app.post(PATH)
def _() -> Response:
    status, headers, body = create(request.headers.items(), request.get_data())
    return Response(body, status, headers)


def renamed(environ: dict[str, Any], start_response: Any) -> Any:
    key = environ.get("HTTP_IDEMPOTENCY_KEY")
    if key:
        environ["HTTP_X_IDEMPOTENT_KEY"] = key
    return app(environ, start_response)


serve(renamed, host="127.0.0.1", port=PORT, threads=16)
