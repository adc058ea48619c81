"""Forms for a status page as a whole, validated by the rules of the models."""

from typing import Self

from flask_wtf.file import FileField
from wtforms import BooleanField, Field, StringField, TextAreaField, ValidationError
from wtforms.validators import Optional

from spk.models import StatusPage
from spk.models.refusal import InvalidValue
from spk.models.status_pages import branding, identifier, status_page_fields
from spk.models.status_pages.branding import Logo
from spk.models.status_pages.status_page_fields import PageChanges
from spk.models.status_pages.time_zone import clean_time_zone
from spk.web.forms import BaseForm, rule


def clean_lines(text: str) -> str:
    """Origins, each on a line; raises InvalidValue."""
    return "\n".join(branding.clean_origins(text.split()))


class PageForm(BaseForm):
    name = StringField("Name", [rule(status_page_fields.NAME)])


class PageSettingsForm(PageForm):
    slug = StringField("Address", [rule(identifier.SLUG)])
    description = TextAreaField("Description", [rule(status_page_fields.DESCRIPTION)])
    time_zone = StringField("Time zone", [rule(clean_time_zone)])
    website = StringField("Your website", [Optional(), rule(branding.clean_website)])
    accent = StringField("Colour", [Optional(), rule(branding.clean_accent)])
    logo_file = FileField("Logo")
    remove_logo = BooleanField("Remove the logo")
    frame_origins = TextAreaField("Websites that may show the page in a frame", [rule(clean_lines)])
    hidden_from_search = BooleanField("Hide the page from search engines")
    logo: Logo | None = None  # drawn of the file that was chosen

    @classmethod
    def of(cls, page: StatusPage) -> Self:
        form = cls(obj=page)
        form.frame_origins.data = "\n".join(page.frame_origins)
        return form

    @property
    def changes(self) -> PageChanges:
        return {
            "name": self.name.data,
            "slug": self.slug.data,
            "description": self.description.data or None,
            "time_zone": self.time_zone.data,
            "website": self.website.data or None,
            "accent": self.accent.data or None,
            "frame_origins": self.frame_origins.data.split(),
            "hidden_from_search": self.hidden_from_search.data,
        }

    def validate_logo_file(self, field: Field) -> None:
        """Draw it now, before any lock."""
        try:
            self.logo = branding.clean_logo(field.data.read()) if field.data else None
        except InvalidValue as refusal:
            raise ValidationError(str(refusal)) from None
