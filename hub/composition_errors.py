"""What can go wrong where a supergraph is composed."""

from core.errors import LumbungError


class ComposerMissing(LumbungError):
    """Node, or the packages that compose a supergraph, are not on this machine."""

    code = "COMPOSER_MISSING"
    http_status = 503


class CompositionFailed(LumbungError):
    """The subgraphs do not make one graph."""

    code = "COMPOSITION_FAILED"
    http_status = 400
