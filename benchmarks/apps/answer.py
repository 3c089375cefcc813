"""The answer that the compared servers give: the fields and the size of a real one."""

ANSWER: dict[str, str | None] = {
    "id": "dinie_ci_live_0d9f6c1e5b7a4c3f8e2d1a6b9c4f7e30",
    "client_id": "dinie_ci_live_0d9f6c1e5b7a4c3f8e2d1a6b9c4f7e30",
    "name": "Production Key",
    "status": "active",
    "expires_at": "2099-03-04T00:00:00Z",
    "created_at": "2026-03-04T12:00:00Z",
    "updated_at": "2026-03-04T12:00:00Z",
    "last_used_at": None,
    "client_secret": "dinie_cs_live_0d9f6c1e5b7a4c3f8e2d1a6b9c4f7e30",
}


def answer_to(request: dict[str, str | None]) -> dict[str, str | None]:
    """Return the credential that a create with this body asks for."""
    return ANSWER | {"name": request["name"], "expires_at": request.get("expires_at")}
