"""An account with many working keys: python -m bench.seed COUNT FILE writes a header line for each."""

import random
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from flask_migrate import upgrade
from sqlalchemy import insert

from spk import create_app
from spk.db import db, now, writing
from spk.engines import close
from spk.models import ApiKey, User
from spk.models.accounts import password
from spk.models.accounts import token as codec

BATCH = 10_000
PEPPER = "1" * 32
# Ahead of now, so that no stamp is due: they are measured by themselves.
USED = now() + timedelta(days=1)


def tokens(count: int) -> Iterator[str]:
    dice = random.Random(1)
    for _ in range(count):
        characters = "".join(dice.choices(codec.ALPHABET, k=40))
        yield f"spk_{characters}{codec.checksum(characters)}"


def row(user_id: int, token: str) -> dict[str, object]:
    digest = codec.digest(token, PEPPER)
    return {
        "user_id": user_id,
        "name": "bench",
        "prefix": codec.prefix(token),
        "token_hash": digest,
        "last_used_at": USED,
    }


def fill(count: int, file: Path) -> None:
    upgrade()
    user = User.create("bench@example.com", password.hash("a password for the bench"), "business")
    db.session.flush()
    with file.open("w") as headers:
        rows = []
        for number, token in enumerate(tokens(count), 1):
            rows.append(row(user.id, token))
            headers.write(f"Authorization: Bearer {token}\n")
            if number % BATCH == 0 or number == count:
                db.session.execute(insert(ApiKey), rows)
                rows = []


if __name__ == "__main__":
    with create_app().app_context():
        with writing():
            fill(int(sys.argv[1]), Path(sys.argv[2]))
        close()
