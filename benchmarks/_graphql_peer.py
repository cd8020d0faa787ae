"""PostGraphile 5 on PostgreSQL with the same rows under the same scope, in processes of their own.

The rows lie in one table in the order of its key, with the indexes that the questions fit; the API is a view that
leaves out the rows and the column which the settings of the request's transaction do not let it see. It is what
PostGraphile's and PostgreSQL's documentation advise: statements prepared and kept, `pgSettings`, statistics gathered,
everything in shared memory, two parallel workers. Grouping is `@graphile/pg-aggregates`, which exists for version 5.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks._graphql_home import CLOSED, MEMBER
from benchmarks._said import say
from tests import postgres

_HERE = Path(__file__).parent / "postgraphile"
TOKEN = "lmb_benchmark"
#: Tuned for a machine whose memory holds the table.
_SETTINGS = {
    "shared_buffers": "1GB",
    "work_mem": "64MB",
    "effective_cache_size": "4GB",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "2",
    "jit": "off",  # a loss for statements as short as these
}
_SCHEMA = f"""
CREATE ROLE walidata NOLOGIN;
CREATE SCHEMA data;
CREATE TABLE data.stock (
  region_code text COLLATE "C" NOT NULL, date date NOT NULL, warehouse text COLLATE "C" NOT NULL,
  commodity_code text COLLATE "C" NOT NULL, stock_kg double precision NOT NULL, need_kg_per_day double precision,
  capacity_kg double precision, warehouse_address text, member text NOT NULL,
  closed boolean NOT NULL GENERATED ALWAYS AS (member IN ({", ".join(f"'{m}'" for m in sorted(CLOSED))})) STORED
);
"""
_API = """
ALTER TABLE data.stock ADD PRIMARY KEY (region_code, date, warehouse, commodity_code);
CREATE SCHEMA api;
CREATE VIEW api.commodity_stock AS
  SELECT region_code, date, warehouse, commodity_code, stock_kg, need_kg_per_day, capacity_kg,
    CASE WHEN current_setting('lumbung.limited', true) = 'yes' THEN warehouse_address END AS warehouse_address
  FROM data.stock
  WHERE NOT closed OR member = current_setting('lumbung.member', true);
COMMENT ON VIEW api.commodity_stock IS E'@primaryKey region_code,date,warehouse,commodity_code';
GRANT USAGE ON SCHEMA api TO walidata;
GRANT SELECT ON api.commodity_stock TO walidata;
"""


class Absent(Exception):
    """The peer cannot run here, and why."""


def installed(folder: Path) -> Path:
    """The folder with the peer's packages: `LUMBUNG_BENCH_POSTGRAPHILE`, or made here by npm."""
    given = os.environ.get("LUMBUNG_BENCH_POSTGRAPHILE")
    place = Path(given) if given else folder / "postgraphile"
    if (place / "node_modules" / "postgraphile").is_dir():
        return place
    if given or shutil.which("npm") is None:
        raise Absent("PostGraphile is not installed; see benchmarks/README.md")
    place.mkdir(parents=True, exist_ok=True)
    shutil.copy(_HERE / "package.json", place)
    say("installing PostGraphile")
    done = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--foreground-scripts=false"],
        cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=300,
    )  # fmt: skip
    if done.returncode != 0:
        shutil.rmtree(place / "node_modules", ignore_errors=True)
        raise Absent(f"npm could not install PostGraphile: {done.stdout[-300:]}")
    return place


@contextmanager
def _database(rows: Path) -> Iterator[tuple[str, str]]:
    """A running PostgreSQL with the rows: the address for node, and its version."""
    try:
        server = postgres.Server()
    except postgres.Unavailable as error:
        raise Absent(str(error)) from error
    try:
        for name, value in _SETTINGS.items():
            server.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        server._run("pg_ctl", "-D", str(server.data), "-m", "fast", "-w", "stop")
        server.start()
        with psycopg.connect(f"user=lumbung dbname=postgres host={server.folder}", autocommit=True) as connection:
            connection.execute(_SCHEMA.encode())
            with (
                connection.cursor().copy("COPY data.stock FROM STDIN (FORMAT csv, HEADER)") as copy,
                rows.open("rb") as f,
            ):
                while some := f.read(1 << 20):
                    copy.write(some)
            connection.execute(_API.encode())
            connection.execute(b"CLUSTER data.stock USING stock_pkey")
            connection.execute(b"VACUUM (ANALYZE) data.stock")
            (version,) = connection.execute("SHOW server_version").fetchone() or ("",)
        yield f"postgresql://lumbung@{str(server.folder).replace('/', '%2F')}/postgres", str(version)
    finally:
        server.stop()


@contextmanager
def running(folder: Path, rows: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a running peer with the rows, and what it is made of; `Absent` where it cannot be."""
    place = installed(folder)
    node = place / "node_modules" / ".bin" / "node"
    with _database(rows) as (address, version), tempfile.TemporaryFile() as log:
        say("starting PostGraphile")
        environment = os.environ | {
            "PEER_FOLDER": str(place), "PEER_TOKEN": TOKEN, "PEER_MEMBER": MEMBER, "PEER_DATABASE": address,
            "NODE_ENV": "production", "GRAPHILE_ENV": "production",
        }  # fmt: skip
        process = subprocess.Popen(
            [str(node), str(_HERE / "server.mjs")], env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            if not url.startswith("http://"):
                log.seek(0)
                raise Absent(f"PostGraphile did not start: {log.read().decode(errors='replace')[-500:]}")
            yield url, {"postgresql": version, "node": _version(node, "-v"), "postgraphile": "5.1.5"}
        finally:
            process.terminate()
            process.wait(20)


def _version(program: Path, flag: str) -> str:
    return subprocess.run([str(program), flag], capture_output=True, text=True, check=True).stdout.strip()
