"""``itscam storage``: whether the recordings are sound, and what is kept of them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from rich.filesize import decimal
from rich.table import Table

from its_camera_ai.api.times import check_span, wall_time
from its_camera_ai.bootstrap.recordings import media_of
from its_camera_ai.bootstrap.site import Site, open_site
from its_camera_ai.bootstrap.volume import volume_of
from its_camera_ai.cli.console import err, out
from its_camera_ai.cli.holds import holds, release
from its_camera_ai.cli.retention import retention
from its_camera_ai.cli.volume import adopt, predict
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S, iso_utc
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.recorder.checking.check import Depth
from its_camera_ai.recorder.checking.findings import Finding
from its_camera_ai.recorder.checking.fsck import Checked
from its_camera_ai.recorder.checking.fsck import fsck as check_volume
from its_camera_ai.recorder.checking.rebuild import rebuild
from its_camera_ai.recorder.checking.repair import Repaired
from its_camera_ai.recorder.checking.scrub import evidence_problem
from its_camera_ai.recorder.checking.verification import Verification, verify_all
from its_camera_ai.store.audit import AuditLog
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.segments import SegmentRepository
from its_camera_ai.store.storage_figures import StorageFigures

app = typer.Typer(no_args_is_help=True, help="Check, mend and count the recordings.")

app.command("retention")(retention)
app.command("predict")(predict)
app.command("adopt")(adopt)
app.command("holds")(holds)
app.command("release")(release)

PARTLY_DONE = 4
LISTED = 200
GAPS_S = 86_400
INDEXED_AFTER_S = 60
"""Rows follow their files within seconds; a busy database is given this time."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def fsck(
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Index what is not indexed, close what was left open, put aside what is no "
            "recording, mark what is gone or damaged. Nothing is deleted.",
        ),
    ] = False,
    content: Annotated[
        bool, typer.Option("--content", help="Also read everything and compare it with its hash.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare the recordings with the index and with their invariants. The site may run meanwhile.

    Ends with code 4 if something is wrong and was not mended.
    """
    with _site() as site:
        shown: list[Finding] = []
        depth = Depth.CONTENT if content else Depth.HEADS
        checked = check_volume(
            volume_of(site.settings),
            SegmentRepository(site.database),
            repair=repair,
            depth=depth,
            newer_than_wall_ns=site.clock.wall_ns() - INDEXED_AFTER_S * NS_PER_S,
            on_finding=lambda finding: _show(finding, shown, as_json),
        )
        if checked.repaired is not None and checked.repaired != Repaired():
            _audit(site, "storage_fsck", asdict(checked.repaired))
    if as_json:
        out.print_json(json.dumps(_checked_facts(checked)))
    else:
        _print_checked(checked)
    left = checked.repaired.left if checked.repaired is not None else not checked.report.clean
    if left:
        raise typer.Exit(PARTLY_DONE)


def _show(finding: Finding, shown: list[Finding], as_json: bool) -> None:
    if as_json:
        return
    shown.append(finding)
    if len(shown) <= LISTED:
        out.print(finding.text, markup=False, soft_wrap=True)
    elif len(shown) == LISTED + 1:
        out.print(f"… more than {LISTED}; --json lists 10,000")


def _checked_facts(checked: Checked) -> dict[str, object]:
    report = checked.report
    return {
        "files": report.files,
        "bytes": report.size_bytes,
        "rows": report.rows,
        "in_the_making": report.in_the_making,
        "newer_than_the_index": report.newer,
        "waiting_garbage": report.waiting_garbage,
        "known_damaged": report.known_damaged,
        "known_missing": report.known_missing,
        "clean": report.clean,
        "counts": {kind.value.slug: count for kind, count in report.counts.items()},
        "findings": [
            {
                "kind": finding.kind.value.slug,
                "invariant": finding.kind.value.invariant,
                "path": finding.path.encode("utf-8", "backslashreplace").decode(),
                "segment_id": finding.segment_id,
                "text": finding.text,
            }
            for finding in report.findings
        ],
        "repaired": None if checked.repaired is None else asdict(checked.repaired),
    }


def _print_checked(checked: Checked) -> None:
    report = checked.report
    out.print(
        f"{report.files} recordings ({decimal(report.size_bytes)}), {report.rows} in the index, "
        f"{report.in_the_making} in the making, {report.waiting_garbage} deleted ones to be "
        f"removed, {report.known_damaged} known as damaged, {report.known_missing} as missing"
    )
    if not report.counts:
        out.print("nothing is wrong")
    elif checked.repaired is None:
        found = ", ".join(f"{count} {kind.value.slug}" for kind, count in report.counts.items())
        out.print(f"found: {found}; what can be mended is mended with --repair")
    else:
        _print_repaired(checked.repaired)


def _print_repaired(repaired: Repaired) -> None:
    done = ", ".join(
        f"{count} {name.replace('_', ' ')}" for name, count in asdict(repaired).items() if count
    )
    out.print(f"done: {done or 'nothing'}")


@app.command("rebuild-index")
def rebuild_index(as_json: AsJson = False) -> None:
    """Make the index of the recordings anew from the files alone.

    The site may run meanwhile; broken off, it is begun again. Ends with code 4 if a tier could not
    be reached.
    """
    with _site() as site:
        migrate(site.database)
        told = 0

        def progress(files: int, size_bytes: int) -> None:
            nonlocal told
            if files >= told + 10_000:
                told = files
                err.print(f"{files} recordings, {decimal(size_bytes)} …", style="dim")

        settings = site.settings
        done = rebuild(
            volume_of(settings),
            SegmentRepository(site.database),
            media_of(settings),
            progress=progress,
        )
        _audit(site, "storage_rebuild_index", {"files": done.files, **asdict(done.repaired)})
    if as_json:
        facts = asdict(done)
        facts["bytes"] = facts.pop("size_bytes")
        out.print_json(json.dumps(facts))
    else:
        out.print(f"{done.files} recordings ({decimal(done.size_bytes)}) are in the index")
        if done.repaired != Repaired():
            _print_repaired(done.repaired)
        if done.unread:
            out.print(f"{done.unread} files of other tiers could not be read: archived, or foreign")
    for problem in done.problems:
        err.print(problem, style="red", markup=False, soft_wrap=True)
    if done.problems:
        raise typer.Exit(PARTLY_DONE)


@app.command()
def verify(
    camera: Annotated[str, typer.Option(help="Only this camera.")] = "",
    since: Annotated[str | None, typer.Option(help="RFC 3339, e.g. 2026-03-01T12:00:00Z.")] = None,
    until: Annotated[str | None, typer.Option(help="RFC 3339.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read recordings of all tiers whole and compare them with their hashes.

    Archived ones are left out. Ends with code 4 if any is damaged, missing or could not be read.
    """
    since_ns, until_ns = wall_time("--since", since), wall_time("--until", until)
    check_span(since_ns, until_ns)
    with _site() as site:
        repository = SegmentRepository(site.database)

        def bad(segment: Segment, state: str, reason: str) -> None:
            if not as_json:
                start = iso_utc(segment.start_wall_ns)
                out.print(f"{segment.camera_id} {start} {segment.path}: {state}, {reason}")

        done = verify_all(
            repository,
            media_of(site.settings),
            clock=site.clock,
            camera_id=camera,
            since_wall_ns=since_ns,
            until_wall_ns=until_ns,
            bad=bad,
        )
        if done.damaged or done.missing:
            _audit(site, "storage_verify", asdict(done))
        loudest = evidence_problem(repository)
    _print_verified(done, loudest, as_json)
    if done.damaged or done.missing or done.unread:
        raise typer.Exit(PARTLY_DONE)


def _print_verified(done: Verification, loudest: str, as_json: bool) -> None:
    if as_json:
        problems = [loudest] if loudest else []
        out.print_json(json.dumps({**asdict(done), "problems": problems}))
        return
    out.print(
        f"{done.good} recordings are as they were recorded ({decimal(done.size_bytes)} read), "
        f"{done.damaged} damaged, {done.missing} missing, {done.archived} archived, "
        f"{done.unread} could not be read"
    )
    if loudest:
        err.print(loudest, style="bold red", markup=False, soft_wrap=True)


@app.command()
def stats(as_json: AsJson = False) -> None:
    """How much is recorded, since when, what is damaged, missing or was not recorded today."""
    with _site() as site:
        figures, now_ns = StorageFigures(site.database), site.clock.wall_ns()
        holdings, verified = figures.holdings(), figures.verified()
        garbage_files, garbage_bytes = figures.garbage()
        gaps_s = {
            camera_id: sum(
                gap.length_ns / NS_PER_S
                for gap in figures.gaps(
                    camera_id, now_ns - GAPS_S * NS_PER_S, now_ns, longer_than_ns=5 * NS_PER_S
                )
            )
            for camera_id in sorted({holding.camera_id for holding in holdings})
        }
        loudest = evidence_problem(SegmentRepository(site.database))
    if as_json:
        facts = {
            "holdings": [asdict(holding) for holding in holdings],
            "verified": [asdict(tier) for tier in verified],
            "garbage": {"files": garbage_files, "bytes": garbage_bytes},
            "gaps_24h_s": gaps_s,
            "problems": [loudest] if loudest else [],
        }
        out.print_json(json.dumps(facts))
        return
    table = Table("camera", "tier", "oldest", "newest", box=None)
    for name in ("files", "size", "damaged", "missing"):
        table.add_column(name, justify="right")
    for held in holdings:
        table.add_row(
            held.camera_id,
            held.tier,
            iso_utc(held.oldest_wall_ns),
            iso_utc(held.newest_wall_ns),
            str(held.files),
            decimal(held.size_bytes),
            str(held.damaged_files),
            str(held.missing_files),
        )
    out.print(table)
    for tier in verified:
        out.print(f"{tier.tier}: {tier.never_files} recordings not verified yet")
    for camera_id, seconds in gaps_s.items():
        if seconds:
            out.print(f"{camera_id}: {seconds:.0f} s of the last 24 h are not recorded")
    out.print(f"{garbage_files} deleted recordings ({decimal(garbage_bytes)}) are to be removed")
    if loudest:
        err.print(loudest, style="bold red", markup=False, soft_wrap=True)


@contextmanager
def _site() -> Iterator[Site]:
    site = open_site(load_settings())
    try:
        yield site
    finally:
        site.close()


def _audit(site: Site, action: str, detail: dict[str, int]) -> None:
    AuditLog(site.database).append(
        actor="cli",
        action=action,
        object="storage",
        detail=detail,
        wall_ns=site.clock.wall_ns(),
    )
