"""A regency that nobody can call pushes its folder to the hub: resumed, signed, published whole or not at all."""

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import httpx
import orjson
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from core import node_keys
from core.access import SYSTEM
from core.audit import AuditEntry
from federation.inbox import Inbox
from federation.inbox_errors import InboxFull, InboxMismatch, InboxOffset
from hub.home import services_of
from hub.web import make_app
from node.errors import PushHubUnfit, PushInterrupted, PushKeyInvalid, PushRefused
from node.push import Pusher
from tests.federation.fetch_factories import free_port
from tests.services import factories as make
from tests.services.factories import CITY, PEOPLE, PRICES, Hand, Home, write

OTHER = "99.02"
INBOX = '[[sources]]\nid = "kotak"\nkind = "inbox"\n'


@dataclass
class Line:
    """The way to the hub; `broken` says which requests are lost, on the way there or on the way back."""

    app: object
    asked: list[str] = field(default_factory=list)
    lost_going: frozenset[int] = frozenset()
    lost_coming: frozenset[int] = frozenset()
    dead_after: int = 10**9

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)  # type: ignore[operator]  # an ASGI app
            return
        self.asked.append(f"{scope['method']} {scope['path'].rpartition('/')[2][:8]}")
        number = len(self.asked)
        if number in self.lost_going or number > self.dead_after:
            raise ConnectionResetError
        if number in self.lost_coming:

            async def nowhere(_: object) -> None:
                return

            await self.app(scope, receive, nowhere)  # type: ignore[operator]  # an ASGI app
            raise ConnectionResetError
        await self.app(scope, receive, send)  # type: ignore[operator]  # an ASGI app

    @property
    def puts(self) -> int:
        return sum(a.startswith("PUT") for a in self.asked)


@dataclass
class Hub:
    home: Home
    url: str
    line: Line
    key: str

    def pusher(self, member: str = CITY, key: str | None = None, **more: object) -> Pusher:
        facts = {"clock": self.home.clock, "sleep": lambda _: None, "piece": 4096}
        return Pusher(self.url, member, key or self.key, **(facts | more))  # type: ignore[arg-type]  # facts of the call

    @property
    def published(self) -> list[AuditEntry]:
        return [e for e in self.home.all(AuditEntry, AuditEntry.id) if e.action == "inbox.published"]


@contextmanager
def serving_hub(home: Home) -> Iterator[Hub]:
    services = services_of(home.granary)
    line = Line(make_app(services))
    server = uvicorn.Server(
        uvicorn.Config(line, host="127.0.0.1", port=(port := free_port()), log_config=None, lifespan="on")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    waiting = threading.Event()
    while not server.started and thread.is_alive():
        waiting.wait(0.01)
    key = issue(home, CITY)
    try:
        yield Hub(home, f"http://127.0.0.1:{port}", line, key)
    finally:
        server.should_exit = True
        thread.join(10)
        services.duck.close()


def issue(home: Home, member: str) -> str:
    granary = home.granary
    regions = granary.registry.member(member).regions
    return node_keys.issue(
        granary.sessions, name="simpul", member=member, regions=regions, by=SYSTEM, now=granary.clock()
    ).secret


@pytest.fixture
def hub(home: Home) -> Iterator[Hub]:
    home.member(INBOX + PRICES + PEOPLE)
    with serving_hub(home) as made:
        yield made


@pytest.fixture
def office(tmp_path: Path) -> Path:
    folder = tmp_path / "kantor"
    write(folder, "harga.csv", make.prices(400, first=date(2025, 1, 1)))
    write(folder, "penduduk.csv", make.people(10, 20, 30))
    return folder


def test_what_is_pushed_is_harvested_like_any_other_source(hub: Hub, office: Path) -> None:
    pushed = hub.pusher().push(office)
    assert (pushed.datasets, pushed.files, pushed.unchanged) == (2, 2, False)
    report = hub.home.harvest()
    assert (report.state, report.datasets, report.snapshots, report.rows_published) == ("ok", 2, 2, 403)
    [entry] = hub.published
    assert (entry.object, entry.values["member"], entry.values["files"]) == ("kotak", CITY, 2)
    again = hub.pusher().push(office)
    assert again.unchanged and hub.home.harvest().skipped and len(hub.published) == 1


def test_a_changed_folder_sends_only_what_is_new_and_what_is_gone_is_missing(hub: Hub, office: Path) -> None:
    hub.pusher().push(office)
    hub.home.harvest()
    (office / "harga.csv").unlink()
    write(office, "penduduk.csv", make.people(10, 20, 31))
    pushed = hub.pusher().push(office)
    assert (pushed.files, pushed.bytes) == (1, (office / "penduduk.csv").stat().st_size)
    report = hub.home.harvest()
    assert (report.missing, report.snapshots) == (1, 1)
    assert {p.name for p in (hub.home.folder / "inbox" / "kotak" / "files").iterdir()} == {
        hashlib.sha256((office / "penduduk.csv").read_bytes()).hexdigest()
    }


def test_a_push_goes_on_from_where_the_line_broke(hub: Hub, office: Path) -> None:
    size = (office / "harga.csv").stat().st_size
    hub.line.dead_after = 4
    with pytest.raises(PushInterrupted):
        hub.pusher(tries=2).push(office)
    held = sum(p.stat().st_size for p in (hub.home.folder / "inbox" / "kotak").rglob("*") if p.is_file())
    assert 0 < held < size
    hub.line.dead_after = 10**9
    pushed = hub.pusher().push(office)
    assert pushed.bytes == size + (office / "penduduk.csv").stat().st_size - held
    assert hub.home.harvest().rows_published == 403


def test_requests_and_answers_that_are_lost_cost_one_piece_each(hub: Hub, office: Path) -> None:
    hub.line.lost_going, hub.line.lost_coming = frozenset({2, 5, 9}), frozenset({3, 4, 7})
    hub.pusher().push(office)
    assert hub.home.harvest().rows_published == 403


def test_F34_a_push_cut_at_99_percent_publishes_nothing(hub: Hub, office: Path) -> None:
    hub.pusher().push(office)
    hub.home.harvest()
    write(office, "harga.csv", make.prices(401, first=date(2025, 1, 1), price=20_000))
    before = hub.home.rows("commodity_price")
    size = (office / "harga.csv").stat().st_size
    pieces = -(-size // 4096)
    hub.line.dead_after = len(hub.line.asked) + 2 + pieces  # one question each for inbox and file, all pieces but one
    with pytest.raises(PushInterrupted):
        hub.pusher(tries=1).push(office)
    report = hub.home.harvest()
    assert report.skipped and hub.home.rows("commodity_price") == before and len(hub.published) == 1


def test_a_manifest_without_its_files_and_an_old_one_again_change_nothing(hub: Hub, office: Path) -> None:
    hub.pusher().push(office)
    target = f"/inbox/{CITY}/manifest"
    inbox = Inbox(hub.home.folder / "inbox" / "kotak", file_limit=1, limit=1)
    standing = inbox.manifest()
    assert standing is not None
    resource = {"id": "r", "name": "a.csv", "format": "CSV", "mime": "", "modified": "", "description": "", "size": 9}
    dataset = {"id": "d", "name": "d", "title": "d", "modified": "", "created": "", "notes": "", "license": ""} | {
        "organisation": "", "organisation_title": "", "tags": [], "groups": [], "extras": {},
        "resources": [resource | {"sha256": "0" * 64}],
    }  # fmt: skip
    incomplete = orjson.dumps({"datasets": [dataset]})
    empty = orjson.dumps({"datasets": []})
    old = node_keys.sign(hub.key, "PUT", target, empty, hub.home.clock() - timedelta(minutes=4))

    def put(body: bytes, headers: dict[str, str] | None = None) -> str:
        signed = headers or node_keys.sign(hub.key, "PUT", target, body, hub.home.clock())
        answer = httpx.put(hub.url + target, content=body, headers=signed)
        return str(answer.json()["errors"][0]["extensions"]["code"])

    assert put(incomplete) == "INBOX_INCOMPLETE"
    assert put(empty, old) == "INBOX_OUTDATED"  # signed by the node itself, repeated by somebody else
    assert put(b"[]") == put(b"{") == put(orjson.dumps({"datasets": [dataset | {"id": 5}]})) == "INBOX_INVALID"
    assert inbox.manifest() == standing and len(hub.published) == 1


# -- who may ---------------------------------------------------------------------------------------------------


def asked(hub: Hub, method: str, target: str, key: str | None, body: bytes = b"") -> tuple[int, str]:
    headers = {} if key is None else node_keys.sign(key, method, target, body, hub.home.clock())
    answer = httpx.request(method, hub.url + target, content=body, headers=headers)
    errors = answer.json().get("errors")
    return answer.status_code, errors[0]["extensions"]["code"] if errors else ""


def test_A09_A14_a_key_reaches_its_own_members_inbox_and_the_others_answer_like_none(hub: Hub) -> None:
    stranger = issue(hub.home, OTHER)
    for method, rest in (("GET", ""), ("PUT", "/manifest"), ("GET", "/files/" + "0" * 64)):
        assert asked(hub, method, f"/inbox/{CITY}{rest}", None) == (401, "SIGNATURE_INVALID")
        for key, member in ((stranger, CITY), (stranger, OTHER), (hub.key, OTHER), (hub.key, "tiada")):
            assert asked(hub, method, f"/inbox/{member}{rest}", key) == (404, "INBOX_UNKNOWN")
    assert asked(hub, "GET", f"/inbox/{CITY}", hub.key) == (200, "")
    assert asked(hub, "DELETE", f"/inbox/{CITY}", hub.key)[0] == 405


def test_bytes_of_another_member_are_not_shown_to_be_there(hub: Hub, office: Path) -> None:
    hub.pusher().push(office)
    hub.home.harvest()
    landed = hashlib.sha256((office / "harga.csv").read_bytes()).hexdigest()
    assert hub.home.granary.landing.path(landed).is_file()
    other = Inbox(hub.home.folder / "inbox" / "lain", file_limit=10, limit=10)
    assert not other.standing(landed).complete


def test_F32_R01_R06_no_path_is_built_from_what_is_sent_and_odd_numbers_are_refused(hub: Hub) -> None:
    for path in ("/files/..%2f..%2flumbung.db", "/files/" + "A" * 64, "/files/" + "0" * 63):
        for method in ("GET", "PUT"):
            status, code = asked(hub, method, f"/inbox/{CITY}{path}", hub.key)
            assert status in (401, 404, 422) and code != ""
    for query in ("", "?offset=-1&size=5", "?offset=0&offset=1&size=5", "?offset=0&size=1e9"):
        target = f"/inbox/{CITY}/files/{'0' * 64}{query}"
        assert asked(hub, "PUT", target, hub.key, b"12345") == (422, "INBOX_INVALID")


def test_a_body_other_than_the_signed_one_is_not_kept(hub: Hub) -> None:
    target = f"/inbox/{CITY}/files/{hashlib.sha256(b'isi').hexdigest()}?offset=0&size=3"
    headers = node_keys.sign(hub.key, "PUT", target, b"isi", hub.home.clock())
    assert httpx.put(hub.url + target, content=b"isu", headers=headers).status_code == 401
    assert httpx.put(hub.url + target, content=b"isi", headers=headers).json() == {"offset": 3, "complete": True}
    assert httpx.put(hub.url + target, content=b"isi", headers=headers).json() == {"offset": 3, "complete": True}


def test_a_revoked_key_and_a_wrong_clock_are_refused_with_what_to_do(hub: Hub, office: Path) -> None:
    with pytest.raises(PushRefused, match="SIGNATURE_MOMENT"):
        hub.pusher(clock=Hand(make.NOW + timedelta(hours=1))).push(office)
    with pytest.raises(PushRefused, match="INBOX_UNKNOWN"):
        hub.pusher(key=issue(hub.home, OTHER)).push(office)


def test_a_push_goes_over_https_or_stays_on_this_machine() -> None:
    for address in ("http://hub.contoh.go.id", "ftp://127.0.0.1", "hub.contoh.go.id"):
        with pytest.raises(PushHubUnfit):
            Pusher(address, CITY, "x")
    with pytest.raises(PushKeyInvalid):
        Pusher("https://hub.contoh.go.id", CITY, "bukan kunci")


# -- the inbox itself ------------------------------------------------------------------------------------------


def test_an_inbox_keeps_to_its_limits_and_to_what_was_announced(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "kotak", file_limit=10, limit=25)
    sha = hashlib.sha256(b"0123456789").hexdigest()
    with pytest.raises(InboxFull):
        inbox.put(sha, 0, 11, b"0")
    with pytest.raises(InboxFull):
        inbox.put(sha, 0, 3, b"0123")
    assert inbox.put(sha, 0, 10, b"01234").offset == 5
    with pytest.raises(InboxOffset) as astray:
        inbox.put(sha, 3, 10, b"34567")
    assert astray.value.values["offset"] == 5
    with pytest.raises(InboxMismatch):
        inbox.put(sha, 5, 10, b"xxxxx")
    assert inbox.standing(sha).offset == 0
    assert inbox.put(sha, 0, 10, b"0123456789").complete and inbox.put(sha, 0, 10, b"").complete
    for number in range(2):
        body = str(number) * 7
        inbox.put(hashlib.sha256(body.encode()).hexdigest(), 0, 8, body.encode())
    with pytest.raises(InboxFull):
        inbox.put("1" * 64, 0, 9, b"01")
    empty = hashlib.sha256(b"").hexdigest()
    assert inbox.put(empty, 0, 0, b"").complete


def test_an_inbox_that_was_never_pushed_to_takes_nothing_away(home: Home) -> None:
    home.member(INBOX)
    report = home.harvest()
    assert (report.state, report.datasets, report.missing) == ("ok", 0, 0)


async def test_two_pushes_at_once_end_with_one_whole_file(tmp_path: Path) -> None:
    body = bytes(range(256)) * 8
    sha = hashlib.sha256(body).hexdigest()
    inbox = Inbox(tmp_path / "kotak", file_limit=10_000, limit=10_000)

    def push() -> None:
        while not (now := inbox.standing(sha)).complete:
            try:
                inbox.put(sha, now.offset, len(body), body[now.offset : now.offset + 100])
            except InboxOffset:
                continue

    await asyncio.gather(*(asyncio.to_thread(push) for _ in range(4)))
    assert (tmp_path / "kotak" / "files" / sha).read_bytes() == body
