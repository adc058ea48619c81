"""The box that says what happened since the last visit."""

from datetime import UTC, datetime

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.db import now
from spk.web import changing, user


@user.post("/security/news")
def dismiss_news() -> ResponseReturnValue:
    """Show nothing again of what the box had; what came after it was shown is kept for the next time."""
    until = read_time(request.form.get("until", ""))
    with changing():
        current_user.review(until)
    return redirect(url_for("user.security"), 303)


def read_time(text: str) -> datetime:
    """The time that the form carries, which is never one to come."""
    try:
        return min(datetime.fromisoformat(text[:40]).astimezone(UTC), now())
    except (ValueError, OverflowError):
        return now()
