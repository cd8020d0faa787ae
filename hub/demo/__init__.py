"""The simulated province: 36 portals over invented files, marked SIMULASI wherever a person can see it.

`generate` writes the files, `start_nodes` serves them, `register` tells a home about them, `QUERIES` asks three
good questions. What the harvest makes of it is left to the ordinary program: nothing here is special to it.
"""

from hub.demo.generate import DEFAULT_SEED, generate
from hub.demo.province import DemoDataset, DemoMember, Planted, Province
from hub.demo.queries import QUERIES, ReadyQuery, queries
from hub.demo.running import Nodes, start_nodes
from hub.demo.sources import register, source_id

__all__ = [
    "DEFAULT_SEED",
    "QUERIES",
    "DemoDataset",
    "DemoMember",
    "Nodes",
    "Planted",
    "Province",
    "ReadyQuery",
    "generate",
    "queries",
    "register",
    "source_id",
    "start_nodes",
]
