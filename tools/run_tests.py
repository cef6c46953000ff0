"""Runs all tests in a sensible order and ends with one line that adds them up.

The quick ones share the processors; those that start the whole system or a browser then run one
after the other, since they need the machine for themselves. Extra arguments go to pytest.
"""

import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / ".cache" / "test-results"
_ALONE = "system or browser"


@dataclass(frozen=True, slots=True)
class Suite:
    """One run of one test runner, which writes its result as JUnit XML."""

    name: str
    command: list[str]

    @property
    def report(self) -> Path:
        return RESULTS / f"{self.name}.xml"


def suites(extra: list[str]) -> list[Suite]:
    """The suites in the order in which they are run."""
    pytest = [sys.executable, "-m", "pytest", "-q", "-o", "faulthandler_timeout=240", *extra]
    vitest = ["tools/dashboard.sh", "run", "test", "--", "--reporter=default", "--reporter=junit"]
    return [
        Suite("dashboard", [*vitest, f"--outputFile.junit={RESULTS}/dashboard.xml"]),
        Suite(
            "quick",
            [*pytest, "-n", "2", "-m", f"not ({_ALONE})", f"--junitxml={RESULTS}/quick.xml"],
        ),
        Suite("system", [*pytest, "-m", _ALONE, f"--junitxml={RESULTS}/system.xml"]),
    ]


def outcomes(report: Path) -> Counter[str]:
    """How many tests of a JUnit report passed, failed and were skipped."""
    count: Counter[str] = Counter()
    if not report.exists():
        return count
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - our own file
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            count["failed"] += 1
        else:
            count["skipped" if "skipped" in kinds else "passed"] += 1
    return count


def main() -> int:
    RESULTS.mkdir(parents=True, exist_ok=True)
    total: Counter[str] = Counter()
    lines = []
    for suite in suites(sys.argv[1:]):
        print(f"== {suite.name}", flush=True)
        suite.report.unlink(missing_ok=True)
        began = time.monotonic()
        code = subprocess.run(suite.command, cwd=ROOT, check=False).returncode
        count = outcomes(suite.report)
        if code and not count["failed"]:
            count["failed"] += 1  # it broke before or outside of a test, or ran none
        total += count
        lines.append(f"{suite.name:10} {_words(count)}, {time.monotonic() - began:.0f} s")
    print("\n" + "\n".join(lines))
    print(_words(total))
    return 1 if total["failed"] else 0


def _words(count: Counter[str]) -> str:
    return f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped"


if __name__ == "__main__":
    sys.exit(main())
