"""Runs the proofs of ``docs/evidence.yaml`` and says how many requirements hold.

Each row has an ``id``, the ``requirement`` in short, a ``state`` and proofs:

- ``done``: every proof must hold, and there is at least one.
- ``part``: proved in part; ``reason`` says what is missing.
- ``not yet``: nothing to prove.
- ``exempt``: will not be done; ``reason`` says why.

A proof is a pytest node id, or ``run: COMMAND`` for a shell command that must end with code 0. Each
proof is run once, however many rows name it. Only rows with the state done can fail the command.
"""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "evidence.yaml"
STATES = ("done", "part", "not yet", "exempt")
_COMMAND_TIMEOUT_S = 900


@dataclass(frozen=True, slots=True)
class Row:
    """One requirement."""

    id: str
    requirement: str
    state: str
    reason: str = ""
    proof: tuple[str, ...] = ()

    def problems(self) -> list[str]:
        """What is wrong with the row itself, before anything is run."""
        found = []
        if self.state not in STATES:
            found.append(f"state must be one of {', '.join(STATES)}")
        if self.state in ("done", "part") and not self.proof:
            found.append(f"state {self.state} needs a proof")
        if self.state in ("part", "exempt") and not self.reason:
            found.append(f"state {self.state} needs a reason")
        if self.state in ("not yet", "exempt") and self.proof:
            found.append(f"state {self.state} has no proof")
        return [f"{self.id}: {problem}" for problem in found]


@dataclass(eq=False)  # pytest keeps plug-ins in a set
class Recorder:
    """A pytest plugin that keeps the outcome of every test by its node id."""

    outcome: dict[str, str] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.outcome != "passed" or report.when == "call":
            before = self.outcome.get(report.nodeid)
            if before in (None, "passed"):
                self.outcome[report.nodeid] = report.outcome

    def holds(self, node: str) -> bool:
        """Did all tests below this node pass, and was there one?"""
        found = [
            outcome
            for test, outcome in self.outcome.items()
            if test == node or test.startswith((f"{node}[", f"{node}::"))
        ]
        return bool(found) and set(found) == {"passed"}


def load(path: Path) -> list[Row]:
    """The rows of the table.

    Raises:
        ValueError: an id twice, an unknown key, or a row that contradicts itself.
    """
    raw: list[dict[str, Any]] = YAML(typ="safe").load(path)
    rows = [Row(**{**item, "proof": tuple(map(_proof, item.get("proof", ())))}) for item in raw]
    twice = [name for name, count in Counter(row.id for row in rows).items() if count > 1]
    problems = [f"{name}: stands there twice" for name in twice]
    problems += [problem for row in rows for problem in row.problems()]
    if problems:
        raise ValueError("\n".join(problems))
    return rows


def _proof(item: str | dict[str, str]) -> str:
    return item if isinstance(item, str) else f"run: {item['run']}"


def exists(node: str) -> bool:
    """Is there such a file, with a test of that name? (Pytest runs nothing if one is missing.)"""
    file, *names = node.split("::")
    path = ROOT / file
    if not path.exists():
        return False
    text = path.read_text() if path.is_file() else ""
    return all(re.search(rf"(def|class) {re.escape(n.split('[')[0])}\b", text) for n in names)


def prove(proofs: Iterable[str]) -> dict[str, bool]:
    """Run every proof once; which of them hold."""
    commands = [proof for proof in proofs if proof.startswith("run: ")]
    nodes = [proof for proof in proofs if not proof.startswith("run: ")]
    found = {proof: _run(proof.removeprefix("run: ")) for proof in commands}
    recorder = Recorder()
    there = [node for node in nodes if exists(node)]
    if there:
        pytest.main(["-q", "--no-header", *there], plugins=[recorder])
    return found | {node: recorder.holds(node) for node in nodes}


def _run(command: str) -> bool:
    print(f"$ {command}", flush=True)
    try:
        done = subprocess.run(
            ["/bin/bash", "-c", command],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=_COMMAND_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        print(f"  still running after {_COMMAND_TIMEOUT_S} s")
        return False
    if done.returncode:
        print((done.stdout + done.stderr)[-2000:])
    return done.returncode == 0


def report(rows: list[Row], held: dict[str, bool]) -> int:
    """Print what holds; 1 if a row that is called done does not."""
    failed = [row for row in rows if row.state == "done" and not all(held[p] for p in row.proof)]
    weak = [row for row in rows if row.state == "part" and not all(held[p] for p in row.proof)]
    for row in failed + weak:
        bad = ", ".join(p for p in row.proof if not held[p])
        print(f"{'FAILED' if row in failed else 'note  '} {row.id} ({row.state}): {bad}")
    count = Counter(row.state for row in rows)
    print(
        f"evidence: {count['done'] - len(failed)} of {count['done']} done requirements hold, "
        f"{count['part']} in part, {count['not yet']} not yet, {count['exempt']} exempt; "
        f"{sum(held.values())} of {len(held)} proofs hold."
    )
    return 1 if failed else 0


def main() -> int:
    try:
        rows = load(TABLE)
    except (ValueError, TypeError) as error:
        print(f"docs/evidence.yaml can't be used:\n{error}", file=sys.stderr)
        return 2
    proofs = list(dict.fromkeys(proof for row in rows for proof in row.proof))
    return report(rows, prove(proofs))


if __name__ == "__main__":
    sys.exit(main())
