"""The Passkeys section."""

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.db import reading
from spk.models.accounts import webauthn
from spk.models.accounts.browser_session import browser_name
from spk.models.accounts.second_factors import OnlyFactor, SecondFactors
from spk.models.refusal import InvalidValue, LimitReached
from spk.web import changing, user
from spk.web.confirm import confirmed
from spk.web.forms import PasskeyForm
from spk.web.proof import passkey_origin, why_no_passkeys
from spk.web.security import back_to, section
from spk.web.two_factor import codes_page


@user.get("/security/passkeys/new")
@confirmed
def new_passkey() -> ResponseReturnValue:
    if words := why_no_passkeys():
        return section("passkeys", 409, passkey_message=words)
    return passkey_page(PasskeyForm(name=browser_name(request.user_agent.string)))


def passkey_page(form: PasskeyForm, status: int = 200, message: str = "") -> ResponseReturnValue:
    with reading():
        ceremony = webauthn.begin_registration(current_user, passkey_origin())
    return render_template("security/passkey.html", form=form, ceremony=ceremony, message=message), status


@user.post("/security/passkeys/new")
@confirmed
def add_passkey() -> ResponseReturnValue:
    form = PasskeyForm()
    if not form.validate():
        return passkey_page(form, 422)
    given = form.registration.data or "", form.attestation.data or ""
    try:
        passkey = webauthn.finish_registration(current_user, passkey_origin(), *given, form.name.data)
        with changing():
            codes = SecondFactors(current_user).add_passkey(passkey)
    except (InvalidValue, LimitReached) as refusal:
        return passkey_page(form, 422, str(refusal))
    return codes_page(codes) if codes else back_to("passkeys", f"“{passkey.name}” was added.")


@user.post("/security/passkeys/<int(max=2147483647):passkey_id>/remove")
@confirmed
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    try:
        with changing(urgent=True):
            factors = SecondFactors(current_user)
            passkey = factors.find_passkey(passkey_id) or abort(404, "That passkey isn’t in your account.")
            factors.remove_passkey(passkey)
    except OnlyFactor as refusal:
        return section("passkeys", 409, passkey_message=str(refusal))
    return back_to("passkeys", f"“{passkey.name}” was removed. It no longer signs you in.")
