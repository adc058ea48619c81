"""The first steps, which the pages of a new account begin with."""

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.db import reading
from spk.models.first_steps import FirstSteps
from spk.web import user


@user.get("/first-steps")
@reading()
def first_steps() -> ResponseReturnValue:
    """Tell a page that is open how far its person has come."""
    steps = FirstSteps.of(current_user)
    return render_template("_first_steps.html", first_steps=steps) if steps else ("", 204)
