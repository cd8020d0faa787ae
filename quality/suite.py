"""A contract as a Great Expectations suite; imported only inside the checking worker, since the library is heavy."""

from typing import Any

from core.contract import Contract, Rule, Severity

#: Great Expectations' own words for how bad a failure is.
_SEVERITY = {Severity.ROW: "critical", Severity.HOLD: "critical", Severity.WARNING: "warning"}


def expectation(rule: Rule) -> Any:
    """Great Expectations' object for one rule; its `meta` names the rule, what breaking it does, and its dimension."""
    from great_expectations.expectations.registry import get_expectation_impl

    meta = {"lumbung": {"rule": rule.id, "severity": rule.severity.value, "dimension": rule.dimension}}
    return get_expectation_impl(rule.type)(**rule.kwargs, meta=meta, severity=_SEVERITY[rule.severity])


def build(contract: Contract) -> Any:
    """The contract's `ExpectationSuite`, its expectations in the order of `contract.rules`."""
    import great_expectations as gx

    return gx.ExpectationSuite(
        name=f"{contract.name}-{contract.version}", expectations=[expectation(rule) for rule in contract.rules]
    )
