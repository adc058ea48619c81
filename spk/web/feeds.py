"""A page in other formats: RSS, Atom, a badge and an icon."""

from feedgenerator import Atom1Feed, Rss201rev2Feed
from flask import Response, render_template
from markupsafe import Markup

from spk.models import Incident, StatusPage
from spk.models.status_pages.page_states import load_states
from spk.published_page import find_published_page
from spk.shared_copies import FOR_PROGRAMS, shared
from spk.web import public
from spk.web.filters import label, local, window

FEED_CLASSES = {"rss": Rss201rev2Feed, "atom": Atom1Feed}
FEED_LENGTH = 25  # incidents, and whatever else is open


@public.get("/history.rss")
@public.get("/p/<slug>/history.rss")
@shared(FOR_PROGRAMS)
def rss(slug: str | None = None) -> Response:
    return feed("rss", find_published_page(slug))


@public.get("/history.atom")
@public.get("/p/<slug>/history.atom")
@shared(FOR_PROGRAMS)
def atom(slug: str | None = None) -> Response:
    return feed("atom", find_published_page(slug))


@public.get("/badge.svg")
@public.get("/p/<slug>/badge.svg")
@shared(FOR_PROGRAMS)
def badge(slug: str | None = None) -> Response:
    """An image of the overall status, for a README or a website."""
    return picture("badge.svg", find_published_page(slug))


@public.get("/p/<slug>/icon.svg")
@shared(FOR_PROGRAMS)
def icon(slug: str) -> Response:
    """The state as the icon of a tab."""
    return picture("icon.svg", find_published_page(slug))


def picture(name: str, page: StatusPage) -> Response:
    load_states([page])
    image = render_template(f"public_page/{name}", page=page)
    return Response(image, mimetype="image/svg+xml")


def feed(kind: str, page: StatusPage) -> Response:
    found = FEED_CLASSES[kind](
        title=page.name,
        link=page.url,
        description=page.description or f"Incidents and maintenance of {page.name}",
        language="en",
        feed_url=f"{page.url}/history.{kind}",
        feed_guid=f"urn:spk:{page.id}",
        author_name=page.name,
    )
    for incident in page.incidents.latest(FEED_LENGTH):
        found.add_item(
            title=incident.name,
            link=incident.shortlink,
            description=updates_of(incident),
            unique_id=f"urn:spk:{incident.id}",  # not the URL, which changes with the page's slug
            unique_id_is_permalink=False,
            pubdate=incident.created_at,
            updateddate=incident.changed_at,
        )
    found.latest_post_date = lambda: page.changed_at  # by default, the time of an empty feed is always now
    return Response(found.writeString("utf-8"), content_type=found.content_type)


def updates_of(incident: Incident) -> str:
    """The updates as HTML, newest first."""
    zone = incident.page.zone
    when = Markup("<p><small>{}</small><br><strong>{}</strong></p>")
    lines = [
        f"{when.format(local(update.created_at, zone), label(update.status))}\n{update.prose}"
        for update in incident.timeline
    ]
    if incident.is_maintenance:
        lines.insert(0, Markup("<p>Scheduled for {}</p>").format(window(incident)))
    return "\n".join(lines)
