"""Makes the database, COUNT keys in it and a file with the header line of each: seed.py COUNT."""

import os
import secrets
import sys
from pathlib import Path

from app import ApiKey, User, application, db, hash_token

tokens = [secrets.token_urlsafe(32) for _ in range(int(sys.argv[1]))]
with application.app_context():
    db.create_all()
    user = User(name="user")
    db.session.add_all(ApiKey(token_hash=hash_token(token), user=user) for token in tokens)
    db.session.commit()
lines = [f"Authorization: Bearer {token}\n" for token in tokens]
(Path(os.environ["PEER_DATA"]) / "headers.txt").write_text("".join(lines))
