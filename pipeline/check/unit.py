"""Articles that are checked together."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import pyarrow as pa

from pipeline.findings import Finding, Loc
from pipeline.nodes import Bools, Ints, Node, integers, nodes
from pipeline.read import Origin
from pipeline.spans import Spans, Zones
from pipeline.texts import Texts

RECORD_KEYS = {"entities": "entity_id", "events": "event_id", "comments": "comment_id"}
"""Lists of a bundle, and the field that identifies a record in each."""


@dataclass(frozen=True)
class Unit:
    """Articles that are checked together, as one Arrow array and columns beside it: everything here has a value a row."""

    root: pa.StructArray
    """The bundles, in the Arrow types of the model."""
    origins: Sequence[Origin]
    """Where each was written."""
    texts: Texts
    """The pages as far as they are at hand, private data included."""
    masked: Texts
    """The same without private data: what findings may show of a page that is open."""
    shown: Bools
    """Whether findings may show words of the page."""
    languages: tuple[str, ...] = ()
    """Languages of the corpus, which its corpus.toml names; this and what follows is no value of a row."""
    faulty: frozenset[str] = frozenset()
    """Files, such as pages, in which something was found already."""

    @cached_property
    def nodes(self) -> list[Node]:
        """Every node of the array, innermost first."""
        return nodes(self.root)

    @cached_property
    def _by_path(self) -> dict[str, Node]:
        return {node.path: node for node in self.nodes}

    def node(self, path: str) -> Node:
        """The node of a path, for instance ``events[].trigger``; KeyError if the models have none there."""
        return self._by_path[path]

    @cached_property
    def spans(self) -> list[Node]:
        """Every node that is a span."""
        return [node for node in self.nodes if node.is_span]

    @cached_property
    def flat(self) -> Spans:
        """All spans of all nodes."""
        return Spans.of(self.spans)

    @cached_property
    def private(self) -> Spans:
        """Private data."""
        return Spans.of([self.node("article.private[]")])

    @cached_property
    def zones(self) -> Node:
        """The zones."""
        return self.node("article.zones[]")

    @cached_property
    def zone(self) -> Ints:
        """For each of ``flat`` the index of the zone that holds it whole, or -1; zones must be in order."""
        return Zones.of(self.zones).holding(self.flat.rows, self.flat.start, self.flat.end)

    @cached_property
    def length(self) -> Ints:
        """Characters of each page, as pinned."""
        return integers(self.node("article.page.characters").array)

    @cached_property
    def article_ids(self) -> list[str]:
        """The identifier of each article."""
        return self.node("article.article_id").array.to_pylist()  # type: ignore[no-any-return]

    def at(
        self, code: str, node: Node, index: int | np.integer[Any], found: str | None = None, expected: str | None = None
    ) -> Finding:
        """A finding at one value of a node."""
        return self.on(node.rows[index], code, node.where(int(index)), found, expected)

    def on(self, row: int | np.integer[Any], code: str, loc: Loc, found: str | None = None, expected: str | None = None) -> Finding:
        """A finding at a path of a row's bundle; the record is the innermost one that the path leads through."""
        row = int(row)
        record = self.article_ids[row]
        if len(loc) > 1 and loc[0] in RECORD_KEYS:
            node = self.node(f"{loc[0]}[].{RECORD_KEYS[str(loc[0])]}")
            own = node.array[int(np.searchsorted(node.rows, row)) + int(loc[1])].as_py()
            record = f"{record}:{own}"
        origin = self.origins[row]
        return Finding(code, origin.file, record, loc, found, expected, origin.line)

    def without(self, rows: Bools) -> Self:
        """The unit without the rows for which ``rows`` is true."""
        if not rows.any():
            return self
        kept = np.flatnonzero(~rows)
        return replace(
            self, root=self.root.take(pa.array(kept)), origins=[self.origins[row] for row in kept.tolist()], texts=self.texts.take(kept),
            masked=self.masked.take(kept), shown=self.shown[kept],
        )  # fmt: skip


Check = Callable[[Unit], Iterator[Finding]]
"""A rule over articles: gives a finding for each place that breaks it."""
