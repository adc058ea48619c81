"""The Sessions section."""

from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.models import BrowserSession
from spk.web import changing, user
from spk.web.confirm import confirmed
from spk.web.security import back_to


@user.post("/security/sessions/<int(max=2147483647):session_id>/end")
@confirmed
def end_one_session(session_id: int) -> ResponseReturnValue:
    with changing(urgent=True):
        was_there = BrowserSession.end_one(current_user, session_id)
        if was_there:
            current_user.record("session:end")
    return back_to(
        "sessions", "That browser was signed out." if was_there else "That session had ended already."
    )


@user.post("/security/sessions/end-others")
@confirmed
def end_other_sessions() -> ResponseReturnValue:
    with changing(urgent=True):
        BrowserSession.end_others(current_user)
        current_user.record("session:end_others")
    return back_to("sessions", "Every other session was signed out.")
