"""Asking again who it is, before something that would outlive a stolen session is changed."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user

from spk.db import reading
from spk.models import BrowserSession, SignInAttempt
from spk.models.accounts import password
from spk.models.accounts.passkey import PasskeyRefused
from spk.models.accounts.second_factors import SecondFactors
from spk.models.accounts.sign_in_attempt import TooManyAttempts
from spk.paths import SAFE_METHODS
from spk.rate_limit import client_address
from spk.web import changing, is_htmx, user
from spk.web.forms import ConfirmForm
from spk.web.page_sessions import own_path
from spk.web.proof import passkey_ceremony, proof_in

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]
OWN_FIELDS = ("csrf_token", "password", "code", "challenge", "assertion", "then", "keeps_form")


def confirmed(view: View[P]) -> View[P]:
    """Ask who it is, unless this browser’s person has proved it a short time ago."""
    return _confirmed_if(lambda: True, view)


def confirmed_for_keys(view: View[P]) -> View[P]:
    """The same where the account has a second factor, or the operator wants it for keys."""
    return _confirmed_if(lambda: current_app.config["CONFIRM_KEYS"] or has_second_factor(), view)


def confirmed_by_factor(view: View[P]) -> View[P]:
    """The same where the account has a second factor; else the form itself asks for the password."""
    return _confirmed_if(has_second_factor, view)


def _confirmed_if(is_needed: Callable[[], bool], view: View[P]) -> View[P]:
    @wraps(view)
    def ask_first(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if current_user.confirmed_within(current_app.config["CONFIRM_AFTER"]) or not is_needed():
            return view(*args, **kwargs)
        keeps_form = request.method not in SAFE_METHODS
        return confirm_page(ConfirmForm(formdata=None), request.path, keeps_form)

    return ask_first


def has_second_factor() -> bool:
    with reading():
        return bool(SecondFactors(current_user).are_on)


def confirm_page(
    form: ConfirmForm, then: str, keeps_form: bool, status: int = 403, message: str = ""
) -> tuple[str, int, dict[str, str]]:
    """Ask for a second factor, or for the password where there is none, and keep the form that was sent."""
    kept = [(name, each) for name, values in request.form.lists() for each in values] if keeps_form else []
    page = render_template(
        "account/confirm.html",
        form=form,
        then=then,
        keeps_form=keeps_form,
        kept=[(name, value) for name, value in kept if name not in OWN_FIELDS],
        has_factor=has_second_factor(),
        ceremony=passkey_ceremony(current_user),
        message=message,
    )
    headers = {"HX-Retarget": "#main", "HX-Reswap": "innerHTML show:top"} if is_htmx() else {}
    return page, status, headers


@user.get("/confirm")
def confirm() -> ResponseReturnValue:
    return confirm_page(ConfirmForm(), own_path(request.args.get("next", "")), keeps_form=False, status=200)


@user.post("/confirm")
def give_proof() -> ResponseReturnValue:
    """Go on with what was interrupted: 307 has the browser send its form again."""
    form = ConfirmForm()
    then, keeps_form = own_path(request.form.get("then", "")), "keeps_form" in request.form
    try:
        is_right = is_proved(form)
    except PasskeyRefused as refusal:
        return confirm_page(form, then, keeps_form, 422, str(refusal))
    except TooManyAttempts as refusal:
        page, status, headers = confirm_page(form, then, keeps_form, 429, str(refusal))
        return page, status, headers | refusal.headers
    if not is_right:
        return confirm_page(form, then, keeps_form, 422, "That isn’t right. Try again.")
    login_user(current_user)  # the cookie is to hold the new secret of the session
    return redirect(then or url_for("user.security"), 307 if then and keeps_form else 303)


def is_proved(form: ConfirmForm) -> bool:
    """Note that this browser’s person has proved who they are, if they have; raises TooManyAttempts."""
    return is_proved_by_factor(form) if has_second_factor() else is_proved_by_password(form)


def is_proved_by_factor(form: ConfirmForm) -> bool:
    proof = proof_in(form, current_user)
    with changing():
        is_right = SecondFactors(current_user).prove(proof, client_address(), place())
        if is_right:
            BrowserSession.confirm(current_user)
        return bool(is_right)


def is_proved_by_password(form: ConfirmForm) -> bool:
    verified_hash = current_user.password_hash
    with changing():  # every try is counted before the slow part, so that tries at one moment all count
        attempts = SignInAttempt.record(current_user.email, client_address(), place())
    if not password.verify(verified_hash, form.password.data or ""):
        return False
    with changing():
        if current_user.password_hash != verified_hash or SecondFactors(current_user).are_on:
            return False
        SignInAttempt.forgive(attempts)
        BrowserSession.confirm(current_user)
        return True


def place() -> str:
    """Where no stranger’s tries count."""
    return f"session {current_user.session_secret}"
