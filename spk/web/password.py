"""The Password section."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.db import writing
from spk.models import BrowserSession, SignInAttempt
from spk.models.accounts import password
from spk.models.accounts.sign_in_attempt import TooManyAttempts
from spk.web import user
from spk.web.forms import ChangePasswordForm
from spk.web.security import section


@user.post("/security/password")
def change_password() -> ResponseReturnValue:
    """Set a new password and end every other session."""
    form = ChangePasswordForm()
    try:
        with writing():  # committed before the slow part, so that simultaneous attempts are all counted
            attempts = SignInAttempt.record(f"account {current_user.email}")
    except TooManyAttempts as refusal:
        return section("password", 429, password_message=str(refusal))
    if not form.validate():
        return section("password", 422, password_form=form)
    password_hash = password.hash(form.new_password.data)
    with writing():
        current_user.set_password(password_hash)
        SignInAttempt.discard(attempts)
        BrowserSession.end_others(current_user)
    flash("Your password was changed. Every other session was signed out.", "password")
    return redirect(url_for("user.security", _anchor="password"))
