"""G01-G08, G16, G20: hub and node hold documents to limits of their own in one way, and name what they refuse alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema

from core.errors import LumbungError
from core.operations.documents import Documents, operation
from core.operations.limits import Limits
from core.operations.refusals import Refusals, Refused
from gateway import documents as hubs
from gateway import errors
from gateway import limits as hubs_limits
from node import documents as nodes

SCHEMA = build_schema(
    "type Subscription { item(first: Int): Item } type Query { item(first: Int, name: String): Item silence: Int } type Item { name: String inner: Item }"
)


@dataclass(frozen=True)
class Side:
    make: Callable[..., Documents[Any]]
    limits: Limits
    refusals: Refusals
    schema: GraphQLSchema = SCHEMA

    def read(self, query: str, **more: Any) -> Any:
        return self.make(self.schema, **{"introspection": True} | more).read(query)

    def refused(self, query: str, **more: Any) -> list[dict[str, Any]]:
        with pytest.raises(Refused) as caught:
            self.read(query, **more)
        return self.refusals.all_of(caught.value)  # type: ignore[return-value]  # objects of JSON

    def beyond(self, limit: str) -> dict[str, object]:
        """The error for a document beyond a limit."""
        return self.named(self.refusals.limit(limit, getattr(self.limits, limit)))

    @staticmethod
    def named(error: LumbungError) -> dict[str, object]:
        return {"code": error.code, "values": error.values}


@pytest.fixture(params=["hub", "node"])
def side(request: pytest.FixtureRequest) -> Side:
    if request.param == "hub":
        return Side(hubs.Documents, hubs_limits.LIMITS, errors.REFUSALS)
    return Side(nodes.Documents, nodes.LIMITS, nodes.REFUSALS)


def said(errors: list[dict[str, Any]]) -> list[dict[str, object]]:
    return [{key: e["extensions"][key] for key in ("code", "values")} for e in errors]


def nested(depth: int) -> str:
    return "{ item " + "{ inner " * (depth - 2) + "{ name }" + "}" * (depth - 1)


def fan(count: int) -> str:
    parts = "".join(f"fragment F{i} on Item {{ ...F{i + 1} ...F{i + 1} }} " for i in range(count))
    return f"{{ item {{ ...F0 }} }} {parts} fragment F{count} on Item {{ name }}"


CASES: dict[str, Callable[[Limits], tuple[str, str]]] = {
    "G01 one too deep": lambda most: ("depth", nested(most.depth + 1)),
    "G02 2000 deep": lambda most: ("depth", nested(600)),
    "G02 20000 deep, of fewer tokens than lists have": lambda most: ("depth", "{a" * 900),
    "G03 aliases": lambda most: ("aliases", "{ item { " + "".join(f"a{i}: name " for i in range(most.aliases + 1)) + "} }"),
    "G03 aliases of nothing": lambda most: ("aliases", "{ item { " + "a: name " * (most.aliases + 1) + "} }"),
    "G04 fields": lambda most: ("fields", "{ item { " + "name " * most.fields + "} }"),
    "G04 tokens": lambda most: ("tokens", "{ item { " + "name " * most.tokens + "} }"),
    "G04 tokens of a list": lambda most: ("tokens", "{ item(first: [" + "1 " * most.tokens + "]) { name } }"),
    "G05 directives": lambda most: ("directives", "{ item { name " + "@skip(if: false) " * 21 + "} }"),
    "G05 directives of an operation": lambda most: ("directives", "query " + "@x " * 21 + "{ item { name } }"),
    "G05 directives of spreads": lambda most: ("directives", "{ item {" + "... @skip(if: false) { name } " * 21 + "} }"),
    "G05 directives of fragments": lambda most: ("directives", "{ ...A } fragment A on Query " + "@x " * 21 + "{ silence }"),
    "G08 2^30 fan-out": lambda most: ("fields", fan(30)),
    "G08 2^400 fan-out": lambda most: ("depth" if most.tokens < 0 else "fields", fan(100)),
    "roots": lambda most: ("roots", "{ " + "silence " * (most.roots + 1) + "}"),
    "roots in fragments": lambda most: ("roots", "{ ...A } fragment A on Query { " + "...{ silence } " * (most.roots + 1) + "}"),
    "what nobody uses": lambda most: ("depth", "{ silence } fragment X on Item { name " + nested(most.depth + 1) + " }"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_beyond_a_limit_is_named_with_the_largest(side: Side, name: str) -> None:
    limit, query = CASES[name](side.limits)
    assert said(side.refused(query)) == [side.beyond(limit)]


def test_what_a_limit_allows_is_read(side: Side) -> None:
    most = side.limits
    for query in (
        nested(most.depth),
        "{ " + "silence " * most.roots + "}",
        "{ item { " + "name " * (most.fields - 1) + "} }",
        "{ item { " + "a: name " * most.aliases + "} }",
    ):
        assert side.read(query).operations


def test_a_fragment_may_have_more_columns_than_an_operation_has_roots(side: Side) -> None:
    columns = " ".join(f"c{i}" for i in range(side.limits.roots + 5))
    wide = build_schema(f"type Query {{ row: Row }} type Row {{ {columns.replace(' ', ': Int ')}: Int }}")
    query = f"{{ row {{ ...Columns }} }} fragment Columns on Row {{ {columns} }}"
    assert side.make(wide, introspection=False).read(query).operations


def test_G07_a_circle_of_fragments_is_told_as_such(side: Side) -> None:
    [error] = side.refused("{ item { ...A } } fragment A on Item { ...B } fragment B on Item { inner { ...A } }")
    assert "fragmen saling memanggil" in error["message"]


def test_G06_few_of_many_errors_come_back_with_their_places(side: Side) -> None:
    told = side.refused("{ item { name" + "".join(f" @x{i}" for i in range(10)) + " } }")
    assert len(told) == 5
    assert told[0]["locations"] == [{"line": 1, "column": 15}]


def test_G20_names_that_were_perhaps_meant_are_not_told(side: Side) -> None:
    for query in ("{ itme { name } }", "{ item { nam } }", "{ item(firs: 1) { name } }", "{ item { name } } fragment A on Itm { name }"):  # fmt: skip
        assert "Did you mean" not in str(side.refused(query))


def test_G02_fragments_that_lead_to_each_other_without_end_are_too_deep(side: Side) -> None:
    parts = "".join(f"fragment F{i} on Item {{ name ...F{i + 1} }} " for i in range(200))
    query = f"{{ item {{ ...F0 }} }} {parts} fragment F200 on Item {{ name }}"
    assert said(side.refused(query)) == [side.beyond("depth")]


@pytest.mark.parametrize("query", ["{ %s }", "{ item(first: [%s]) { name } }", 'query($a: Int = "%s") { item(first: $a) { name } }'])  # fmt: skip
def test_G03_what_is_refused_is_not_repeated_at_any_length(side: Side, query: str) -> None:
    [error] = side.refused(query % ("x" * 200_000))
    assert len(error["message"]) < 700


@pytest.mark.parametrize(
    "query",
    [
        "subscription { item @skip(if: true) { name } }",
        "subscription($a: Boolean!) { item @include(if: $a) { name } }",
        "subscription($a: Boolean!) { ... @skip(if: $a) { item { name } } }",
        "subscription($a: Boolean!) { ...A } fragment A on Subscription { ...B } fragment B on Subscription { item @skip(if: $a) { name } }",
    ],
)
def test_G21_the_one_field_of_a_subscription_cannot_be_left_out(side: Side, query: str) -> None:
    [error] = side.refused(query)
    assert "@skip" in error["message"]
    assert side.read("subscription($a: Boolean!) { item { name @skip(if: $a) } }")


@pytest.mark.parametrize("escape", ["\\u0000", "\\u{0}", "\\u{00000}"])
def test_R07_no_text_has_a_nul(side: Side, escape: str) -> None:
    for query in ('{ item(name: "a%sb") { name } }', 'query($n: String = "%s") { item(name: $n) { name } }'):
        [error] = side.refused(query % escape)
        assert "NUL" in error["message"]
    assert side.read('{ item(name: "\\u0041 \\\\0") { name } }')


def test_a_word_of_the_asker_is_not_taken_for_a_limit(side: Side) -> None:
    [error] = side.refused('{ item { name } } tokens "nested too deeply"')
    assert "baris 1 kolom 19" in error["message"]


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { queryType { name } } }",
        '{ a: __type(name: "Item") { name } }',
        "{ ...A } fragment A on Query { ... on Query { b: __schema { types { name } } } }",
    ],
)
def test_introspection_that_is_shut_is_shut_by_alias_and_fragment_too(side: Side, query: str) -> None:
    assert side.read(query)
    assert side.refused(query, introspection=False)
    assert side.read("{ item { __typename } }", introspection=False)


def test_G16_an_operation_is_meant_by_its_name_or_by_being_the_only_one(side: Side) -> None:
    two = side.read("query A { silence } query B { silence }")
    assert operation(two, "B", side.refusals).node is two.operations[1].node
    assert operation(side.read("query A { silence }"), None, side.refusals)
    for name, words in ((None, "operationName tidak diisi"), ("C", "tidak ada dalam dokumen")):
        with pytest.raises(LumbungError, match=words):
            operation(two, name, side.refusals)
    with pytest.raises(LumbungError):
        operation(side.read("{ silence }"), "A", side.refusals)
    assert side.refused("fragment A on Item { name }")


async def test_a_document_is_read_once_and_kept_while_it_is_asked_for(side: Side) -> None:
    documents = side.make(SCHEMA, introspection=False)
    reads: list[str] = []

    async def off(work: Callable[[], Any]) -> Any:
        reads.append("read")
        return work()

    first = await documents.ready("{ silence }", off)
    assert await documents.ready("{ silence }", off) is documents.known("{ silence }") is first
    long_ = "{ silence }" + " " * 20_000
    await documents.ready(long_, off)
    assert documents.known(long_) is None
    assert len(reads) == 2
    for i in range(300):
        await documents.ready(f"{{ a{i}: silence }}", off)
    assert documents.known("{ silence }") is None
    assert documents.known("{ a299: silence }") is not None
    for i in range(40):
        await documents.ready(f"{{ b{i}: silence }}" + " " * 10_000, off)
    assert documents.known("{ b39: silence }" + " " * 10_000) is not None
    assert documents.known("{ b0: silence }" + " " * 10_000) is documents.known("{ a299: silence }") is None
    with pytest.raises(Refused):
        await documents.ready("{ nothing }", off)
    assert documents.known("{ nothing }") is None
