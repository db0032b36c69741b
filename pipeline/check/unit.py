"""Articles that are checked together."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from pipeline.findings import Finding, Loc
from pipeline.nodes import Ints, Node, nodes
from pipeline.pages import Pages
from pipeline.read import Raw
from pipeline.spans import bundles_array
from schema.records import Bundle

RECORD_KEYS = {"entities": "entity_id", "events": "event_id", "comments": "comment_id"}
"""Lists of a bundle, and the field that identifies a record in each."""


@dataclass(frozen=True)
class Unit:
    """Articles that are checked together: as records, and as one Arrow array."""

    raw: Raw
    pages: Pages
    bundles: tuple[Bundle, ...]

    @cached_property
    def nodes(self) -> list[Node]:
        """Every node of the array."""
        return nodes(bundles_array(self.bundles))

    @cached_property
    def spans(self) -> list[Node]:
        """Every node that is a span."""
        return [node for node in self.nodes if node.is_span]

    @cached_property
    def zones(self) -> Node:
        """The zones."""
        return next(node for node in self.spans if node.path == "article.zones[]")

    @cached_property
    def texts(self) -> list[str | None]:
        """Text of each page, or None where it is not at hand."""
        return [self.pages.texts.get(bundle.article.article_id) for bundle in self.bundles]

    @cached_property
    def length(self) -> Ints:
        """Characters of each page, as pinned."""
        return np.array([bundle.article.page.characters for bundle in self.bundles], dtype=np.int64)

    def at(
        self, code: str, node: Node, index: int | np.integer[Any], found: str | None = None, expected: str | None = None
    ) -> Finding:
        """A finding at one value of a node."""
        return self.on(self.bundles[int(node.rows[index])], code, node.where(int(index)), found, expected)

    def on(self, bundle: Bundle, code: str, loc: Loc, found: str | None = None, expected: str | None = None) -> Finding:
        """A finding at a path of a bundle; the record is the innermost one that the path leads through."""
        article_id = bundle.article.article_id
        record = article_id
        if len(loc) > 1 and loc[0] in RECORD_KEYS:
            own = getattr(bundle, str(loc[0]))[int(loc[1])]
            record = f"{article_id}:{getattr(own, RECORD_KEYS[str(loc[0])])}"
        origin = self.raw.origins[article_id]
        return Finding(code, origin.file, record, loc, found, expected, origin.line)

    def without(self, articles: set[str]) -> "Unit":
        """The unit without some articles."""
        if not articles:
            return self
        return replace(self, bundles=tuple(b for b in self.bundles if b.article.article_id not in articles))


Check = Callable[[Unit], Iterator[Finding]]
"""A rule over articles: gives a finding for each place that breaks it."""
