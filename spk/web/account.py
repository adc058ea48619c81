"""Making an account, signing in and out."""

import re

from flask import abort, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user
from limits import RateLimitItemPerMinute

from spk import rate_limit, setup_token
from spk.db import db
from spk.models import Session, SignInAttempt, User, password
from spk.models.email import normalize
from spk.models.plan import largest_plan
from spk.models.sign_in_attempt import TooManyAttempts
from spk.models.user import EmailTaken
from spk.web import public
from spk.web.forms import RegisterForm, SetupForm, SignInForm

SET_UP = "spk is set up already. Sign in, or ask your administrator for an account."
REGISTRATIONS = RateLimitItemPerMinute(10)  # an address


@public.get("/setup")
def setup() -> ResponseReturnValue:
    abort_if_set_up()
    return render_template("account/setup.html", form=SetupForm(), plan=largest_plan())


@public.post("/setup")
def create_first_account() -> ResponseReturnValue:
    abort_if_set_up()
    db.session.commit()  # frees the write lock while the password is hashed
    form, plan = SetupForm(), largest_plan()
    if not form.validate():
        return render_template("account/setup.html", form=form, plan=plan), 422
    if not setup_token.claim():
        abort(404, SET_UP)
    start_session(User.create(form.email.data, form.password.data, plan.name))
    db.session.commit()
    return redirect(url_for("user.security"))


def abort_if_set_up() -> None:
    if User.exists():
        abort(404, SET_UP)


@public.get("/register")
def register() -> ResponseReturnValue:
    abort_unless_open()
    return render_template("account/register.html", form=RegisterForm())


@public.post("/register")
def create_account() -> ResponseReturnValue:
    abort_unless_open()
    rate_limit.take(REGISTRATIONS, "register", rate_limit.subscriber(request.remote_addr))
    form = RegisterForm()
    if not form.validate():
        return render_template("account/register.html", form=form), 422
    try:
        start_session(User.create(form.email.data, form.password.data))
    except EmailTaken as refusal:
        form.email.errors = [f"{refusal} Sign in instead."]
        return render_template("account/register.html", form=form), 422
    db.session.commit()
    return redirect(url_for("user.security"))


def abort_unless_open() -> None:
    if not current_app.config["REGISTRATION_OPEN"]:
        abort(404, "Accounts are made by the administrator here.")


@public.get("/login")
def sign_in() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(next_page())
    return render_template("account/login.html", form=SignInForm())


@public.post("/login")
def create_session() -> ResponseReturnValue:
    form = SignInForm()
    email, given = form.email.data or "", form.password.data or ""
    try:
        address = rate_limit.subscriber(request.remote_addr)
        attempts = SignInAttempt.count(f"account {normalize(email)}", f"address {address}")
    except TooManyAttempts as refusal:
        headers = {"Retry-After": str(refusal.retry_after)}
        return render_template("account/login.html", form=form, message=str(refusal)), 429, headers
    user = User.find(email)
    password_hash = user.password_hash if user else None
    db.session.commit()  # counts the try, and frees the write lock while the password is hashed
    matches = password.verify(password_hash, given)
    if not (user and password_hash and matches and user.may_sign_in(password_hash)):
        return render_template("account/login.html", form=form, message="Email or password is wrong."), 422
    SignInAttempt.forgive(attempts)
    start_session(user)
    db.session.commit()
    return redirect(next_page())


@public.post("/logout")
def end_session() -> ResponseReturnValue:
    if current_user.is_authenticated:
        Session.end(current_user)
        db.session.commit()
    session.clear()
    return redirect(url_for("public.sign_in"))


def start_session(user: User) -> None:
    """Sign this browser in, with nothing kept of what its cookie held before."""
    session.clear()
    session.permanent = True
    Session.start(user, request.user_agent.string)
    user.record("user:sign_in")
    login_user(user)


def next_page() -> str:
    """Where `?next=` leads, if that is a path of ours, else the Security page."""
    page = request.args.get("next", "")
    is_ours = re.fullmatch(r"/(?![/\\])[^\\\x00-\x20\x7f]*", page)
    return page if is_ours else url_for("user.security")
