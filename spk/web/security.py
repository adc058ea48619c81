"""The Security page; each of its sections has a module of its own."""

from flask import Response, make_response, render_template
from flask.typing import ResponseReturnValue

from spk.db import only_read
from spk.web import is_htmx, user
from spk.web.forms import ChangePasswordForm, CreateApiKeyForm


@user.get("/security")
def security() -> ResponseReturnValue:
    return section("api_keys")


def section(name: str, status: int = 200, **context: object) -> Response:
    """Answer htmx with one section of the page, a browser without it with the whole page."""
    only_read()  # the token of a new key must not be lost to a writer that came between
    template = f"security/_{name}.html" if is_htmx() else "security/security.html"
    forms = {
        "create_form": CreateApiKeyForm(formdata=None),
        "password_form": ChangePasswordForm(formdata=None),
    }
    return make_response(render_template(template, **(forms | context)), status)
