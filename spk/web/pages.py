"""The front page, the plans and the help article."""

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from spk.models import User
from spk.models.plan import all_plans
from spk.web import public, user


@public.get("/")
def home() -> ResponseReturnValue:
    if not User.exists():
        return redirect(url_for("public.setup"))
    return render_template("home.html")


@public.get("/help/api-keys")
def help_api_keys() -> ResponseReturnValue:
    return render_template("help/api_keys.html")


@user.get("/plan")
def plan() -> ResponseReturnValue:
    return render_template("plan.html", plans=all_plans())
