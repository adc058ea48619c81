"""The states of several pages at once."""

from spk.models.status_pages.page_incidents import components_in_maintenance, running_impacts
from spk.models.status_pages.status_page import StatusPage


def load_states(pages: list[StatusPage]) -> None:
    """Load the indicators of several pages in as many queries as for one."""
    ids = [page.id for page in pages]
    in_maintenance, impacts = components_in_maintenance(ids), running_impacts(ids)
    for page in pages:
        page.ids_in_maintenance = in_maintenance.get(page.id, frozenset())
        page.running_impacts = impacts.get(page.id, [])
