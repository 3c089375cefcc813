"""What a request costs on the mock, next to a bare ASGI app, Starlette and Connexion."""
