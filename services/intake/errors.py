"""What can go wrong between landed bytes and a snapshot that neither the reader nor the gate can name."""

from core.errors import LumbungError


class ContractUnknown(LumbungError):
    """A mapping names a contract that does not exist."""

    code = "CONTRACT_UNKNOWN"
    http_status = 422


class HarvestStopped(LumbungError):
    """Somebody asked this program to end while a harvest was at work; what was committed stays."""

    code = "HARVEST_STOPPED"
    http_status = 503
    transient = True


class MappedTableMissing(LumbungError):
    """No table of the file has the headings that the mapping names."""

    code = "MAPPED_TABLE_MISSING"
    http_status = 422
