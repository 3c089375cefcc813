"""No library at all."""

from asgi import application, serve

serve(application())
