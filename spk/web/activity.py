"""The whole activity of an account as a file; the Security page has the last of it."""

import csv
import io
from collections.abc import Iterator

from flask import Response
from flask_login import current_user

from spk.db import reading
from spk.models import Event
from spk.models.accounts.event import COLUMNS
from spk.web import user
from spk.web.query import prefix_in

FORMULA = tuple("=+-@\t\r＝＋－＠")  # what a spreadsheet may run (OWASP, CSV Injection)


@user.get("/security/activity.csv")
@reading()
def activity_csv() -> Response:
    """Every event, or with ?key=… those of a key, oldest first."""
    text = as_csv(Event.all(current_user, prefix_in("key") or None))
    return Response(
        text, mimetype="text/csv", headers={"Content-Disposition": "attachment; filename=activity.csv"}
    )


def as_csv(events: Iterator[Event]) -> str:
    """RFC 4180, with cells that no spreadsheet takes for a formula, or splits elsewhere than at a comma."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for event in events:
        writer.writerow(f"'{cell}" if cell.startswith(FORMULA) else cell for cell in event.as_row().values())
    return text.getvalue()
