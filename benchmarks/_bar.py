"""The shape of one bar, shared by all benchmarks."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Bar:
    """One measured value beside its target; `ok` None means that it could not be measured, `facts` says what else."""

    value: float | int | None
    target: str
    ok: bool | None
    facts: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The bar as the runner prints it, its facts beside value, target and ok."""
        return {"value": self.value, "target": self.target, "ok": self.ok, **self.facts}
