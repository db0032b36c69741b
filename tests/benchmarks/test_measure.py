"""Time, memory and status of a command are those of all its processes."""

import subprocess
import sys
from pathlib import Path

import pytest

psutil = pytest.importorskip("psutil", reason="the extra bench is not installed")

from benchmarks.measure import measure  # noqa: E402

MIB = 2**20
linux = pytest.mark.skipif(sys.platform != "linux", reason="PSS is Linux's")


def test_status():
    assert measure([sys.executable, "-c", "raise SystemExit(3)"]).status == 3


def test_a_command_that_there_is_not():
    with pytest.raises(OSError, match="no-such-command"):
        measure(["no-such-command"])


@linux
def test_memory_of_children_counts():
    child = "import time; block = b'x' * (200 << 20); time.sleep(0.6)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    measured = measure([sys.executable, "-c", parent])
    assert measured.status == 0
    assert 200 * MIB < measured.pss < 300 * MIB
    assert measured.pss <= measured.rss
    assert measured.cpu > 0


@linux
def test_shared_memory_counts_once():
    fork = "import os, time; block = b'x' * (200 << 20); pid = os.fork(); time.sleep(0.6); pid and os.wait()"
    measured = measure([sys.executable, "-c", fork])
    assert 200 * MIB < measured.pss < 300 * MIB
    assert measured.rss > 400 * MIB


@linux
def test_processes_beside_the_command_count():
    other = subprocess.Popen(
        [sys.executable, "-c", "import time; block = b'x' * (200 << 20); print(flush=True); time.sleep(60)"], stdout=-1
    )
    try:
        assert other.stdout is not None
        other.stdout.readline()
        assert measure(["sleep", "0.3"], also=[other.pid]).pss > 200 * MIB
        assert measure(["sleep", "0.3"]).pss < 50 * MIB
    finally:
        other.kill()
        other.communicate()


@pytest.mark.slow
def test_what_takes_too_long_is_ended_with_all_below_it(tmp_path: Path):
    note = tmp_path / "pid"
    wait = "[sys.executable, '-c', 'import time; time.sleep(60)']"
    parent = f"import pathlib, subprocess, sys; p = subprocess.Popen({wait}); "
    parent += f"pathlib.Path({str(note)!r}).write_text(str(p.pid)); p.wait()"
    measured = measure([sys.executable, "-c", parent], timeout=1.0)
    assert measured.status is None
    assert measured.seconds < 20
    pid = int(note.read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
