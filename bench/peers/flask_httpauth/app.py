"""Flask-HTTPAuth with keys in Flask-SQLAlchemy, the way tutorials write it."""

import hashlib
import os
from pathlib import Path

from flask import Flask
from flask_httpauth import HTTPTokenAuth
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Mapped, mapped_column, relationship

application = Flask(__name__)
application.config["SQLALCHEMY_DATABASE_URI"] = (
    f"sqlite:///{Path(os.environ['PEER_DATA']).resolve()}/peer.sqlite3"
)
db = SQLAlchemy(application)
auth = HTTPTokenAuth(scheme="Bearer")


class User(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True)


class ApiKey(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    is_revoked: Mapped[bool] = mapped_column(default=False)
    user_id: Mapped[int] = mapped_column(db.ForeignKey(User.id))
    user: Mapped[User] = relationship()


@event.listens_for(Engine, "connect")
def use_wal(connection: DBAPIConnection, record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@auth.verify_token
def verify_token(token: str) -> User | None:
    key = db.session.execute(db.select(ApiKey).filter_by(token_hash=hash_token(token))).scalar_one_or_none()
    return key.user if key and not key.is_revoked and key.user.is_active else None


@application.get("/bare")
def bare() -> dict[str, bool]:
    return {"ok": True}


@application.get("/key")
@auth.login_required
def key() -> dict[str, bool]:
    return {"ok": True}
