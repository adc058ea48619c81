"""The page with all plans."""

import shlex

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.models.accounts.plan import all_plans
from spk.web import user


@user.get("/plan")
def plan() -> ResponseReturnValue:
    plans = all_plans()
    other = [plan.name for plan in plans if plan.name != current_user.plan_name]
    email = current_user.email
    words = ["spk", "user", "set-plan", *(["--"] if email.startswith("-") else []), email, *other[-1:]]
    return render_template(
        "plan.html", plans=plans, command=shlex.join(words) if current_user.is_first and other else ""
    )
