"""The monitoring files: valid, tested, and only of metrics that exist."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.support.missing import missing

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "monitoring"
KNOWN = set(
    re.findall(
        r"^\| `(\w+)`", (ROOT / "docs/reference/metrics.md").read_text("utf-8"), re.MULTILINE
    )
)
RULES = [
    rule
    for path in sorted((FOLDER / "rules").glob("*.yml"))
    for group in YAML(typ="safe").load(path)["groups"]
    for rule in group["rules"]
]
ALERTS = [rule for rule in RULES if "alert" in rule]
RECORDED = {rule["record"] for rule in RULES if "record" in rule}


def run(tool: str, *args: str) -> str:
    if shutil.which(tool) is None:
        missing(f"{tool} is not installed.")
    done = subprocess.run([tool, *args], cwd=FOLDER, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def unknown(expr: str) -> set[str]:
    """Names in ``expr`` that are no metric: what is left without labels, calls and keywords."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^]]*\]', " ", expr)
    bare = re.sub(r"\b(by|on|without|ignoring)\s*\([^)]*\)", " ", bare)
    names = set(re.findall(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()", bare)) - {"and", "or", "unless"}
    return {
        n for n in names if n not in RECORDED | KNOWN and n.removesuffix("_bucket") not in KNOWN
    }


def test_prometheus_takes_the_files(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("0123456789abcdef")
    text = (FOLDER / "prometheus.yml").read_text("utf-8")
    text = text.replace("/etc/prometheus/itscam-metrics-token", str(token))
    (tmp_path / "prometheus.yml").write_text(text.replace("rules/*", f"{FOLDER}/rules/*"))
    run("promtool", "check", "config", str(tmp_path / "prometheus.yml"))


def test_the_rules_do_what_they_say() -> None:
    run("promtool", "test", "rules", "tests/alerts.yml")


@pytest.mark.parametrize("severity", ["p1", "p2", "p3", "p4"])
def test_alertmanager_routes(severity: str) -> None:
    run("amtool", "check-config", "alertmanager.yml")
    args = ("config", "routes", "test", "--config.file=alertmanager.yml", f"severity={severity}")
    assert run("amtool", *args).strip() == severity


def test_only_metrics_that_exist() -> None:
    assert {name for rule in RULES for name in unknown(rule["expr"])} == set()


def test_an_unknown_metric_is_found() -> None:
    assert unknown('sum by (camera) (rate(itscam_nonsense_total{a="b"}[5m])) > 1') == {
        "itscam_nonsense_total"
    }


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_every_alert_is_whole(alert: dict[str, dict[str, str]]) -> None:
    assert alert["labels"]["severity"] in {"p1", "p2", "p3", "p4"}
    assert {"summary", "description"} <= set(alert["annotations"])
    assert (ROOT / alert["annotations"]["runbook_url"]).is_file()
    names = {test["name"] for test in YAML(typ="safe").load(FOLDER / "tests/alerts.yml")["tests"]}
    assert {f"{alert['alert']}: {k}" for k in ("fires", "does not fire", "vanished")} <= names
