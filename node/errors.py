"""What can go wrong on a regency's own node."""

from core.errors import LumbungError


class NodeFolderMissing(LumbungError):
    """The folder to be served is not there."""

    code = "NODE_FOLDER_MISSING"
    http_status = 404


class NodeMetadataInvalid(LumbungError):
    """A dataset.toml, sidecar or node.toml cannot be used; its files are served under their own names."""

    code = "NODE_METADATA_INVALID"
    http_status = 422


class NodeFileUnreadable(LumbungError):
    """A file of the folder cannot be opened; the others are served."""

    code = "NODE_FILE_UNREADABLE"
    http_status = 503


class NodePortTaken(LumbungError):
    """The address to listen on is in use or not ours."""

    code = "NODE_PORT_TAKEN"
    http_status = 503


class PushHubUnfit(LumbungError):
    """The hub's address is not https; what is pushed must not be read on its way."""

    code = "PUSH_HUB_UNFIT"
    http_status = 422


class PushKeyInvalid(LumbungError):
    """What should be the node's key is none; it is never repeated."""

    code = "PUSH_KEY_INVALID"
    http_status = 422


class PushInterrupted(LumbungError):
    """The hub could not be reached often enough, or a file changed meanwhile; the next push goes on from there."""

    code = "PUSH_INTERRUPTED"
    http_status = 503
    transient = True


class PushRefused(LumbungError):
    """The hub says no; its code and sentence are passed on."""

    code = "PUSH_REFUSED"
    http_status = 502


class NodeSourceUnfit(LumbungError):
    """A file or database table that is offered in GraphQL cannot be read as a table; the others are served."""

    code = "NODE_SOURCE_UNFIT"
    http_status = 422


class NodeColumnsMissing(LumbungError):
    """A file or table lacks a column that the data standard needs."""

    code = "NODE_COLUMNS_MISSING"
    http_status = 422


class NodeStyleUndecided(LumbungError):
    """The cells of a column can be read in two ways; nothing is guessed."""

    code = "NODE_STYLE_UNDECIDED"
    http_status = 422


class NodeRowsLeftOut(LumbungError):
    """Rows without a required value, rows of a repeated key, and cells that could not be read are not answered."""

    code = "NODE_ROWS_LEFT_OUT"
    http_status = 422


class NodeTokenUnknown(LumbungError):
    """No token of this node has this id."""

    code = "NODE_TOKEN_UNKNOWN"
    http_status = 404


class NodeQueryRefused(LumbungError):
    """A GraphQL request whose form, size or content this node does not answer."""

    code = "NODE_QUERY_REFUSED"
    http_status = 400


class NodeInternal(LumbungError):
    """Something that nobody foresaw; the details are in the node's log under the same number."""

    code = "NODE_INTERNAL"
