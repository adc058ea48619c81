"""A backup as it is read: anybody can make up a file, so each part of it is bounded and checked."""

import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import CoreConfig, CoreSchema, SchemaValidator, core_schema
from sqlalchemy import JSON, Column, Table

from spk import health
from spk.backup import BATCH_SIZE, FORMAT
from spk.config import variables
from spk.models.refusal import Refusal

SMALL = 64 * 1024  # bytes of what is no table
LINE = 16 * 1024 * 1024  # bytes of a row; the longest that spk writes has about 2 MB
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # Python unpacks the other ways without a bound
# What zipfile, zlib and pydantic say of a file that is not what it should be.
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError, ValueError)
M = TypeVar("M", bound=BaseModel)


class NotComplete(Refusal):
    def __init__(self, file: Path) -> None:
        super().__init__(f"{file} is not a complete backup of spk.")


class About(BaseModel):
    model_config = ConfigDict(strict=True)

    format: int
    spk: str = Field(pattern=r"^[\w.+-]{1,50}$")  # shown on a terminal
    revision: str


Secret = Annotated[str, StringConstraints(strip_whitespace=True, min_length=16)]


class Secrets(BaseModel):
    model_config = ConfigDict(strict=True)

    SPK_SECRET_KEY: Secret
    SPK_TOKEN_PEPPER: Secret
    SPK_TOKEN_PEPPER_FALLBACKS: str


class Canary(BaseModel):
    digest: str = Field(pattern="^[0-9a-f]{64}$")


@dataclass(frozen=True)
class Archive:
    """A backup that is open."""

    file: Path
    zip: zipfile.ZipFile

    def about(self) -> About:
        return self._parsed(About, "about.json")

    def secrets(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Its secrets by name, without those that a variable says: the canary tells if that fits."""
        found: dict[str, str] = self._parsed(Secrets, "secrets.json").model_dump()
        return {name: found[name] for name in found if variables.value(environ, name) is None}

    def canary(self) -> str:
        """The digest by which its pepper is known."""
        with _reading(self.file):
            return Canary.model_validate_json(next(self._lines("pepper_canary.jsonl"), b"")).digest

    def names(self) -> set[str]:
        """Of the tables it has rows of."""
        return {name.split(".")[0] for name in self.zip.namelist()}

    def check_names(self, tables: Iterable[Table]) -> None:
        """Raise NotComplete unless it has each of these tables once, and nothing else."""
        expected = ["about.json", "secrets.json", *(f"{table.name}.jsonl" for table in tables)]
        if sorted(self.zip.namelist()) != sorted(expected):
            raise NotComplete(self.file)

    def rows(self, table: Table) -> Iterator[list[dict[str, Any]]]:
        """The rows of a table, as many at a time as memory has room for; raises NotComplete."""
        row, batch, size = _row(table), [], 0
        with _reading(self.file):
            for line in self._lines(f"{table.name}.jsonl"):
                batch.append(row.validate_json(line))
                size += len(line)
                if len(batch) == BATCH_SIZE or size > LINE:
                    yield batch
                    batch, size = [], 0
        if batch:
            yield batch

    def _parsed(self, model: type[M], name: str) -> M:
        with _reading(self.file), self._open(name) as member:
            content = member.read(SMALL + 1)  # whatever size the archive says it has
            if len(content) > SMALL:
                raise NotComplete(self.file)
            return model.model_validate_json(content)

    def _lines(self, name: str) -> Iterator[bytes]:
        with self._open(name) as member:
            while line := member.readline(LINE + 1):
                if len(line) > LINE:
                    raise NotComplete(self.file)
                yield line

    def _open(self, name: str) -> IO[bytes]:
        member = self.zip.getinfo(name)
        if member.compress_type not in PACKED:
            raise NotComplete(self.file)
        return self.zip.open(member)


@contextmanager
def opened(file: Path) -> Iterator[Archive]:
    """Open a backup; raises Refusal where it is none, or one of a newer spk."""
    with ExitStack() as stack:
        with _reading(file):
            archive = Archive(file, stack.enter_context(zipfile.ZipFile(file)))
        about = archive.about()
        if about.format != FORMAT or about.revision not in health.migrations():
            raise Refusal(f"{file} was made by spk {about.spk}: restore it with that version or a newer one.")
        yield archive


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    """Turn what reading a damaged backup raises into a Refusal; for as little of our own code as can be."""
    try:
        yield
    except DAMAGE:
        raise NotComplete(file) from None


def _in_utc(time: datetime) -> datetime:
    """A time of PostgreSQL's, in whatever zone, or one of SQLite's, in UTC without saying so."""
    try:
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("before the year 1") from None


VALUES: dict[type, CoreSchema] = {
    int: core_schema.int_schema(ge=-(2**63), le=2**63 - 1),
    str: core_schema.str_schema(),
    bool: core_schema.bool_schema(),
    date: core_schema.date_schema(),
    datetime: core_schema.no_info_after_validator_function(_in_utc, core_schema.datetime_schema()),
}


def _row(table: Table) -> SchemaValidator:
    """What a line of this table must be: an object with all its columns, each of its type."""
    fields = {column.name: core_schema.typed_dict_field(_value(column)) for column in table.columns}
    strict = CoreConfig(strict=True)
    return SchemaValidator(core_schema.typed_dict_schema(fields, extra_behavior="forbid", config=strict))


def _value(column: Column[Any]) -> CoreSchema:
    is_json = isinstance(column.type, JSON)
    schema = core_schema.any_schema() if is_json else VALUES[column.type.python_type]
    return core_schema.nullable_schema(schema) if column.nullable else schema
