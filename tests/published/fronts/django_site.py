"""A Django site of one view, which has the credential made at the origin."""

from collections.abc import Callable
from typing import Any

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from origin import PATH, PORT, create
from waitress import serve as serve_wsgi

View = Callable[[HttpRequest], HttpResponse]


def make(request: HttpRequest) -> HttpResponse:
    status, headers, body = create(request.headers.items(), request.body)
    return HttpResponse(body, status=status, headers=headers)


def configure(**options: Any) -> None:
    """Set Django up with the options of a library."""
    common = {"ALLOWED_HOSTS": ["*"], "ROOT_URLCONF": __name__, "SECRET_KEY": "of no use"}
    settings.configure(**common, DEFAULT_AUTO_FIELD="django.db.models.AutoField", **options)
    django.setup()


def serve(view: View) -> None:
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415 - needs the settings

    globals()["urlpatterns"] = [path(PATH.removeprefix("/"), view)]
    serve_wsgi(get_wsgi_application(), host="127.0.0.1", port=PORT, threads=16)
