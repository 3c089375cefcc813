"""No library at all, in Flask."""

from flask import Flask, Response, request
from origin import PATH, PORT, create
from waitress import serve

app = Flask(__name__)


@app.post(PATH)
def _() -> Response:
    status, headers, body = create(request.headers.items(), request.get_data())
    return Response(body, status, headers)


serve(app, host="127.0.0.1", port=PORT, threads=16)
