"""What stages share about spans: the Arrow form of bundles, which zone holds a span, and the clean text."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from pipeline.nodes import Ints, Node, integers
from schema.derive import arrow_schema
from schema.records import Article, Bundle
from schema.vocabulary import ARTICLE_ZONES

_ROW = np.int64(2**32)  # greater than any offset, so that row * _ROW + offset orders spans by row, then by place


def bundles_array(bundles: Sequence[Bundle]) -> pa.Array:
    """Bundles as one struct array, a row a bundle, in the Arrow types of the model.

    Arrow parses what Pydantic has validated and written again, so that no byte is read by two parsers in two ways.
    """
    lines = "\n".join(bundle.model_dump_json() for bundle in bundles).encode()
    schema = arrow_schema(Bundle)
    if not bundles:
        return pa.array([], pa.struct(schema))
    table = pyarrow.json.read_json(
        pa.BufferReader(lines),
        read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(lines) + 1),
        parse_options=pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
    )
    assert table.num_rows == len(bundles), "one line is one bundle"
    return table.to_struct_array().combine_chunks()


def start_end(node: Node) -> tuple[Ints, Ints]:
    """Starts and ends of a node's spans; -1 where there is none."""
    return integers(pc.struct_field(node.array, "start")), integers(pc.struct_field(node.array, "end"))


@dataclass(frozen=True)
class Zones:
    """The zones of all rows, in order of row and start."""

    rows: Ints
    start: Ints
    end: Ints

    @classmethod
    def of(cls, node: Node) -> "Zones":
        """The zones that a node holds."""
        return cls(node.rows, *start_end(node))

    def holding(self, rows: Ints, start: Ints, end: Ints) -> Ints:
        """For each span the index of the zone of its row that holds it whole, or -1 (also for null spans, whose start is -1)."""
        if not len(self.rows):
            return np.full(len(rows), -1)
        index = np.searchsorted(self.rows * _ROW + self.start, rows * _ROW + start, side="right") - 1
        inside = (index >= 0) & (start >= 0) & (self.rows[index] == rows) & (end <= self.end[index])
        return np.where(inside, index, -1)


SEPARATOR = "\n\n"
"""Stands between the blocks of a clean text."""


def clean_text(article: Article, text: str) -> str:
    """The article proper, from its page: headline, lead, subheadings and paragraphs, joined by blank lines."""
    return SEPARATOR.join(text[zone.start : zone.end] for zone in article.zones if zone.type in ARTICLE_ZONES)
