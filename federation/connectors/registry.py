"""The one place that knows which connector lists which kind of source."""

from core.settings import Settings
from federation.address import AddressPolicy
from federation.connectors.base import Connector, KeepPage
from federation.connectors.ckan import CkanConnector
from federation.connectors.folder import FolderConnector
from federation.connectors.http import HttpConnector
from federation.connectors.inbox import InboxConnector
from federation.connectors.rest import RestConnector
from federation.connectors.sql import SqlConnector
from federation.credentials import harvest_token
from federation.member import SourceConfig, SourceKind
from federation.vetted import Limits


def connector_for(
    source: SourceConfig, settings: Settings, *, policy: AddressPolicy | None = None, keep: KeepPage | None = None
) -> Connector:
    """The connector of a source.

    Args:
        policy: the source's address rules; `Fetcher.policy(source)`, so that allowances used show in one place.
        keep: is handed every raw answer of a catalogue, for landing (`Landing.page_keeper`).

    Raises:
        TokenMissing: the source names a token and the environment has none.
    """
    match source.kind:
        case SourceKind.CKAN | SourceKind.NODE:
            limits = Limits(
                read=settings.download_read_seconds,
                connect=settings.download_read_seconds,
                total=settings.crawl_total_seconds,
                body=min(settings.download_max_bytes, Limits().body),
            )
            patience = settings.retry_after_max_seconds
            token = harvest_token(source)
            return CkanConnector(source, policy=policy, token=token, limits=limits, patience=patience, keep=keep)
        case SourceKind.FOLDER:
            return FolderConnector(source)
        case SourceKind.HTTP:
            return HttpConnector(source, policy=policy)
        case SourceKind.REST:
            return RestConnector(source, policy=policy)
        case SourceKind.SQL:
            return SqlConnector(source)
        case SourceKind.INBOX:
            return InboxConnector(source)
