"""A person's own status pages: making them, and what they are called."""

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.db import SAFE_METHODS, db, only_read
from spk.models import StatusPage
from spk.models.refusal import InvalidField, LimitReached
from spk.models.time_zone import all_time_zones
from spk.web import is_htmx, user
from spk.web.page_forms import ComponentForm, PageForm, PageSettingsForm


@user.get("/pages")
def status_pages() -> ResponseReturnValue:
    return render_template("status_pages/pages.html", form=PageForm())


@user.post("/pages")
def create_status_page() -> ResponseReturnValue:
    form = PageForm()
    if not form.validate():
        return render_template("status_pages/pages.html", form=form), 422
    try:
        page = current_user.status_pages.create(name=form.name.data)
    except LimitReached as refusal:
        return render_template("status_pages/pages.html", form=form, message=str(refusal)), 409
    return done(page, f"“{page.name}” is there. Add what it reports on: its components.")


@user.get("/pages/<page>")
def status_page(page: str) -> ResponseReturnValue:
    return show(find_page(page))


@user.get("/pages/<page>/settings")
def page_settings(page: str) -> ResponseReturnValue:
    found = find_page(page)
    return show_settings(found, PageSettingsForm(obj=found))


@user.post("/pages/<page>/settings")
def change_page(page: str) -> ResponseReturnValue:
    found, form = find_page(page), PageSettingsForm()
    if not form.validate():
        return show_settings(found, form, 422)
    try:
        found.change(
            name=form.name.data,
            slug=form.slug.data,
            description=form.description.data or None,
            time_zone=form.time_zone.data,
        )
    except InvalidField as refusal:
        form[refusal.field].errors = [str(refusal)]
        return show_settings(found, form, 422)
    return done(found, "The settings are saved.")


@user.get("/pages/<page>/delete")
def confirm_delete_page(page: str) -> ResponseReturnValue:
    found = find_page(page)
    words = "Its components, incidents and history go with it, and its address will lead nowhere."
    return render_template("status_pages/delete.html", page=found, name=found.name, words=words)


@user.post("/pages/<page>/delete")
def delete_page(page: str) -> ResponseReturnValue:
    found = find_page(page)
    found.delete()
    db.session.commit()
    flash(f"“{found.name}” was deleted.", "pages")
    return redirect(url_for("user.status_pages"), 303)


def find_page(key: str) -> StatusPage:
    """The person's own page; somebody else's is as unknown as none."""
    current_user.require("status_pages")
    page: StatusPage = current_user.status_pages.find(key) or abort(404, "That page isn’t in your account.")
    if request.method not in SAFE_METHODS:
        page.lock()
    return page


def show(page: StatusPage, status: int = 200, **context: object) -> Response:
    """Answer htmx with the components, a browser without it with the whole page as its owner sees it."""
    only_read()  # what was changed is committed: no other writer may keep the page from being shown
    template = "status_pages/_components.html" if is_htmx() else "status_pages/page.html"
    forms = {"component_form": ComponentForm(formdata=None)}
    return make_response(render_template(template, page=page, **(forms | context)), status)


def show_settings(page: StatusPage, form: PageSettingsForm, status: int = 200) -> ResponseReturnValue:
    context = {"page": page, "form": form, "zones": all_time_zones()}
    return render_template("status_pages/settings.html", **context), status


def done(page: StatusPage, message: str) -> ResponseReturnValue:
    """Commit, and lead back to the page."""
    db.session.commit()
    flash(message, "pages")
    return redirect(url_for("user.status_page", page=page.slug), 303)
