"""The dataset card of a release: YAML that ``datasets`` and the Hub read, and Markdown that people read."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from pipeline.cite import apa, bibtex
from pipeline.datasheet import figure
from pipeline.split import SPLITS
from pipeline.statistics import Block, Statistics, markdown
from pipeline.write import Shard, table_digests
from schema.derive import arrow_schema
from schema.reference import CorpusMeta, SplitName
from schema.rows import TABLES


def card(
    meta: CorpusMeta,
    version: str,
    hydrated: bool,
    shards: Sequence[Shard],
    examples: Mapping[str, Mapping[str, Any]],
    leakage: dict[str, Any],
    found: Statistics,
    figures: Iterable[str],
) -> str:
    """README.md of a release. ``shards`` are all its files, and ``examples`` its first rows, by table: of each that has one."""
    files = [(shard.table, shard.split, shard.path) for shard in shards]
    head = hub_metadata(meta) | {"configs": configs(version, files), "dataset_info": _dataset_info(meta, version, shards)}
    parts = [
        front_matter(head),
        f"# {meta.title} {version}\n",
        _HYDRATED if hydrated else "",
        f"{meta.description}\n",
        '```python\nfrom datasets import load_dataset\n\nevents = load_dataset("<this folder or repo>", "events")\n```\n',
        "## Tables\n",
        markdown(Block(("config", "a row is", "key", *SPLITS), _table_rows(shards))),
        _TABLE_NOTES,
        *(_section(table.name, table.row.__doc__ or "", examples.get(table.name)) for table in TABLES),
        "## In figures\n",
        _annotated(found),
        *(_figures(title, block, found, set(figures)) for title, block in _IN_FIGURES.items()),
        "## Splits\n",
        _SPLIT_NOTES,
        markdown(found.blocks["splits"]),
        "\nWhat splits share all the same:\n",
        markdown(Block(("scheme", "leak", "shared by"), leakage_rows(leakage))),
        f"\nTexts compared for near-duplicates: {leakage['texts_compared']} of {leakage['articles']}. The assignment is in "
        "`splits.json`, the whole report in `leakage.json`.\n",
        "" if hydrated else _FILES,
        "## Licence and citation\n",
        f"Annotations, registry and knowledge base: {_licence(meta.licences.annotations)}. Open pages: {_licence(meta.licences.text)}. "
        "Withheld pages are no part of this release.\n",
        "" if hydrated else f"Cite this version:\n\n> {apa(meta, version)}\n\n```bibtex\n{bibtex(meta, version)}\n```\n\n{_CHECK}",
    ]
    return "\n".join(part for part in parts if part)


def first_rows(folder: Path, shards: Iterable[Shard]) -> dict[str, dict[str, Any]]:
    """The first row of each table that has one, from its first file in a release."""
    first: dict[str, Shard] = {}
    for shard in shards:
        first.setdefault(shard.table, shard)
    found = {}
    for name, shard in first.items():
        with pq.ParquetFile(folder / shard.path, buffer_size=2**20) as file:  # page by page, not the whole row group
            found[name] = next(file.iter_batches(batch_size=1)).to_pylist()[0]
    return found


def hub_metadata(meta: CorpusMeta) -> dict[str, Any]:
    """What the Hub shows and filters by."""
    return {
        "pretty_name": meta.title,
        "license": meta.licences.annotations.lower(),
        "language": sorted({language.partition("-")[0] for language in meta.languages}),
        "task_categories": ["token-classification", "text-classification"],
        "tags": list(meta.keywords),
    }


def configs(version: str, files: Sequence[tuple[str, SplitName, str]]) -> list[dict[str, Any]]:
    """Configurations for ``load_dataset`` of Parquet files (table, split, path), one for each table that has rows; the first one is
    the default. Files of one split are read in the order given.
    """
    core = re.split("[-+]", version)[0]  # ``datasets`` takes nothing but three numbers
    found: list[dict[str, Any]] = []
    for table in TABLES:
        paths: dict[SplitName, list[str]] = {}
        for name, split, path in files:
            if name == table.name:
                paths.setdefault(split, []).append(path)
        if paths:
            default = {} if found else {"default": True}
            data_files = [{"split": split, "path": own if len(own) > 1 else own[0]} for split, own in paths.items()]
            found.append({"config_name": table.name, "version": core, "data_files": data_files, **default})
    return found


def front_matter(data: dict[str, Any]) -> str:
    """YAML between two lines of dashes."""
    return f"---\n{yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120)}---\n"


def leakage_rows(leakage: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The leakage report, a row for each kind of thing that splits share; one row with a dash for a scheme that shares nothing."""
    rows = []
    for scheme in ("by_event", "by_time", "by_outlet"):
        shared = {
            kind.replace("_", " "): [f"{leak['value']} ({', '.join(leak['splits'])})" for leak in leakage[scheme][kind]]
            for kind in ("contacts_reported", "contacts_mentioned", "outlets")
        }
        shared["near duplicates"] = [f"{d['a']}, {d['b']} ({d['similarity']})" for d in leakage[scheme]["near_duplicates"]]
        rows += [(scheme, kind, _some(what)) for kind, what in shared.items() if what] or [(scheme, "–", "nothing")]
    return rows


def _licence(spdx: str) -> str:
    return f"[{spdx}](https://spdx.org/licenses/{spdx}.html)"


def _some(things: Sequence[str]) -> str:
    """Some of many things, and how many more there are: leakage.json has them all."""
    more = len(things) - LEAKS_SHOWN
    return "; ".join(things[:LEAKS_SHOWN]) + (f"; and {more} more" if more > 0 else "")


LEAKS_SHOWN = 4
"""Of the things of one kind that splits share, those that card and terminal show."""

_HYDRATED = (
    "> **Hydrated build: do not pass on.** It holds texts of withheld pages, filled in from the user's own copies. The published "
    "release has the same rows with null texts.\n"
)
_TABLE_NOTES = (
    "\n`documents` is what most people want first; the record tables join by `article_id`, `entity_id`, `event_id`, `contact_id` "
    "and `kb_id`. Spans are half-open and count Unicode code points from 0. Where `text_status` is `withheld`, every text is null: "
    "the page is somebody else's copyright, pinned by `page.sha256`, and whoever has it can fill the texts in. Fields: "
    "`schema/*.schema.json`.\n"
)
_SPLIT_NOTES = (
    "The splits shipped are cut by event: articles that report the same contact, and near-duplicates, stand in one split. "
    "`split_by_time` and `split_by_outlet` in `articles` are two more.\n"
)


_FILES = (
    "## Files\n\n`data/` holds the tables (Parquet), `schema/` the JSON Schema of their rows and of the raw files. `DATASHEET.md`, "
    "where there is one, says where the data comes from, and what it is good for and what not. `release.json`: rows and digests. "
    "`corpus.json`: the metadata. `CHANGES.json`: what changed since the version before. `splits.json`, `leakage.json`, "
    "`agreement.json`: which article is in which split, what splits share, how far annotators agree. `CITATION.cff`, "
    "`datacite.json`, `croissant.json`: for citing, for catalogues, for tools. `bagit.txt`, `bag-info.txt` and the manifests make the "
    "folder a bag.\n"
)
_CHECK = (
    "To check that the files are those of the release, run in this folder\n\n"
    "```sh\nsha256sum -c --quiet tagmanifest-sha256.txt manifest-sha256.txt && sha256sum tagmanifest-sha256.txt\n```\n\n"
    "and compare what it prints with the digest that the publisher gives for this version (`data/releases.jsonl` in the repo): it pins "
    "every byte. The folder is a bag (BagIt 1.0), so that any tool for bags checks it too.\n"
)

_IN_FIGURES = {
    "Coverage": ("coverage", "contact_kinds"), "Outlets": ("outlets",), "Entities": ("entity_types",), "Events": ("event_types",),
    "On whose word": ("certainty",), "How actors are named": ("naming",), "Comments": ("comment_labels",),
    "Agreement of annotation passes": ("agreement",),
}  # fmt: skip
"""Headings of the card, and the blocks under each; a block with a plot of its name is shown with it."""


def _figures(title: str, blocks: Iterable[str], found: Statistics, figures: set[str]) -> str:
    parts = [f"### {title}\n"]
    for name in blocks:
        parts += [f"{figure(name)}\n"] if f"{name}.svg" in figures else []
        parts.append(markdown(found.blocks[name]))
    return "\n".join(parts)


def _annotated(found: Statistics) -> str:
    """Who annotated, and how much of it was read twice."""
    n = found.numbers
    who = ", ".join(f"{kind} ({count} of {n['articles']} articles)" for kind, count in found.blocks["annotators"].rows)
    written = f" Written for this corpus, so that they say nothing of what the press wrote: {n['articles_written']} articles."
    return (
        f"{n['mentions']:,} mentions of {n['entities']:,} entities, {n['events']:,} events with {n['markers']:,} markers, "
        f"{n['comments']:,} comments. Annotated by: {who}. Read in independent passes: {n['articles_with_passes']} articles; "
        f"adjudicated: {n['articles_adjudicated']}.{written if n['articles_written'] else ''}\n"
    )


def _table_rows(shards: Sequence[Shard]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for table in TABLES:
        what = (table.row.__doc__ or "").partition("\n")[0].rstrip(".")
        counts = [sum(shard.rows for shard in shards if (shard.table, shard.split) == (table.name, name)) or "–" for name in SPLITS]
        rows.append((f"`{table.name}`", what, f"`{table.key}`", *counts))
    return rows


def _section(name: str, doc: str, row: Mapping[str, Any] | None) -> str:
    text = " ".join(line.strip() for line in doc.strip().splitlines() if line.strip())
    example = (
        "No rows.\n" if row is None else f"```json\n{json.dumps(_shortened(row), ensure_ascii=False, indent=1, default=str)}\n```\n"
    )
    return f"### {name}\n\n{text}\n\n<details><summary>First row</summary>\n\n{example}\n</details>\n"


def _shortened(value: Any) -> Any:
    """An example for people: lists cut to two items, strings to 160 characters."""
    if isinstance(value, Mapping):
        return {key: _shortened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item) for item in value[:2]] + ([f"… {len(value) - 2} more"] if len(value) > 2 else [])
    return f"{value[:160]}…" if isinstance(value, str) and len(value) > 160 else value


def _dataset_info(meta: CorpusMeta, version: str, shards: Sequence[Shard]) -> list[dict[str, Any]]:
    """Features and sizes of every configuration as ``datasets`` writes them, ordered by name, and what its ``info`` tells of each:
    description, licence, citation, home page. ``datasets`` reads all of them from the card but writes only some.
    """
    found = []
    for table in sorted(TABLES, key=lambda table: table.name):
        own = [shard for shard in shards if shard.table == table.name]
        if not own:
            continue
        digests = ", ".join(f"{split} {digest}" for (_, split), digest in table_digests(own).items())
        info = {
            "config_name": table.name,
            "features": features(arrow_schema(table.row)),
            "splits": [_split_info(split, own) for split in dict.fromkeys(shard.split for shard in own)],
            "download_size": sum(shard.bytes for shard in own),
            "dataset_size": sum(shard.memory for shard in own),
            "description": f"{meta.title} {version}, table {table.name}. {meta.description} Logical digests (SHA-256): {digests}.",
            "license": meta.licences.annotations,
            "citation": bibtex(meta, version),
        }
        found.append(info | ({"homepage": meta.url} if meta.url else {}))
    return found


def _split_info(split: SplitName, shards: Iterable[Shard]) -> dict[str, Any]:
    own = [shard for shard in shards if shard.split == split]
    return {"name": split, "num_bytes": sum(shard.memory for shard in own), "num_examples": sum(shard.rows for shard in own)}


def features(schema: pa.Schema) -> list[dict[str, Any]]:
    """Columns as the card's YAML has them (``Features._to_yaml_list`` of ``datasets``, whose import alone takes a second and 130 MB).
    Raises TypeError for a type that ``schema.derive`` does not give.
    """
    return [{"name": field.name, **_feature(field.type)} for field in schema]


def _feature(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_struct(kind):
        return {"struct": [{"name": field.name, **_feature(field.type)} for field in kind]}
    if pa.types.is_list(kind):
        item = _feature(kind.value_type)  # a list of lists is the one whose items keep their key
        return {"list": item if "list" in item else next(iter(item.values()))}
    if kind not in _DTYPES:
        raise TypeError(f"no feature for {kind}")
    return {"dtype": _DTYPES[kind]}


_DTYPES = {
    pa.string(): "string", pa.bool_(): "bool", pa.int32(): "int32", pa.int64(): "int64", pa.float64(): "float64",
    pa.date32(): "date32",
}  # fmt: skip
