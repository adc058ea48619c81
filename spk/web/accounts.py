"""Creating an account: the first one, and those that people make themselves."""

from flask import abort, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from limits import RateLimitItemPerMinute

from spk import rate_limit, setup_token
from spk.db import reading, writing
from spk.models import User
from spk.models.accounts import password
from spk.models.accounts.plan import largest_plan
from spk.models.refusal import EmailTaken
from spk.web import account
from spk.web.forms import RegisterForm, SetupForm
from spk.web.page_sessions import begin_session, remember_session

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
        begin_session(user)
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
            begin_session(user)
    except EmailTaken as refusal:
        form.email.errors = [f"{refusal} Sign in instead."]
        return render_template("account/register.html", form=form), 422
    remember_session(user)
    return redirect(url_for("user.security"))


def abort_unless_open() -> None:
    if not current_app.config["REGISTRATION_OPEN"]:
        abort(404, "Only the administrator creates accounts here.")
