"""An incident update: one entry of an incident's timeline."""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Unpack

from markupsafe import Markup, escape
from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates
from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from spk.db import Base, now
from spk.models.prose import Prose, Written, render
from spk.models.refusal import InvalidField
from spk.models.status_pages.identifier import ID_LENGTH, new_id
from spk.models.status_pages.schedule import UtcTime
from spk.models.status_pages.vocabulary import IncidentStatus

if TYPE_CHECKING:
    from spk.models.status_pages.incident import Incident

BODY = Prose(25_000, of_a_script=True)


class AffectedComponent(TypedDict):
    """How a component's status changed with an update; `code` is its id."""

    code: str
    name: str
    old_status: str
    new_status: str


class UpdateChanges(TypedDict, total=False):
    """What may be corrected of an update; omitted fields stay as they are."""

    body: Annotated[str, BODY]
    display_at: UtcTime
    deliver_notifications: bool


class IncidentUpdate(Base):
    """What was said at a time, and may be corrected later."""

    __tablename__ = "incident_updates"
    __table_args__ = (Index(None, "incident_id", "created_at", "id"),)  # counted and put in order by it alone

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incidents.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(String(16))
    body: Mapped[str] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(
        Text
    )  # of the body; None of what was written before there was any
    affected_components: Mapped[list[AffectedComponent] | None] = mapped_column(JSON(none_as_null=True))
    deliver_notifications: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)  # when it was said, as it is displayed
    corrected_at: Mapped[datetime | None]

    incident: Mapped["Incident"] = relationship(back_populates="updates")

    @validates("body")
    def _keep_html(self, _name: str, body: str) -> str:
        self.html = body.html if isinstance(body, Written) else render(body)
        return str(body)

    @property
    def prose(self) -> Markup:
        """The body as HTML."""
        if self.html is None:
            return Markup("<p>{}</p>").format(Markup("<br>").join(escape(self.body).split("\n")))
        return Markup(self.html)  # noqa: S704  # nosec B704  # as `render` made it

    @property
    def changed_at(self) -> datetime:
        return self.corrected_at or self.created_at

    def correct(self, **changes: Unpack[UpdateChanges]) -> None:
        """Correct what was said, or when; raises InvalidField."""
        if changes.get("display_at", self.created_at) > now():
            raise InvalidField("display_at", "This time is in the future. Choose an earlier one.")
        self.created_at = changes.get("display_at", self.created_at)
        if "body" in changes:
            self.body = changes["body"]
        self.deliver_notifications = changes.get("deliver_notifications", self.deliver_notifications)
        self.corrected_at = now()

    @classmethod
    def by_clock(cls, incident_id: str, status: IncidentStatus, time: datetime) -> "IncidentUpdate":
        """The update that the clock makes: the same at each reading, because readers know it by its id."""
        digest = hashlib.sha256(f"{incident_id} {status} {time.timestamp()}".encode())
        return cls(
            id=digest.hexdigest()[:ID_LENGTH],
            incident_id=incident_id,
            status=status,
            body="It ended as planned." if status == "completed" else "It started as planned.",
            affected_components=None,
            deliver_notifications=False,
            created_at=time,
        )
