"""The section Your data: all of it as a file, and its end."""

from flask import flash, redirect, render_template, send_file, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.db import now, reading
from spk.models.account_data import count_data, delete_account, write_data
from spk.models.accounts.email_address import normalize
from spk.web import changing, user
from spk.web.confirm import confirmed
from spk.web.forms import DeleteAccountForm


@user.get("/security/export")
@confirmed
def describe_export() -> ResponseReturnValue:
    return render_template("security/export.html")


@user.post("/security/export")
@confirmed
def export_data() -> ResponseReturnValue:
    with changing():
        current_user.record("user:export")
    with reading():
        file = write_data(current_user)
    return send_file(file, "application/json", as_attachment=True, download_name=f"spk-{now():%Y-%m-%d}.json")


@user.get("/security/delete")
@confirmed
def confirm_delete() -> ResponseReturnValue:
    return delete_page(DeleteAccountForm(formdata=None))


def delete_page(form: DeleteAccountForm, status: int = 200) -> ResponseReturnValue:
    with reading():
        counts = count_data(current_user)
    return render_template("security/delete_account.html", form=form, counts=counts), status


@user.post("/security/delete")
@confirmed
def delete_own_account() -> ResponseReturnValue:
    """End the account and its keys at once, then delete what belongs to it."""
    form = DeleteAccountForm()
    if normalize(form.email.data or "") != current_user.email:
        form.email.errors = [f"To delete this account, type {current_user.email}."]
        return delete_page(form, 422)
    user_id = current_user.id
    with changing(urgent=True):
        current_user.disable()
    session.clear()
    for _rows in delete_account(user_id):
        pass
    flash("Your account was deleted, with all that belonged to it.", "sign_in")
    return redirect(url_for("account.sign_in"), 303)
