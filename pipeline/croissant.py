"""croissant.json: a release in the words of Croissant 1.1 (http://mlcommons.org/croissant/1.1), with what its RAI vocabulary 1.0 asks.

Croissant gives a nested value leaf by leaf. A leaf below one list is a list; a leaf below a list of lists has no path, since a
``jsonPath`` gives its first match. Such lists (the mentions of the entities of a document) are declared as annotations of the
field that they belong to: with all their fields and types, and in the Parquet files, but not in the records that readers make.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args, get_origin

import pyarrow as pa

from pipeline.rai import RAI
from pipeline.split import SPLITS
from pipeline.write import Shard
from schema.base import Model, meanings
from schema.derive import arrow_schema, unwrap
from schema.reference import CorpusMeta
from schema.rows import TABLES, Table

CROISSANT = "croissant.json"


def croissant(meta: CorpusMeta, version: str, shards: Sequence[Shard], citation: str, rai: Mapping[str, str]) -> dict[str, Any]:
    """The metadata as JSON-LD: a FileObject for each Parquet file, and a FileSet and a RecordSet for each table that has rows.

    ``citation`` is BibTeX, ``rai`` has texts by property of RAI. Paths are relative to the release. Record sets read the FileSets; the
    FileObjects say size and sum of each file. What a key refers to stands in its description: ``references`` would say it to programs,
    but makes mlcroissant (1.1.1) join the tables, and then it gives no row when it reads a second time.
    """
    tables = [table for table in TABLES if any(shard.table == table.name for shard in shards)]
    targets = {table.key: f"{table.name}/{table.key}" for table in tables}  # of two tables with one key, the later
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1"] + (["http://mlcommons.org/croissant/RAI/1.0"] if rai else []),
        **_about(meta, version, citation),
        **{f"rai:{name}": rai[name] for name in RAI if name in rai},
        "distribution": [
            *(_file(shard) for shard in shards),
            *(_files(table, [shard.path for shard in shards if shard.table == table.name]) for table in tables),
        ],
        "recordSet": [_split_names(), *(_record_set(table, targets) for table in tables)],
    }


def _about(meta: CorpusMeta, version: str, citation: str) -> dict[str, Any]:
    licences = dict.fromkeys((meta.licences.annotations, meta.licences.text))
    links = {"url": meta.url, "identifier": f"https://doi.org/{meta.doi}" if meta.doi else None}
    return {
        "name": meta.title,
        "alternateName": meta.name,
        "description": meta.description,
        "version": version,
        "datePublished": meta.released,
        **{key: value for key, value in links.items() if value},
        "license": [f"https://spdx.org/licenses/{licence}" for licence in licences],
        "inLanguage": list(meta.languages),
        "keywords": list(meta.keywords),
        "creator": [
            {"@type": "sc:Person", "name": author.name, "url": f"https://orcid.org/{author.orcid}"}
            if author.orcid
            else {"@type": "sc:Organization", "name": author.name}
            for author in meta.authors
        ],
        "citeAs": citation,
    }


def _file(shard: Shard) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": shard.path,
        "name": shard.path.rpartition("/")[2],
        "description": f"{shard.table}, {shard.split}: {shard.rows} rows.",
        "contentUrl": shard.path,
        "contentSize": f"{shard.bytes} B",
        "encodingFormat": _PARQUET,
        "sha256": shard.sha256,
    }


def _files(table: Table, paths: Sequence[str]) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{table.name}-files",
        "name": f"{table.name}-files",
        "description": f"The Parquet files of {table.name}, one or more for each split.",
        "encodingFormat": _PARQUET,
        "includes": list(paths),
    }


def _split_names() -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "description": "Names of the splits.",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [{"@type": "cr:Field", "@id": "splits/name", "name": "name", "description": "The name.", "dataType": "sc:Text"}],
        "data": [{"splits/name": name} for name in SPLITS],
    }


def _record_set(table: Table, targets: Mapping[str, str]) -> dict[str, Any]:
    own = f"{table.name}/{table.key}"
    fields = [_split_of(table)] if table.split else []
    for column in arrow_schema(table.row):
        if table.split and column.name == "split":
            continue  # it says what the name of its file says
        field = _field(table.name, (column.name,), column.type, table.row)
        target = targets.get(column.name, own)
        fields.append(field if target == own else field | {"description": f"{field['description']} One of {target}."})
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": _line(table.row.__doc__),
        "key": {"@id": own},
        "field": fields,
    }


def _split_of(table: Table) -> dict[str, Any]:
    """The split of a row, told by the name of its file."""
    return {
        "@type": "cr:Field",
        "@id": f"{table.name}/split",
        "name": "split",
        "description": "The split that the row stands in: one of splits/name.",
        "dataType": ["sc:Text", "cr:Split"],
        "source": {
            "fileSet": {"@id": f"{table.name}-files"},
            "extract": {"fileProperty": "filename"},
            "transform": {"regex": f"({'|'.join(SPLITS)})-.*"},
        },
    }


def _field(table: str, path: tuple[str, ...], kind: pa.DataType, model: type[Model], in_list: bool = False) -> dict[str, Any]:
    """A field of a model, its path from the column inwards; ``in_list``: whether a field above it is a list."""
    many = pa.types.is_list(kind)
    item = kind.value_type if many else kind
    field = {
        "@type": "cr:Field",
        "@id": "/".join((table, *path)),
        "name": path[-1],
        "description": _line(meanings(model).get(path[-1])),
        **({"isArray": True, "arrayShape": "-1"} if many else {}),
    }
    if not pa.types.is_struct(item):
        source: dict[str, Any] = {"fileSet": {"@id": f"{table}-files"}, "extract": {"column": path[0]}}
        if path[1:]:
            source["transform"] = [{"jsonPath": name} for name in path[1:]]
        return field | {"dataType": _DATA_TYPES[item], "source": source}
    inner = _model(model.model_fields[path[-1]].annotation)
    parts: dict[str, list[dict[str, Any]]] = {"subField": [], "annotation": []}
    for part in item:
        unread = (in_list or many) and pa.types.is_list(part.type) and pa.types.is_struct(part.type.value_type)
        sub = _field(table, (*path, part.name), part.type, inner, in_list or many)
        if unread:
            sub["description"] += " A list inside a list: in the Parquet files, but not in the records that Croissant gives."
        parts["annotation" if unread else "subField"].append(sub)
    return field | {name: fields for name, fields in parts.items() if fields}


def _model(annotation: Any) -> type[Model]:
    """The model of a field that holds one or a list of them."""
    kind, _ = unwrap(annotation)
    if get_origin(kind) is tuple:
        kind, _ = unwrap(get_args(kind)[0])
    return cast(type[Model], kind)


def _line(text: str | None) -> str:
    return " ".join((text or "").split())


_PARQUET = "application/x-parquet"
_DATA_TYPES = {
    pa.string(): "sc:Text", pa.bool_(): "sc:Boolean", pa.int32(): "sc:Integer", pa.int64(): "sc:Integer",
    pa.float64(): "sc:Float", pa.date32(): "sc:Date",
}  # fmt: skip
"""All that ``schema.derive`` makes. Readers give Text as UTF-8 bytes and Date as a time stamp at midnight."""
_CROISSANT_TERMS = (
    "annotation", "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "excludes", "extract", "field",
    "fileObject", "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5",
    "parentField", "path", "readLines", "recordSet", "references", "regex", "repeated", "replace", "samplingRate", "sdVersion",
    "separator", "source", "subField", "transform", "unArchive",
)  # fmt: skip
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{term: f"cr:{term}" for term in _CROISSANT_TERMS},
}
"""The context of Croissant 1.1, “Appendix 1: JSON-LD context”, and the terms that mlcroissant wants besides: it warns of missing ones."""
