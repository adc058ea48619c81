"""All that belongs to an account: counted, written to a file, and deleted."""

import json
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO

from sqlalchemy import ColumnElement, Table, func, or_, select

from spk.db import Base, db, writing
from spk.models.accounts.api_key import ApiKey
from spk.models.accounts.event import Event
from spk.models.accounts.user import User
from spk.models.status_pages.former_slug import FormerSlug
from spk.models.status_pages.status_page import StatusPage
from spk.models.sweep import delete_in_steps

READ_AT_ONCE = 500  # rows
# Columns with what opens something, or a hash of it.
WITHHELD = {
    *("password_hash", "token_hash", "secret_hash", "sealed_secret", "code_hash"),
    *("credential_id", "public_data", "reset_hash", "nonce"),
}


def count_data(user: User) -> dict[str, int]:
    """How many pages, keys and events there are, by these words."""
    owners = {"status page": StatusPage.user_id, "API key": ApiKey.user_id, "event": Event.user_id}
    counts = {noun: select(func.count()).where(owner == user.id) for noun, owner in owners.items()}
    return {noun: db.session.scalar(count) or 0 for noun, count in counts.items()}


def write_data(user: User) -> IO[bytes]:
    """A JSON object with every row that belongs to the account, by table, but for what is secret."""
    file = TemporaryFile()  # noqa: SIM115  # whoever sends it closes it
    opening = "{"
    for table, is_owned in _owned(user.id):
        columns = [column for column in table.columns if column.name not in WITHHELD]
        rows = db.session.execute(select(*columns).where(is_owned).execution_options(yield_per=READ_AT_ONCE))
        file.write(f'{opening}\n"{table.name}": ['.encode())
        opening = "],"
        for number, row in enumerate(rows.mappings()):
            line = json.dumps(dict(row), ensure_ascii=False, default=str)
            file.write(f"{',' * bool(number)}\n  {line}".encode())
    file.write(b"]\n}\n")
    file.seek(0)
    return file


def delete_account(user_id: int) -> Iterator[int]:
    """Delete an account that is disabled, in many transactions; yields the rows deleted in each.

    The slugs of its pages are kept from others, as those of any page that is deleted.
    """
    with writing():
        for page in db.session.execute(
            select(StatusPage.id, StatusPage.slug).filter_by(user_id=user_id)
        ).all():
            FormerSlug.keep_all(page.slug, user_id, page.id)
    for table, is_owned in reversed(list(_owned(user_id))):
        if len(table.primary_key) == 1:  # a row whose key is made of others' keys goes with them
            yield from delete_in_steps(table, is_owned)


def _owned(user_id: int) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """The tables with rows that belong to accounts, parents first, and which of them are this account’s."""
    found: dict[Table, ColumnElement[bool]] = {User.__table__: User.id == user_id}  # type: ignore[dict-item]  # a Table, in spite of its type
    for table in Base.metadata.sorted_tables:
        parents = [
            key.parent.in_(select(key.column).where(found[key.column.table]))
            for key in table.foreign_keys
            if key.column.table in found and key.ondelete == "CASCADE"
        ]
        if parents and table not in found:
            found[table] = or_(*parents)
        if table in found:
            yield table, found[table]
