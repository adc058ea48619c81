"""The Password section."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.db import db
from spk.models import Session, SignInAttempt
from spk.models.sign_in_attempt import TooManyAttempts
from spk.web import user
from spk.web.forms import ChangePasswordForm
from spk.web.security import section


@user.post("/security/password")
def change_password() -> ResponseReturnValue:
    """Set a new password and end every other session."""
    form = ChangePasswordForm()
    try:
        attempts = SignInAttempt.count(f"account {current_user.email}")
    except TooManyAttempts as refusal:
        return section("password", 429, password_message=str(refusal))
    db.session.commit()  # counts the try, and frees the write lock while passwords are hashed
    if not form.validate():
        return section("password", 422, password_form=form)
    current_user.set_password(form.new_password.data)
    SignInAttempt.forgive(attempts)
    Session.end_others(current_user)
    db.session.commit()
    flash("Your password was changed. Every other session was signed out.", "password")
    return redirect(url_for("user.security", _anchor="password"))
