"""The Password section."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.models import SignInAttempt
from spk.models.accounts import password
from spk.models.accounts.sign_in_attempt import TooManyAttempts
from spk.models.refusal import PasswordChanged
from spk.rate_limit import client_address
from spk.web import changing, user
from spk.web.confirm import confirmed_by_factor, place
from spk.web.forms import ChangePasswordForm
from spk.web.security import section


@user.post("/security/password")
@confirmed_by_factor
def change_password() -> ResponseReturnValue:
    """Set a new password and end every other session."""
    form = ChangePasswordForm()
    verified_hash = current_user.password_hash
    try:
        with changing():  # every try is counted before the slow part, so that tries at one moment all count
            attempts = SignInAttempt.record(current_user.email, client_address(), place())
    except TooManyAttempts as refusal:
        return section("password", 429, password_message=str(refusal))
    if not form.validate():
        if not form.current_password.errors:
            with changing():
                SignInAttempt.forgive(attempts)
        return section("password", 422, password_form=form)
    password_hash = password.hash(form.new_password.data)
    try:
        with changing(urgent=True):
            current_user.change_password(verified_hash, password_hash)
            SignInAttempt.forgive(attempts)
    except PasswordChanged as refusal:
        return section("password", 409, password_message=str(refusal))
    flash("Your password was changed. Every other session was signed out.", "password")
    return redirect(url_for("user.security", _anchor="password"))
