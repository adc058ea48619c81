"""The plans and the help article."""

from flask import render_template
from flask.typing import ResponseReturnValue

from spk.models.plan import all_plans
from spk.web import public, user


@public.get("/help/api-keys")
def help_api_keys() -> ResponseReturnValue:
    return render_template("help/api_keys.html")


@user.get("/plan")
def plan() -> ResponseReturnValue:
    return render_template("plan.html", plans=all_plans())
