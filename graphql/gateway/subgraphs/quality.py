"""Quality's root fields: what the gate found, and what it returned."""

import strawberry

from catalog.findings_seen import State
from core.verdict import Verdict
from gateway.building import field_of
from gateway.context import Info
from gateway.entities.findings import Finding, findings_page
from gateway.entities.quality import Check, Quarantine, checks_page, quarantine_page
from gateway.entities.scores import Scorecard, scores_page
from gateway.pages import Connection
from quality.beyond.finding import Kind
from quality.score import Level

quality = field_of("quality")
strawberry.enum(Verdict, name="Verdict", description="Putusan pemeriksaan of one delivery.")


@strawberry.type
class QualityQuery:
    """Root fields of quality."""

    @quality("Hasil pemeriksaan, newest first; seen by members.")
    async def checks(
        self,
        info: Info,
        *,
        dataset: strawberry.ID | None = None,
        resource: strawberry.ID | None = None,
        run: strawberry.ID | None = None,
        verdict: Verdict | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> Connection[Check]:
        """Checks."""
        return await checks_page(
            info,
            first,
            after,
            dataset_id=dataset,
            resource_id=resource,
            run_id=run,
            verdict=verdict.value if verdict else None,
        )

    @quality("Karantina: batches of returned rows, newest first; seen by their member and reviewers.")
    async def quarantine(
        self,
        info: Info,
        *,
        member: str | None = None,
        dataset: strawberry.ID | None = None,
        resource: strawberry.ID | None = None,
        run: strawberry.ID | None = None,
        open_only: bool = True,
        first: int = 20,
        after: str | None = None,
    ) -> Connection[Quarantine]:
        """Returned rows."""
        return await quarantine_page(
            info,
            first,
            after,
            open_only=open_only,
            member=member,
            dataset_id=dataset,
            resource_id=resource,
            run_id=run,
        )

    @quality("Skor mutu of every subject at a level in one week (2026-W47; null: the running one); seen by members.")
    async def scores(
        self,
        info: Info,
        *,
        level: Level = Level.MEMBER,
        week: str | None = None,
        member: str | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> Connection[Scorecard]:
        """Scores."""
        return await scores_page(info, level, week=week, member=member, first=first, after=after)

    @quality(
        "Temuan lintas berkas, by kind, the weightiest first: those that stand unless other states are asked for; seen "
        "by their member, where all evidence is too, and by those who see every region."
    )
    async def findings(
        self,
        info: Info,
        *,
        states: list[State] = (State.OPEN,),  # type: ignore[assignment]  # a default that nobody can change
        kind: Kind | None = None,
        member: str | None = None,
        contract: str | None = None,
        dataset: strawberry.ID | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> Connection[Finding]:
        """Findings."""
        return await findings_page(
            info, first, after, states=states, kind=kind, member=member, contract=contract, dataset=dataset
        )
