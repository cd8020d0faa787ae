"""Settings: `LUMBUNG_*` variables over `HOME/lumbung.toml` over defaults, read once at the composition root."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from core.access import Role
from core.clock import zone
from core.cron import is_cron
from core.errors import HomeMissing, SettingsInvalid

FILE = "lumbung.toml"
MIB = 1024 * 1024


class Settings(BaseSettings):
    """Everything that may differ between two installations. Sizes are bytes, durations seconds."""

    model_config = SettingsConfigDict(env_prefix="LUMBUNG_", extra="forbid", frozen=True)

    home: Path
    database_url: str = ""
    province: str = ""
    service_name: str = "Lumbung"
    timezone: str = "WIB"
    locale: str = "id"

    # fetching
    download_max_bytes: int = Field(default=512 * MIB, gt=0)
    download_total_seconds: float = Field(default=600.0, gt=0)
    download_read_seconds: float = Field(default=10.0, gt=0)
    download_concurrency: int = Field(default=8, ge=1, le=256)
    retry_after_max_seconds: float = Field(default=900.0, ge=0)
    revalidate_hours: float = Field(default=24.0, ge=0)  # of files that a portal links but does not hold
    crawl_total_seconds: float = Field(default=300.0, gt=0)

    # what nodes push
    inbox_max_bytes: int = Field(default=4096 * MIB, gt=0)  # of one inbox, whole files and pieces together
    inbox_piece_bytes: int = Field(default=8 * MIB, gt=0)

    # reading and checking
    table_max_columns: int = Field(default=2_000, gt=0)
    field_max_bytes: int = Field(default=1 * MIB, gt=0)
    unpacked_max_bytes: int = Field(default=1024 * MIB, gt=0)
    check_workers: int = Field(default=1, ge=1, le=16)
    check_memory: str = "2GB"

    # deletion (S14): a missing dataset is withdrawn by itself only after so many complete crawls, and
    # only while the missing ones stay below this share of the source
    missing_crawls: int = Field(default=3, ge=1)
    missing_share: float = Field(default=0.1, ge=0, le=1)

    # readings: a day is closed so long after its end in the province's zone, and then committed
    close_grace_hours: float = Field(default=6.0, ge=0, le=240)
    close_schedule: str = "15 * * * *"  # a cron line in the province's time; empty is never, but at harvests

    # returns: so many working days a member has to repair what was sent back (docs/adr/0020)
    return_days: int = Field(default=5, ge=1, le=90)

    # runs
    lease_seconds: float = Field(default=60.0, gt=0)
    sources_at_once: int = Field(default=64, ge=1, le=256)  # in one process, where they mostly wait for their portals
    harvests_at_once: int = Field(default=4, ge=1, le=256)  # flow runs at work; on a schedule: processes
    stale_hours: float = Field(default=24.0, gt=0)

    # retention in days, 0 for ever; what a table's rows of now are made from is never removed (services/retention.py)
    keep_landing_days: int = Field(default=1_095, ge=0)
    keep_runs_days: int = Field(default=365, ge=0)
    keep_errors_days: int = Field(default=180, ge=0)
    keep_readings_days: int = Field(default=90, ge=0)  # in the table of readings; what was committed stays

    # when small files are merged: a cron line in the province's time, after the night's harvests; empty is never
    compact_schedule: str = "30 4 * * *"
    # a standard with more current rows has no SQL table beside its files (docs/adr/0008); 0: none has one
    current_rows_max: int = Field(default=1_000_000, ge=0)

    # when rows are looked at beyond single files, before the day ends; also after `lumbung harvest`; empty is never
    findings_schedule: str = "30 23 * * *"

    # when the report of the week before is written: a cron line in the province's time; empty is never
    report_schedule: str = "0 6 * * 1"

    # serving: processes of `lumbung serve`, 0 is one for each core, up to four; what follows holds for all together
    # (docs/adr/0031)
    serve_workers: int = Field(default=0, ge=0, le=64)
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    query_seconds: float = Field(default=10.0, gt=0)
    query_workers: int = Field(default=2, ge=1, le=64)
    query_memory: str = Field(default="1GB", pattern=r"^[1-9][0-9]*(MB|GB)$")
    page_max: int = Field(default=1_000, ge=1)
    introspection: bool = True
    suggestions: bool = False  # of names that were perhaps meant, where a question does not fit the schema
    documents: Literal["any", "trusted"] = "any"  # trusted: only those of HOME/queries and the shipped ones are run
    # values that the answer to one question may hold: of anybody, of members, or of one role (docs/adr/0029)
    query_cost_max: dict[str, int] = Field(default_factory=dict, validate_default=True)

    # files of rows (/export): rows of one, seconds that reading one may take, and how many are read at once
    export_rows_max: int = Field(default=5_000_000, ge=1)
    export_seconds: float = Field(default=300.0, gt=0)
    exports_at_once: int = Field(default=4, ge=1, le=64)

    # subscriptions: connections of the server, and connections and subscriptions of one client
    sockets_max: int = Field(default=500, ge=1)
    sockets_client_max: int = Field(default=10, ge=1)

    # live questions to the members' nodes (docs/adr/0026)
    live_seconds: float = Field(default=3.0, gt=0, le=60)  # all nodes together; an asker may want it shorter
    live_node_seconds: float = Field(default=2.5, gt=0, le=60)  # one answer of one node
    live_node_calls: int = Field(default=4, ge=1, le=64)  # to one node at once
    live_answer_bytes: int = Field(default=8 * MIB, gt=0)  # of one node, unpacked

    # federation: with a secret, each subgraph has a door of its own for routers that know it; without, there is none
    subgraph_secret: str = Field(default="", pattern=r"^$|^[!-~]{32,}$", repr=False)
    entities_max: int = Field(default=5_000, ge=1, le=20_000)  # entities that a router may ask for in one request

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        zone(value)
        return value

    @field_validator("query_cost_max", mode="after")
    @classmethod
    def _known_roles(cls, value: dict[str, int]) -> dict[str, int]:
        known = ("anonymous", "member", *Role)
        if not set(value) <= set(known) or min(value.values(), default=1) < 1:
            raise ValueError(f"whole numbers from 1 by {', '.join(known)}")
        return {"anonymous": 100_000, "member": 500_000} | value

    @field_validator("compact_schedule", "close_schedule", "findings_schedule", "report_schedule")
    @classmethod
    def _cron(cls, value: str) -> str:
        if value and not is_cron(value):
            raise ValueError("minute hour day month weekday, such as 30 4 * * *")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, which wins over the home's TOML file."""
        home = init_settings().get("home")
        file = TomlConfigSettingsSource(settings_cls, Path(str(home)) / FILE)
        return (init_settings, env_settings, file)

    @property
    def url(self) -> str:
        """The catalogue's database address; embedded SQLite in the home unless another is set."""
        return self.database_url or f"sqlite:///{self.home / 'lumbung.db'}"

    def share(self, processes: int) -> Self:
        """The settings of one of so many processes that serve: DuckDB's memory and queries divided among them."""
        if processes == 1:
            return self
        number, unit = int(self.query_memory[:-2]), self.query_memory[-2:]
        megabytes = number * 1_000 if unit == "GB" else number
        return self.model_copy(
            update={
                "query_workers": -(-self.query_workers // processes),
                "query_memory": f"{max(1, megabytes // processes)}MB",
            }
        )

    def folder(self, name: str) -> Path:
        """A folder of the home (`landing`, `snapshots`, `quarantine`, `staging`, `members` ...), made if absent."""
        path = self.home / name
        path.mkdir(parents=True, exist_ok=True)
        return path


def load(home: Path, **overrides: Any) -> Settings:
    """The settings of one home; a missing home or an unusable value is a typed error naming it."""
    if not (home / FILE).is_file():
        raise HomeMissing(home=home)
    try:
        return Settings(home=home.resolve(), **overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        value = "***" if "secret" in name else first["input"]
        raise SettingsInvalid(setting=name, value=value, file=home / FILE, expected=first["msg"]) from error
