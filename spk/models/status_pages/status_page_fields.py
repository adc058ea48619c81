"""What can be said of a status page."""

from typing import Annotated

from pydantic import AfterValidator
from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from spk.models.status_pages.identifier import SLUG
from spk.models.status_pages.time_zone import clean_time_zone
from spk.models.text import MultiLine, SingleLine

NAME = SingleLine(120, empty="Enter a name for this page.")
DESCRIPTION = MultiLine(2_000)


class PageFields(TypedDict, total=False):
    """What else can be said of a page."""

    slug: Annotated[str, SLUG]
    description: Annotated[str, DESCRIPTION] | None
    time_zone: Annotated[str, AfterValidator(clean_time_zone)]


class PageChanges(PageFields, total=False):
    """What is left out stays as it is."""

    name: Annotated[str, NAME]


class NewPage(PageFields):
    """A page needs a name; its slug is made from it unless one is given."""

    name: Annotated[str, NAME]
