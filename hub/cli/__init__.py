"""The command line `lumbung`; each module adds its commands to `app`."""

from hub.cli import (
    data,
    data_list,
    demo,
    export,
    findings,
    flows,
    harvest,
    holds,
    node,
    questions,
    report,
    returns,
    scores,
    serve,
    setup,
    standard,
    upkeep,
)
from hub.cli.app import app, main

__all__ = [
    "app",
    "data",
    "data_list",
    "demo",
    "export",
    "findings",
    "flows",
    "harvest",
    "holds",
    "main",
    "node",
    "questions",
    "report",
    "returns",
    "scores",
    "serve",
    "setup",
    "standard",
    "upkeep",
]
