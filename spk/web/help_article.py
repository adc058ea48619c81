"""The help article."""

from flask import render_template
from flask.typing import ResponseReturnValue

from spk.web import account


@account.get("/help/api-keys")
def help_api_keys() -> ResponseReturnValue:
    return render_template("help/api_keys.html")
