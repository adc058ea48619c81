"""Signing in by password or by passkey, and signing out."""

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from limits import RateLimitItemPerMinute

from spk import rate_limit
from spk.db import reading, writing
from spk.models import BrowserSession, SignInAttempt, User
from spk.models.accounts import password, webauthn
from spk.models.accounts.email_address import normalize
from spk.models.accounts.passkey import PasskeyRefused
from spk.models.accounts.second_factors import SecondFactors
from spk.models.accounts.sign_in_attempt import TooManyAttempts
from spk.rate_limit import client_address
from spk.web import account
from spk.web.forms import ProofForm, SignInForm
from spk.web.known_browser import place_of
from spk.web.page_sessions import AWAITING, begin_session, next_page, remember_session
from spk.web.proof import passkey_origin, why_no_passkeys

PASSKEY_LIMIT = RateLimitItemPerMinute(60)  # for each address


@account.get("/login")
def sign_in() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(next_page())
    return sign_in_page(SignInForm())


def sign_in_page(form: SignInForm, status: int = 200, message: str = "") -> tuple[str, int]:
    ceremony = None if why_no_passkeys() else webauthn.begin_sign_in(passkey_origin())
    return render_template("account/login.html", form=form, ceremony=ceremony, message=message), status


@account.post("/login")
def create_session() -> ResponseReturnValue:
    form = SignInForm()
    email, given, address = form.email.data or "", form.password.data or "", client_address()
    with reading():
        user = User.find(email)
        password_hash = user.password_hash if user else None
        place = place_of(user, address) if user else ""
    try:
        with writing():  # every try is counted before the slow part, so that tries at one moment all count
            attempts = SignInAttempt.record(normalize(email), address, place)
    except TooManyAttempts as refusal:
        return (*sign_in_page(form, 429, str(refusal)), refusal.headers)
    matches = password.verify(password_hash, given)
    if user and password_hash and matches:
        renewed = password.hash(given) if password.is_outdated(password_hash) else None
        if page := start_session(user, password_hash, attempts, renewed):
            return redirect(page)
    return sign_in_page(form, 422, "Email or password is wrong.")


def start_session(
    user: User, verified_hash: str, attempts: list[int], renewed_hash: str | None
) -> str | None:
    """Sign in or ask for the second factor; returns where to go on.

    Nothing happens if the password was changed or the account disabled meanwhile.
    """
    with writing():
        if not user.still_has(verified_hash):
            return None
        SignInAttempt.forgive(attempts)
        user.password_hash = renewed_hash or verified_hash
        needs_more = SecondFactors(user).are_on
        if needs_more:
            session[AWAITING] = BrowserSession.await_factor(user, request.user_agent.string)
        else:
            begin_session(user)
    if needs_more:
        return url_for("account.second_factor", next=request.args.get("next"))
    remember_session(user)
    return next_page()


@account.post("/login/passkey")
def sign_in_with_passkey() -> ResponseReturnValue:
    """Sign in without a password: the passkey has made sure that its owner is there."""
    rate_limit.hit(PASSKEY_LIMIT, "passkey", client_address())
    form = ProofForm()
    try:
        with reading():
            given = form.challenge.data or "", form.assertion.data or ""
            assertion = webauthn.finish(passkey_origin(), *given)
            user = User.get(assertion.user_id)
            password_hash = user.password_hash if user else ""
        with writing():
            if not user or not user.still_has(password_hash) or not SecondFactors(user).accept(assertion):
                raise PasskeyRefused
            begin_session(user)
    except PasskeyRefused as refusal:
        return sign_in_page(SignInForm(formdata=None), 422, str(refusal))
    remember_session(user)
    return redirect(next_page())


@account.post("/logout")
def end_session() -> ResponseReturnValue:
    if current_user.is_authenticated:
        with writing(urgent=True):
            BrowserSession.end_one(current_user, current_user.session_id)  # whatever its secret is by now
    session.clear()
    return redirect(url_for("account.sign_in"))
