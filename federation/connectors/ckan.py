"""CKAN portals through ckanapi: one question where nothing changed, whole dataset dicts by the thousand where it did.

Measured against ids-then-changed: a thousand whole dicts come in one answer of about 3 MB, so a complete crawl
asks less than any other way of proving what is gone. Errors are told apart by status and `error.__type`, never by
their text, which portals translate. What absence means is the catalogue's to decide.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import requests
from ckanapi import RemoteCKAN
from ckanapi.errors import CKANAPIError, NotAuthorized

from core.clock import Clock, utc_now
from core.table import Note
from federation.address import AddressPolicy, safe_url
from federation.connectors.base import Crawl, KeepPage, Page, RemoteDataset
from federation.connectors.ckan_dicts import dataset_from, is_id
from federation.errors import (
    CkanAccess,
    CkanRefused,
    FederationError,
    SourceBusy,
    SourceInconsistent,
    SourceNotCkan,
    SourceTooLarge,
    SourceTooSlow,
    SourceUnreachable,
)
from federation.member import SourceConfig
from federation.retry import TRANSIENT_STATUS, Backoff, retry_after
from federation.vetted import AGENT, Limits, VettedSession

ROWS = 1000  # CKAN's own cap by default; a lower cap of the portal is noticed by what comes back
SMALL_ROWS = 100  # after an answer that was too slow or too large
MOST_FUTURE = 20  # beyond so many dates in the future the newest one proves nothing
SLACK = timedelta(hours=1)  # a portal's clock may run ahead a little


class _Shifted(Exception):
    """The pages of one pass contradict each other; `args[0]` says how."""


class _CkanSession(VettedSession):
    """Counts the questions, keeps raw answers, and refuses what is no CKAN answer before ckanapi reads it."""

    def __init__(
        self, policy: AddressPolicy, limits: Limits, clock: Callable[[], float], keep: KeepPage | None, rows: int
    ) -> None:
        super().__init__(policy, limits, clock)
        self.asked = 0
        self.rows = rows
        self.last: requests.Response | None = None
        self._keep = keep

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        self.asked += 1
        began = self._clock()
        response = self.last = super().request(method, url, *args, **kwargs)
        place = {"source": self._source, "url": safe_url(str(response.url)), "status": response.status_code}
        if response.status_code in TRANSIENT_STATUS or not response.content.lstrip()[:1] == b"{":
            raise SourceNotCkan(**place)
        if self._keep is not None:
            seconds = self._clock() - began
            body, headers = response.content, dict(response.headers)
            self._keep(Page(str(place["url"]), body, response.status_code, headers, seconds))
        return response


class CkanConnector:
    """Lists a CKAN portal's datasets as anybody sees them or, with a token, with the private ones it may read.

    Args:
        token: sent raw in `Authorization`, to the portal's own host only.
        limits: `total` bounds one crawl, whatever drips (S03).
        patience: seconds of Retry-After that are honoured (S08).
        sleep: how to wait between tries; by default a wait that ends when the crawl is cut off.
        keep: is handed every raw answer.
    """

    def __init__(
        self,
        source: SourceConfig,
        *,
        policy: AddressPolicy | None = None,
        token: str | None = None,
        limits: Limits | None = None,
        rows: int = ROWS,
        patience: float = 900.0,
        backoff: Backoff | None = None,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Clock = utc_now,
        keep: KeepPage | None = None,
    ) -> None:
        self.source = source
        self.policy = policy or AddressPolicy(source)
        self._token = token
        self._limits = limits or Limits()
        self._rows = rows
        self._patience = patience
        self._backoff = backoff or Backoff()
        self._sleep = sleep
        self._clock = clock
        self._now = now
        self._keep = keep

    async def crawl(self, mark: dict[str, Any] | None) -> Crawl:
        """All datasets, or word that the newest change and the count are those of the mark (one question).

        Raises:
            FederationError: named; never an empty or partial crawl in place of one.
        """
        self.policy.check(self.source.url)
        session = _CkanSession(self.policy, self._limits, self._clock, self._keep, self._rows)
        pool = ThreadPoolExecutor(1, thread_name_prefix=f"ckan-{self.source.id}")
        try:
            async with asyncio.timeout(self._limits.total):
                return await asyncio.get_running_loop().run_in_executor(pool, self._look, session, mark)
        except TimeoutError as error:
            raise SourceTooSlow(
                source=self.source.id, url=safe_url(self.source.url), seconds=self._limits.total
            ) from error
        finally:
            session.lines.cut()  # the thread ends at once, also when this crawl is cancelled
            pool.shutdown(wait=False)

    def _look(self, session: _CkanSession, mark: dict[str, Any] | None) -> Crawl:
        with RemoteCKAN(self.source.url, self._token, AGENT, get_only=True, session=session) as portal:
            if mark and self._same_view(mark) and self._unchanged(portal, session, mark):
                return Crawl((), complete=False, unchanged=True, mark=mark, requests=session.asked)
            try:
                raw = self._all_pages(portal, session)
            except _Shifted:
                try:
                    raw = self._all_pages(portal, session)
                except _Shifted as again:
                    raise SourceInconsistent(
                        source=self.source.id, url=safe_url(self.source.url), reason=again.args[0], **again.args[1]
                    ) from None
            return self._crawled(raw, session.asked)

    def _same_view(self, mark: Mapping[str, Any]) -> bool:
        return mark.get("url") == self.source.url and mark.get("private") == bool(self._token)

    def _unchanged(self, portal: RemoteCKAN, session: _CkanSession, mark: Mapping[str, Any]) -> bool:
        newest = mark.get("newest")
        if not isinstance(newest, list) or len(newest) > MOST_FUTURE + 1:
            return False
        count, results = self._search(
            portal, session, {"rows": max(1, len(newest)), "start": 0, "sort": "metadata_modified desc"}
        )
        return count == mark.get("count") and sorted(_modified(r) for r in results) == sorted(newest)

    def _all_pages(self, portal: RemoteCKAN, session: _CkanSession) -> dict[str, dict[str, Any]]:
        """Every dataset dict by id; `_Shifted` where the pages do not fit together (S13)."""
        found: dict[str, dict[str, Any]] = {}
        expected: int | None = None
        while expected is None or len(found) < expected:
            asked = {"rows": session.rows, "start": len(found), "sort": "id asc"}
            count, results = self._search(portal, session, asked)
            expected = count if expected is None else expected
            place = {"expected": expected, "found": len(found)}
            if count != expected:
                raise _Shifted("pages_count", place | {"found": count})
            if not results:
                break
            for raw in results:
                if raw["id"] in found:
                    raise _Shifted("pages_repeated", place | {"dataset": raw["id"]})
                found[raw["id"]] = raw
        if len(found) != expected:
            raise _Shifted("pages_missing", {"expected": expected, "found": len(found)})
        return found

    def _crawled(self, raw: Mapping[str, dict[str, Any]], asked: int) -> Crawl:
        remarks: list[Note] = []
        datasets = tuple(dataset_from(d, self.source.url, remarks) for d in raw.values())
        horizon = self._now() + SLACK
        future = [d for d in datasets if d.modified is not None and d.modified > horizon]
        remarks += [_future_note(d) for d in future]
        if not datasets:
            remarks.append(Note("federation.note.empty_source", {"source": self.source.id}))
        # with k dates in the future (T07) a change shows only in the k+1 newest
        newest = sorted((_modified(d) for d in raw.values()), reverse=True)[: len(future) + 1]
        mark = {"url": self.source.url, "private": bool(self._token), "count": len(raw), "newest": newest}
        return Crawl(datasets, complete=True, unchanged=False, mark=mark, requests=asked, remarks=tuple(remarks))

    def _search(
        self, portal: RemoteCKAN, session: _CkanSession, asked: dict[str, Any]
    ) -> tuple[int, list[dict[str, Any]]]:
        """Count and results of one `package_search`, tried again where that may help (S01)."""
        if self._token:
            asked = asked | {"include_private": "true"}
        for failures in range(1, self._backoff.attempts + 1):
            try:
                return self._answer(portal, session, asked)
            except FederationError as error:
                wait = self._wait(error, failures, session)
                if wait is None:
                    raise
                if not isinstance(error, SourceUnreachable) and asked["rows"] > SMALL_ROWS:
                    session.rows = SMALL_ROWS
                    asked = asked | {"rows": SMALL_ROWS}
            (self._sleep or session.lines.cut_off.wait)(wait)
        raise AssertionError("the last failure is raised above")

    def _wait(self, error: FederationError, failures: int, session: _CkanSession) -> float | None:
        """Seconds until the next try; None where the error stands."""
        status = error.values.get("status")
        again = error.transient or isinstance(error, SourceTooLarge) or status in TRANSIENT_STATUS
        if not again or failures >= self._backoff.attempts:
            return None
        header = session.last.headers.get("Retry-After") if status in (429, 503) and session.last is not None else None
        asked_for = retry_after(header, self._now())
        if asked_for is None:
            return self._backoff.wait(failures)
        if asked_for > min(self._patience, session.left()):
            place = {"source": self.source.id, "host": self.policy.check(self.source.url).host}
            raise SourceBusy(**place, seconds=asked_for, limit=self._patience) from error
        return asked_for

    def _answer(
        self, portal: RemoteCKAN, session: _CkanSession, asked: dict[str, Any]
    ) -> tuple[int, list[dict[str, Any]]]:
        try:
            result = portal.call_action("package_search", asked)
            count, results = result["count"], result["results"]
        except NotAuthorized as error:
            raise CkanAccess(**self._place(session), type="Authorization Error") from error
        except CKANAPIError as error:
            kind = _error_type(session.last)
            if kind is None:
                raise SourceNotCkan(**self._place(session)) from error
            raise CkanRefused(**self._place(session), type=kind) from error
        except (KeyError, TypeError, RecursionError) as error:  # JSON, but of another shape
            raise SourceNotCkan(**self._place(session)) from error
        sound = isinstance(count, int) and isinstance(results, list) and count >= 0
        if not sound or not all(isinstance(d, dict) and is_id(d.get("id")) for d in results):
            raise SourceNotCkan(**self._place(session))
        return count, results

    def _place(self, session: _CkanSession) -> dict[str, Any]:
        status = session.last.status_code if session.last is not None else 0
        return {"source": self.source.id, "url": safe_url(self.source.url), "status": status}


def _modified(raw: Mapping[str, Any]) -> str:
    return str(raw.get("metadata_modified") or "")


def _future_note(dataset: RemoteDataset) -> Note:
    claimed: datetime | None = dataset.modified
    moment = claimed.isoformat() if claimed is not None else ""
    return Note("federation.note.future_date", {"dataset": dataset.name, "modified": moment})


def _error_type(response: requests.Response | None) -> str | None:
    """CKAN's `error.__type` (empty where it names none), or None where the answer is not CKAN's refusal."""
    try:
        parsed = json.loads(response.content) if response is not None else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict) or parsed.get("success") is not False:
        return None
    error = parsed.get("error")
    return str(error.get("__type", "")) if isinstance(error, dict) else ""
