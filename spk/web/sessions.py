"""The Sessions section."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.models import BrowserSession
from spk.web import changing, user


@user.post("/security/sessions/end-others")
def end_other_sessions() -> ResponseReturnValue:
    with changing(urgent=True):
        BrowserSession.end_others(current_user)
        current_user.record("session:end_others")
    flash("Every other session was signed out.", "sessions")
    return redirect(url_for("user.security", _anchor="sessions"))
