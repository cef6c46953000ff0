"""How the figures of a report came about: definitions with their sources, errors, limits."""

from its_camera_ai.analytics.reporting.data import CameraData
from its_camera_ai.analytics.reporting.document import Block, Heading, Table, Tone, Words
from its_camera_ai.analytics.reporting.tables import shown

DEFINITIONS = (
    ("Volume", "road users counted once each as they cross a line", "HCM"),
    ("Flow", "hourly equivalent, 3600·N/T; T is the time that was looked at", "HCM"),
    (
        "Peak-hour factor (PHF)",
        (
            "V/(4·V15): volume of the four busiest consecutive quarters over four times the "
            "highest of them; an hour with an unknown quarter is no candidate"
        ),
        "HCM",
    ),
    ("Mean speed", "time mean of spot speeds at a line, 95 % interval by Student's t", "May 1990"),
    (
        "Space-mean speed",
        "harmonic mean of spot speeds at a line; in a lane distance over time (Edie)",
        "May 1990, Edie 1963",
    ),
    (
        "v15, v50, v85",
        (
            "percentiles from bins of 1 km/h, right to 1 km/h; 95 % interval by binomial ranks, "
            "for at least 23 vehicles"
        ),
        "Conover",
    ),
    (
        "Density",
        "in a lane vehicle-seconds over length and time (Edie); at a line q/v for each lane",
        "Edie 1963",
    ),
    ("Occupancy", "time with a vehicle over the place", "FHWA Traffic Detector Handbook"),
    (
        "Queue",
        "joins below 5 km/h, leaves above 10 km/h, at most 20 m between neighbours",
        "PTV Vissim, HCM",
    ),
    ("LOS", "level of service A–F from density, control delay or space", "HCM"),
    ("pc", "passenger-car equivalents", "HCM 6th edition, level terrain"),
    (
        "Near miss",
        (
            "time to collision or post-encroachment time below the limit; type by angle: below 30° "
            "rear end, above 85° crossing, else lane change"
        ),
        "FHWA-HRT-08-051 (SSAM)",
    ),
    ("Unknown", "share of the time that was not looked at; it is never taken as empty", ""),
)
"""Of what stands in a report; ``docs/traffic-measures.md`` has all measures."""


def method(cameras: list[CameraData]) -> list[Block]:
    """The last part of a report."""
    blocks: list[Block] = [
        Heading("Method", 1),
        Words(
            "Road users are found in the picture by a detector, followed by a tracker, and put on "
            "the road by the camera's calibration. Each is counted when its reference point has "
            "clearly passed from one side of a line to the other between the line's ends. Numbers "
            "in brackets are 95 % confidence intervals of the sample; n is its size. They know "
            "nothing of vehicles that the detector never saw."
        ),
        Table(("term", "definition", "source"), DEFINITIONS, wide=1),
        Heading("Calibration"),
    ]
    rows = []
    warnings = []
    for data in cameras:
        solution = data.camera.solution
        if solution is None:
            rows.append((data.name, "none", "–", "–", "–", "–"))
            warnings.append(f"{data.name}: no speeds, lengths or densities; {data.camera.problem}.")
            continue
        held = solution.hold_out
        rows.append(
            (
                data.name,
                str(sum(not pair.check and not pair.bad for pair in solution.pairs)),
                shown(None if held is None else held.mean_m, 2),
                shown(None if held is None else held.p95_m, 2),
                shown(None if held is None else held.max_m, 2),
                f"{100 * solution.plane.scale_sd:.1f} %",
            )
        )
        if solution.warnings:
            warnings.append(f"{data.name}: {' '.join(solution.warnings)}")
    blocks.append(
        Table(
            ("camera", "points", "hold-out mean m", "p95 m", "max m", "scale, 1 sd"),
            rows,
            frozenset(range(1, 6)),
            wide=0,
        )
    )
    blocks.append(
        Words(
            "The hold-out error is the distance by which a measured point is missed when it takes "
            "no part in the fit. The calibration is the one that holds today; it may be another "
            "than at the time of measuring.",
            Tone.QUIET,
        )
    )
    blocks += [Words(text, Tone.WARNING) for text in warnings]
    blocks += [Heading("What was not measured"), *_not_measured(cameras)]
    return blocks


def _not_measured(cameras: list[CameraData]) -> list[Block]:
    said = [
        (
            "Axles, weights, number plates and who was driving are not measured. Road users hidden "
            "for their whole way through the picture are not counted."
        ),
    ]
    for data in cameras:
        scene = data.camera.scene
        lacking = [
            name
            for name, there in (
                ("lanes (no density, queue, time–space diagram)", scene.lanes),
                ("movements (no turning counts)", scene.movements),
                ("lines (no volumes and speeds)", scene.lines),
            )
            if not there
        ]
        if lacking:
            said.append(f"{data.name} has no {', no '.join(lacking)}.")
    return [Words(text) for text in said]
