"""The Two-factor section: an authenticator app, and recovery codes."""

import re

import segno
from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.db import reading
from spk.models.accounts.authenticator_app import new_secret, provisioning_uri
from spk.models.accounts.passkey import PasskeyRefused
from spk.models.accounts.second_factors import SecondFactors
from spk.models.accounts.sign_in_attempt import TooManyAttempts
from spk.models.refusal import InvalidField, InvalidValue
from spk.rate_limit import client_address
from spk.web import changing, user
from spk.web.confirm import confirmed, place
from spk.web.forms import AuthenticatorAppForm, ProofForm
from spk.web.proof import passkey_ceremony, proof_in
from spk.web.security import back_to, section


@user.get("/security/two-factor/app")
@confirmed
def new_authenticator_app() -> ResponseReturnValue:
    return app_page(AuthenticatorAppForm(secret=new_secret()))


def app_page(form: AuthenticatorAppForm, status: int = 200) -> ResponseReturnValue:
    """Show the secret as text and as a QR code; it is kept once a code of it was entered."""
    secret = form.secret.data
    with reading():
        code = segno.make(provisioning_uri(secret, current_user.email), micro=False)
    modules = [list(row) for row in code.matrix_iter(border=3)]
    dark = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(modules) for x, is_dark in enumerate(row) if is_dark
    )
    spaced = " ".join(re.findall(".{1,4}", secret))
    page = render_template("security/app.html", form=form, dark=dark, size=len(modules), secret=spaced)
    return page, status


@user.post("/security/two-factor/app")
@confirmed
def add_authenticator_app() -> ResponseReturnValue:
    form = AuthenticatorAppForm()
    if not re.fullmatch("[A-Z2-7]{32}", form.secret.data or ""):
        return redirect(url_for("user.new_authenticator_app"), 303)
    try:
        with changing():
            codes = SecondFactors(current_user).add_app(form.secret.data, form.first_code.data or "")
    except InvalidField as refusal:
        form.first_code.errors = [str(refusal)]
        return app_page(form, 422)
    return codes_page(codes) if codes else back_to("two_factor", "The authenticator app is set up.")


@user.post("/security/two-factor/app/remove")
@confirmed
def remove_authenticator_app() -> ResponseReturnValue:
    try:
        with changing():
            SecondFactors(current_user).remove_app()
    except InvalidValue as refusal:
        return section("two_factor", 409, two_factor_message=str(refusal))
    return back_to("two_factor", "The authenticator app was removed. Its codes no longer work.")


@user.post("/security/two-factor/codes")
@confirmed
def renew_recovery_codes() -> ResponseReturnValue:
    try:
        with changing():
            codes = SecondFactors(current_user).renew_codes()
    except InvalidValue as refusal:
        return section("two_factor", 409, two_factor_message=str(refusal))
    return codes_page(codes)


def codes_page(codes: list[str]) -> ResponseReturnValue:
    """Show recovery codes, once."""
    return render_template("security/codes.html", codes=codes), 201


@user.get("/security/two-factor/off")
def confirm_turn_off() -> ResponseReturnValue:
    return turn_off_page(ProofForm())


def turn_off_page(form: ProofForm, status: int = 200, message: str = "") -> tuple[str, int]:
    with reading():
        factors = SecondFactors(current_user)
        shown = {"are_on": factors.are_on, "app": factors.app, "passkeys": factors.passkeys}
    ceremony = passkey_ceremony(current_user)
    return render_template(
        "security/turn_off.html", form=form, ceremony=ceremony, message=message, **shown
    ), status


@user.post("/security/two-factor/off")
def turn_off() -> ResponseReturnValue:
    """Turn two-factor off, with one of the factors, however short ago the last proof was."""
    form = ProofForm()
    try:
        proof = proof_in(form, current_user)
        with changing():
            is_right = SecondFactors(current_user).prove(proof, client_address(), place())
            if is_right:
                SecondFactors(current_user).turn_off()
    except PasskeyRefused as refusal:
        return turn_off_page(form, 422, str(refusal))
    except TooManyAttempts as refusal:
        return (*turn_off_page(form, 429, str(refusal)), refusal.headers)
    if not is_right:
        return turn_off_page(form, 422, "This code isn’t right, or was used before.")
    return back_to("two_factor", "Two-factor is off. Signing in asks for your password alone.")
