"""What other raw-data repos use: the GitHub action's script and the pre-commit hook do what they say."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT, edit_json


@pytest.fixture
def environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def action(environment: dict[str, str], folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the last step of action.yml as a runner would, with inputs in the environment."""
    definition = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    step = definition["runs"]["steps"][-1]
    given = {name.replace("-", "_"): value["default"] for name, value in definition["inputs"].items()} | inputs
    names = {key: value.removeprefix("${{ inputs.").removesuffix(" }}").replace("-", "_") for key, value in step["env"].items()}
    assert set(names.values()) == set(given)
    variables = {key: given[name] for key, name in names.items()}
    return subprocess.run(
        ["bash", "-e", "-c", step["run"]], cwd=folder, env=environment | variables, capture_output=True, text=True
    )


@pytest.mark.slow
def test_the_action_fails_with_annotations_and_passes_when_mended(raw: Path, environment: dict[str, str]):
    folder = raw.parent.parent
    assert action(environment, folder).returncode == 0
    edit_json(raw / "articles/wahl-abendblatt.json", lambda b: b["events"][0].update(certainty="sure"))
    done = action(environment, folder)
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=data/raw/articles/wahl-abendblatt.json,line=1,col=")
    done = action(environment, folder, format="sarif", output="report $(touch pwned).sarif")
    assert done.returncode == 1
    assert json.loads((folder / "report $(touch pwned).sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert not (folder / "pwned").exists()


@pytest.mark.slow
def test_the_hook_runs_what_is_installed(raw: Path, environment: dict[str, str]):
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    command = [*hook["entry"].split(), "--raw", str(raw)]
    assert subprocess.run(command, env=environment, capture_output=True).returncode == 0
    (raw / "kb.jsonl").write_text("{")
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "kb.jsonl:1:2: Expecting property name" in done.stderr
