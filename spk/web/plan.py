"""The page with all plans."""

from flask import render_template
from flask.typing import ResponseReturnValue

from spk.models.accounts.plan import all_plans
from spk.web import user


@user.get("/plan")
def plan() -> ResponseReturnValue:
    return render_template("plan.html", plans=all_plans())
