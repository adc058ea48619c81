"""A user’s own status pages: creating, configuring and deleting them."""

from flask import Response, abort, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.db import reading
from spk.models import StatusPage
from spk.models.first_steps import FirstSteps
from spk.models.refusal import InvalidField, LimitReached
from spk.models.status_pages.owned_pages import OwnedPages
from spk.models.status_pages.page_states import load_states
from spk.models.status_pages.time_zone import all_time_zones
from spk.web import changing, is_htmx, user
from spk.web.page_forms import PageForm, PageSettingsForm
from spk.web.status_page_forms import ComponentForm


@user.get("/pages")
def status_pages() -> ResponseReturnValue:
    return list_pages(PageForm())


@user.post("/pages")
def create_status_page() -> ResponseReturnValue:
    form = PageForm()
    if not form.validate():
        return list_pages(form, 422)
    try:
        with changing():
            page = OwnedPages(current_user).create(name=form.name.data)
    except LimitReached as refusal:
        return list_pages(form, 409, message=str(refusal))
    return to_page(page, f"“{page.name}” was created. Now add its components.")


@user.get("/pages/<page>")
def status_page(page: str) -> ResponseReturnValue:
    return show_page(page)


@user.get("/pages/<page>/settings")
@reading()
def page_settings(page: str) -> ResponseReturnValue:
    found = find_page(page)
    return show_settings(found, PageSettingsForm.of(found))


@user.post("/pages/<page>/settings")
def change_page(page: str) -> ResponseReturnValue:
    form = PageSettingsForm()
    if not form.validate():
        return show_settings(read_page(page), form, 422)
    try:
        with changing():
            found = lock_page(page)
            found.change(**form.changes)
            if form.logo or form.remove_logo.data:
                found.set_logo(form.logo)
    except InvalidField as refusal:
        form[refusal.field].errors = [str(refusal)]
        return show_settings(read_page(page), form, 422)
    return to_page(found, "The settings are saved.")


@user.get("/pages/<page>/delete")
@reading()
def confirm_delete_page(page: str) -> ResponseReturnValue:
    found = find_page(page)
    effect = (
        "Its components, incidents and history will be deleted with it, and its address will stop working."
    )
    return render_template("status_pages/delete.html", page=found, name=found.name, effect=effect)


@user.post("/pages/<page>/delete")
def delete_page(page: str) -> ResponseReturnValue:
    with changing():
        found = lock_page(page)
        name = found.name
        found.delete()
    flash(f"“{name}” was deleted.", "pages")
    return redirect(url_for("user.status_pages"), 303)


def find_page(key: str) -> StatusPage:
    """The user’s own page; that of somebody else is a 404, like one that doesn’t exist."""
    current_user.require("status_pages")
    return OwnedPages(current_user).find(key) or abort(404, "That page isn’t in your account.")


def lock_page(key: str) -> StatusPage:
    """The user’s own page, locked until the transaction ends."""
    current_user.require("status_pages")
    return OwnedPages(current_user).lock(key) or abort(404, "That page isn’t in your account.")


def read_page(key: str) -> StatusPage:
    """The user’s own page, read in its own unit of work."""
    with reading():
        return find_page(key)


def list_pages(form: PageForm, status: int = 200, message: str = "") -> ResponseReturnValue:
    with reading():
        pages = OwnedPages(current_user).all()
        load_states(pages)
        shown = {"pages": pages, "first_steps": FirstSteps.left(current_user)}
    return render_template("status_pages/pages.html", form=form, message=message, **shown), status


def show_page(key: str, status: int = 200, **context: object) -> Response:
    """Answer htmx with the components, a browser without it with the whole page, as its owner sees it."""
    with reading():
        page = find_page(key)
        load_states([page])
        shown = {
            "page": page,
            "blocks": page.blocks(),
            "empty_groups": [group for group in page.groups if not group.components],
            "first_steps": FirstSteps.left(current_user),
            "open_incidents": page.incidents.listed("open_realtime"),
            "planned": page.incidents.listed("scheduled"),
            "component_form": ComponentForm(formdata=None),
        }
    template = "status_pages/_components.html" if is_htmx() else "status_pages/page.html"
    return make_response(render_template(template, **(shown | context)), status)


def show_settings(page: StatusPage, form: PageSettingsForm, status: int = 200) -> ResponseReturnValue:
    context = {"page": page, "form": form, "zones": all_time_zones()}
    return render_template("status_pages/settings.html", **context), status


def to_page(page: StatusPage, message: str) -> ResponseReturnValue:
    """Redirect to the page, which shows the message."""
    flash(message, "pages")
    return redirect(url_for("user.status_page", page=page.slug), 303)
