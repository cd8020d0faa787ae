"""Names in GraphQL, the same at the hub and at every node: PascalCase and camelCase from contracts' snake_case."""

import re

_WORD = re.compile(r"_([a-z0-9])")


def pascal(name: str) -> str:
    """`commodity_price` as a type: CommodityPrice."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def camel(name: str) -> str:
    """`commodity_price` as a field: commodityPrice."""
    return _WORD.sub(lambda m: m[1].upper(), name)


def plural(name: str) -> str:
    """`commodity_price` as a list: commodity_prices; `supply` becomes supplies."""
    if name.endswith("s"):
        return name
    return name[:-1] + "ies" if re.search(r"[^aeiou]y$", name) else name + "s"
