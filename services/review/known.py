"""What counting needs to know of a home beside its database; a granary has it, and so have the doors."""

from collections.abc import Mapping
from typing import Protocol

from core.contract import Contract
from core.region import Regions
from core.settings import Settings
from federation.registry import Registry


class Known(Protocol):
    """Settings, data standards, members and regions of one home."""

    @property
    def settings(self) -> Settings:
        """The home's settings."""

    @property
    def contracts(self) -> Mapping[str, Contract]:
        """Data standards by name."""

    @property
    def registry(self) -> Registry:
        """The members and their sources."""

    @property
    def regions(self) -> Regions:
        """The regions by code."""
