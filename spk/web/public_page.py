"""The status page that everybody sees."""

from collections.abc import Sized
from contextlib import suppress
from datetime import date, timedelta
from itertools import groupby

from flask import abort, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import NotFound

from spk.db import now, reading
from spk.models import Component, Incident, StatusPage, User
from spk.models.status_pages.component_order import to_blocks
from spk.models.status_pages.incident_list import affecting
from spk.models.status_pages.page_states import load_states
from spk.models.status_pages.page_version import PageVersion
from spk.published_page import find_published_page
from spk.shared_copies import FOR_PEOPLE, shared
from spk.web import filters, is_htmx, public
from spk.web.query import page_number

RECENT_DAYS = 14  # listed on the page itself
RECENT_LIMIT = 100  # incidents listed there, and those of a component on its page
HISTORY_PAGE_SIZE = 50  # incidents on one page of the history
UPDATES_PAGE_SIZE = 25  # updates on one page of an incident


@public.get("/")
def home() -> ResponseReturnValue:
    """Show the default page; if there is none yet, lead to creating one."""
    with suppress(NotFound):
        return status()
    with reading():
        is_set_up = User.exists()
    if not is_set_up:
        return redirect(url_for("account.setup"))
    if current_user.is_authenticated:
        return redirect(url_for("user.status_pages"))
    return render_template("home.html")


@public.get("/p/<slug>")
def status(slug: str | None = None) -> ResponseReturnValue:
    """Show everybody the same, and the owner a bar above it."""
    if (reader := reader_id()) and (version := PageVersion.find(slug)) and version.user_id == reader:
        with reading():
            return show_public_page(slug, is_owner=True)
    return shared_status(slug)


@shared(FOR_PEOPLE, is_htmx)
def shared_status(slug: str | None) -> ResponseReturnValue:
    response = make_response(show_public_page(slug))
    response.vary.add("HX-Request")  # or the button Back could show the part as a page
    return response


@public.get("/p/<slug>/incidents/<incident>")
@shared(FOR_PEOPLE, page_number)
def incident(slug: str, incident: str) -> ResponseReturnValue:
    page = find_published_page(slug)
    found = page.incidents.find(incident) or abort(404, "There is no such incident on this page.")
    number = page_number()
    start, timeline = (number - 1) * UPDATES_PAGE_SIZE, found.timeline
    updates = timeline[start : start + UPDATES_PAGE_SIZE]
    has_more = len(timeline) > start + UPDATES_PAGE_SIZE
    context = {"incident": found, "updates": updates, "number": number, "has_more": has_more}
    return render_template("public_page/incident.html", page=page, **context), is_there(number, updates)


@public.get("/p/<slug>/components/<component>")
@shared(FOR_PEOPLE)
def component(slug: str, component: str) -> ResponseReturnValue:
    """Show how a component was on each day, and why."""
    page = find_published_page(slug)
    found = page.component(component) or abort(404, "There is no such component on this page.")
    uptime = found.uptime()
    incidents = affecting([found.id], uptime.range_start, now(), RECENT_LIMIT)[found.id]
    dates = [(incident, set(incident.days())) for incident in incidents]
    bad = [day for day in reversed(uptime.days) if day.is_bad]
    days = [(day, [incident for incident, lasted in dates if day.date in lasted]) for day in bad]
    context = {"component": found, "uptime": uptime, "days": days}
    return render_template("public_page/component.html", page=page, **context)


@public.get("/p/<slug>/history")
@shared(FOR_PEOPLE, page_number)
def history(slug: str) -> ResponseReturnValue:
    page, number = find_published_page(slug), page_number()
    found = page.incidents.started(limit=HISTORY_PAGE_SIZE + 1, offset=(number - 1) * HISTORY_PAGE_SIZE)
    groups = groupby(found[:HISTORY_PAGE_SIZE], key=day_of)
    days = [(filters.days(day, day), list(incidents)) for day, incidents in groups]
    context = {"days": days, "number": number, "has_more": len(found) > HISTORY_PAGE_SIZE}
    return render_template("public_page/history.html", page=page, **context), is_there(number, days)


def is_there(number: int, what: Sized) -> int:
    """The status of a part of something long: without an end, a copy of each could be asked for."""
    return 200 if what or number == 1 else 404


@public.get("/p/<slug>/subscribe")
@shared(FOR_PEOPLE)
def subscribe(slug: str) -> ResponseReturnValue:
    """Show the ways to be told, and what each is for."""
    page = find_published_page(slug)
    load_states([page])
    return render_template("public_page/subscribe.html", page=page)


def reader_id() -> int:
    """Who is signed in, or 0; a page that refreshes itself doesn’t ask, so that it keeps no session alive."""
    has_session = current_app.config["SESSION_COOKIE_NAME"] in request.cookies and not is_htmx()
    return current_user.id if has_session and current_user.is_authenticated else 0


def show_public_page(slug: str | None, *, is_owner: bool = False) -> ResponseReturnValue:
    """Answer htmx with the part that it refreshes, a browser without it with the whole page."""
    page = find_published_page(slug)
    load_states([page])
    days = recent_days(page)  # before the others, which show more of the same incidents
    return render_template(
        "public_page/_public_page.html" if is_htmx() else "public_page/public_page.html",
        page=page,
        is_owner=is_owner,
        blocks=to_blocks([each for each in Component.with_days(page.id) if each.is_shown], page.groups),
        open_incidents=page.incidents.listed("open_realtime"),
        running=page.incidents.listed("active_maintenance"),
        upcoming=page.incidents.listed("upcoming"),
        days=days,
    )


def recent_days(page: StatusPage) -> list[tuple[str, list[Incident]]]:
    """The last days, latest first, with what started on each; days without incidents are grouped."""
    today = now().astimezone(page.zone).date()
    started = page.incidents.started(since=now() - timedelta(days=RECENT_DAYS), limit=RECENT_LIMIT)
    found = {day: list(incidents) for day, incidents in groupby(started, key=day_of)}
    dates = [today - timedelta(days=ago) for ago in range(RECENT_DAYS)]
    if len(started) == RECENT_LIMIT:
        dates = [day for day in dates if day >= day_of(started[-1])]  # earlier days are incomplete
    days: list[tuple[str, list[Incident]]] = []
    for is_eventful, group in groupby(dates, key=found.__contains__):
        run = list(group)
        days += (
            [(filters.days(day, day), found[day]) for day in run]
            if is_eventful
            else [(filters.days(run[-1], run[0]), [])]
        )
    return days


def day_of(incident: Incident) -> date:
    """The day it started, in its page’s time zone."""
    return incident.started_at.astimezone(incident.page.zone).date()
