"""The second page of signing in, for accounts with a second factor."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from spk.db import reading, writing
from spk.models import BrowserSession, User
from spk.models.accounts.origin import acting
from spk.models.accounts.passkey import Assertion, PasskeyRefused
from spk.models.accounts.second_factors import SecondFactors
from spk.models.accounts.sign_in_attempt import TooManyAttempts
from spk.rate_limit import client_address
from spk.web import account, page_origin
from spk.web.forms import ProofForm
from spk.web.known_browser import place_of
from spk.web.page_sessions import awaiting_secret, begin_session, next_page, remember_session
from spk.web.proof import passkey_ceremony, proof_in


@account.get("/login/second-factor")
def second_factor() -> ResponseReturnValue:
    user = awaiting_user()
    return second_factor_page(user, ProofForm()) if user else start_again()


def awaiting_user() -> User | None:
    """Who has given the password in this browser, a short time ago."""
    with reading():
        return BrowserSession.find_awaiting(awaiting_secret())


def second_factor_page(user: User, form: ProofForm, status: int = 200, message: str = "") -> tuple[str, int]:
    ceremony = passkey_ceremony(user)
    with reading():
        app = SecondFactors(user).app
    page = render_template(
        "account/second_factor.html", form=form, ceremony=ceremony, app=app, message=message
    )
    return page, status


@account.post("/login/second-factor")
def enter_second_factor() -> ResponseReturnValue:
    user, form = awaiting_user(), ProofForm()
    if user is None:
        return start_again()
    try:
        is_right = finish_sign_in(user, proof_in(form, user))
    except PasskeyRefused as refusal:
        return second_factor_page(user, form, 422, str(refusal))
    except TooManyAttempts as refusal:
        return (*second_factor_page(user, form, 429, str(refusal)), refusal.headers)
    if is_right:
        remember_session(user)
        return redirect(next_page())
    return second_factor_page(user, form, 422, "This code isn’t right, or was used before.")


def finish_sign_in(user: User, proof: str | Assertion) -> bool:
    """Sign in with a second factor, which is used up, or count the try; raises TooManyAttempts."""
    verified_hash = user.password_hash
    with acting(page_origin()), writing():
        if not user.still_has(verified_hash) or BrowserSession.find_awaiting(awaiting_secret()) is None:
            return False
        address = client_address()
        is_right = SecondFactors(user).prove(proof, address, place_of(user, address))
        if is_right:
            BrowserSession.end(awaiting_secret())
            begin_session(user)
        else:
            user.record("user:sign_in:no_code")
        return is_right


def start_again() -> ResponseReturnValue:
    return redirect(url_for("account.sign_in", next=request.args.get("next")))
