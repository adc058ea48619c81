"""The fields of a status page that can be set."""

from typing import Annotated

from pydantic import AfterValidator
from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from spk.models.status_pages.branding import clean_accent, clean_origins, clean_website
from spk.models.status_pages.identifier import SLUG
from spk.models.status_pages.time_zone import clean_time_zone
from spk.models.text import MultiLine, SingleLine

NAME = SingleLine(120, empty="Enter a name for this page.")
DESCRIPTION = MultiLine(2_000)


class PageFields(TypedDict, total=False):
    """The optional fields of a page."""

    slug: Annotated[str, SLUG]
    description: Annotated[str, DESCRIPTION] | None
    time_zone: Annotated[str, AfterValidator(clean_time_zone)]
    website: Annotated[str, AfterValidator(clean_website)] | None
    accent: Annotated[str, AfterValidator(clean_accent)] | None
    frame_origins: Annotated[list[str], AfterValidator(clean_origins)]
    hidden_from_search: bool


class PageChanges(PageFields, total=False):
    """Fields to change; omitted ones stay as they are."""

    name: Annotated[str, NAME]


class NewPage(PageFields):
    """A name is required; by default the slug is made from it."""

    name: Annotated[str, NAME]
