"""The tables: credentials, and the answers kept under idempotency keys."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Connection, Engine, LargeBinary, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    """The base of the tables."""


class Credential(Base):
    __tablename__ = "credential"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    client_id: Mapped[str] = mapped_column(unique=True)
    partner: Mapped[str] = mapped_column(index=True)
    # A partner's own pair is not one of the credentials it lists and revokes.
    own: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str]
    status: Mapped[str] = mapped_column(default="active")
    secret_hash: Mapped[str]
    secret: Mapped[str] = mapped_column(default="")
    expires_text: Mapped[str | None]
    expires_seconds: Mapped[int | None] = mapped_column(BigInteger)
    created: Mapped[float]
    updated: Mapped[float]
    last_used: Mapped[float | None]


class Kept(Base):
    """The answer to the first request with a key."""

    __tablename__ = "kept"

    scope: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[int]
    headers: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    stored: Mapped[float]


class Database:
    """One SQLite file, deleted at the end. Writers wait for each other; readers do not wait."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="flask-server-")
        path = Path(self._directory.name) / "store.sqlite"
        self._engine = create_engine(
            f"sqlite:///{path}", connect_args={"timeout": 30}, pool_size=20, max_overflow=40
        )
        _prepare(self._engine)
        Base.metadata.create_all(self._engine)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with Session(self._engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        writer = self._engine.execution_options(writes=True)
        with Session(writer, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        self._engine.dispose()
        self._directory.cleanup()


def _prepare(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _(connection: Any, record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=OFF")

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
