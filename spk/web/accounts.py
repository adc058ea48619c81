"""Creating an account, signing in and signing out."""

import re
import secrets

from flask import abort, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user
from limits import RateLimitItemPerMinute

from spk import rate_limit, setup_token
from spk.db import reading, writing
from spk.models import BrowserSession, SignInAttempt, User
from spk.models.accounts import password
from spk.models.accounts.email_address import normalize
from spk.models.accounts.plan import largest_plan
from spk.models.accounts.sign_in_attempt import TooManyAttempts
from spk.models.accounts.user import EmailTaken
from spk.web import account
from spk.web.forms import RegisterForm, SetupForm, SignInForm
from spk.web.known_browser import know_browser, place_of

ALREADY_SET_UP = "spk is set up already. Sign in, or ask your administrator for an account."
REGISTRATION_LIMIT = RateLimitItemPerMinute(10)  # for each address


@account.get("/setup")
def setup() -> ResponseReturnValue:
    abort_if_set_up()
    return render_template("account/setup.html", form=SetupForm(), plan=largest_plan())


@account.post("/setup")
def create_first_account() -> ResponseReturnValue:
    abort_if_set_up()
    form, plan = SetupForm(), largest_plan()
    if not form.validate():
        return render_template("account/setup.html", form=form, plan=plan), 422
    password_hash = password.hash(form.password.data)
    with writing():
        if User.exists() or not setup_token.consume():
            abort(404, ALREADY_SET_UP)
        user = User.create(form.email.data, password_hash, plan.name)
        user.sign_in(request.user_agent.string, rate_limit.client_address())
    remember_session(user)
    return redirect(url_for("user.security"))


def abort_if_set_up() -> None:
    with reading():
        if User.exists():
            abort(404, ALREADY_SET_UP)


@account.get("/register")
def register() -> ResponseReturnValue:
    abort_unless_open()
    return render_template("account/register.html", form=RegisterForm())


@account.post("/register")
def create_account() -> ResponseReturnValue:
    abort_unless_open()
    rate_limit.hit(REGISTRATION_LIMIT, "register", rate_limit.client_address())
    form = RegisterForm()
    if not form.validate():
        return render_template("account/register.html", form=form), 422
    password_hash = password.hash(form.password.data)
    try:
        with writing():
            user = User.create(form.email.data, password_hash)
            user.sign_in(request.user_agent.string, rate_limit.client_address())
    except EmailTaken as refusal:
        form.email.errors = [f"{refusal} Sign in instead."]
        return render_template("account/register.html", form=form), 422
    remember_session(user)
    return redirect(url_for("user.security"))


def abort_unless_open() -> None:
    if not current_app.config["REGISTRATION_OPEN"]:
        abort(404, "Only the administrator creates accounts here.")


@account.get("/login")
def sign_in() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(next_page())
    return render_template("account/login.html", form=SignInForm())


@account.post("/login")
def create_session() -> ResponseReturnValue:
    form = SignInForm()
    email, given = form.email.data or "", form.password.data or ""
    address = rate_limit.client_address()
    with reading():
        user = User.find(email)
        password_hash = user.password_hash if user else None
        place = place_of(user, address) if user else ""
    try:
        with writing():  # every try is counted before the slow part, so that tries at one moment all count
            attempts = SignInAttempt.record(normalize(email), address, place)
    except TooManyAttempts as refusal:
        headers = {"Retry-After": str(refusal.retry_after)}
        return render_template("account/login.html", form=form, message=str(refusal)), 429, headers
    matches = password.verify(password_hash, given)
    if user and password_hash and matches and start_session(user, password_hash, attempts):
        remember_session(user)
        return redirect(next_page())
    return render_template("account/login.html", form=form, message="Email or password is wrong."), 422


def start_session(user: User, verified_hash: str, attempts: list[int]) -> bool:
    """Sign in, unless the password was changed or the account disabled during the verification."""
    with writing():
        if not user.still_has(verified_hash):
            return False
        SignInAttempt.forgive(attempts)
        user.sign_in(request.user_agent.string, rate_limit.client_address())
        return True


@account.post("/logout")
def end_session() -> ResponseReturnValue:
    if current_user.is_authenticated:
        with writing(urgent=True):
            current_user.lock()
            BrowserSession.end(current_user)
    session.clear()
    return redirect(url_for("account.sign_in"))


def remember_session(user: User) -> None:
    """Replace the content of this browser’s cookie with the session that was started."""
    session.clear()
    session.permanent = True
    login_user(user)
    know_browser(user, secrets.token_urlsafe(8))


def next_page() -> str:
    """The URL in `?next=` if it is a path on this server, else that of the Security page."""
    page = request.args.get("next", "")
    is_path = re.fullmatch(r"/(?![/\\])[^\\\x00-\x20\x7f]*", page)
    return page if is_path else url_for("user.security")
