"""The simulated province: deterministic, marked SIMULASI everywhere."""
