"""Bundles that Arrow parses from raw bytes are, with the model's defaults, those that Pydantic would have written."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings

from pipeline.nodes import nodes
from pipeline.spans import bundles_array, parse_json, with_defaults
from schema.derive import arrow_schema
from schema.records import Bundle
from tests.conftest import ROOT, VALID
from tests.strategies import bundles


def parsed(records: list[dict]):
    """Bundles parsed from their bytes alone, fields that are no columns left out."""
    lines = [json.dumps({key: value for key, value in record.items() if key != "$schema"}) for record in records]
    return parse_json("\n".join(lines).encode(), len(records), arrow_schema(Bundle))


@pytest.mark.parametrize("folder", [VALID, ROOT / "data/raw"], ids=["valid", "corpus"])
def test_with_defaults_raw_bytes_are_the_models(folder: Path):
    files = sorted((folder / "articles").glob("*.json"))
    root = parsed([json.loads(file.read_bytes()) for file in files])
    models = bundles_array([Bundle.model_validate_json(file.read_bytes()) for file in files])
    assert not root.equals(models)
    assert with_defaults(root).equals(models)
    with_defaults(root).validate(full=True)
    assert with_defaults(models).equals(models)


@settings(max_examples=50, deadline=None)
@given(bundles())
def test_with_defaults_any_bundle_is_its_model(made: tuple[dict, str]):
    record, _ = made
    models = bundles_array([Bundle.model_validate_json(json.dumps(record))])
    root = with_defaults(parsed([record]))
    assert root.equals(models)
    assert {n.path for n in nodes(root)} == {n.path for n in nodes(models)}
