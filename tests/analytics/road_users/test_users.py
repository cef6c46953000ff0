"""Road users as a whole: what a frame shows, what ends when, and what is never measured."""

from dataclasses import replace

import numpy as np
import pytest

from its_camera_ai.analytics.road_users.users import RoadUsers
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.tracks import FirstSighting, FrameTracks, Unknown
from tests.analytics.road_users.driving import (
    CAR_M,
    PLANE,
    SCENE,
    SIZE_WH,
    car,
    crossed,
    looks,
    nothing,
    row_of,
    run,
    users,
)

S = 1_000_000_000


def test_places_and_speeds_are_those_of_the_truth() -> None:
    drives = [car(1, 50), car(2, 40, forward=False, begin_s=0.5)]
    room, checked = users(), 0
    for tracks in looks(drives, 5.0):
        frame = room.update(tracks)
        t_s = tracks.pts_ns / 1e9
        for drive in drives:
            if drive.track_id not in frame.track_id:
                continue
            row = row_of(frame, drive.track_id)
            if frame.seen_s[row] < 1 or not frame.valid[row]:
                continue
            off = np.hypot(frame.xy_m[row, 0] - drive.x_m, frame.xy_m[row, 1] - drive.y_m(t_s))
            assert off < 4 * frame.position_sd_m[row] + 0.1
            assert off < 0.5
            assert frame.speed_mps[row] == pytest.approx(drive.mps, abs=1.0)
            way = np.pi / 2 if drive.forward else -np.pi / 2
            assert frame.heading_rad[row] == pytest.approx(way, abs=0.1)
            assert frame.length_m[row] == pytest.approx(4.5, abs=0.3)
            lane = "north" if drive.forward else "south"
            if 17 < drive.y_m(t_s) < 52:
                assert SCENE.lanes[frame.lane[row]].id == lane
            checked += 1
    assert checked > 20


def test_metres_along_the_lane_grow_with_the_way() -> None:
    drive, room = car(1, 36), users()
    for tracks in looks([drive], 4.0):
        frame = room.update(tracks)
        if len(frame) and frame.seen_s[0] > 1:
            upstream_m = 28.0 - 12.0
            front_m = drive.y_m(tracks.pts_ns / 1e9) + CAR_M[0] / 2
            assert frame.along_m[0] == pytest.approx(front_m - upstream_m, abs=0.6)


def test_a_standing_vehicle_keeps_its_heading() -> None:
    drive, room = car(1, 36, accel=-3.0), users()
    for tracks in looks([drive], 10.0, noise_px=1.0):
        frame = room.update(tracks)
        if len(frame) and tracks.pts_ns > 6 * S:
            assert frame.heading_rad[0] == pytest.approx(np.pi / 2, abs=0.15)
            assert frame.speed_mps[0] < 1.5
    assert frame.xy_m[0] == pytest.approx([6.0, drive.y_m(10.0)], abs=0.3)


def test_without_a_plane_classes_lanes_and_headways_still_come() -> None:
    room = RoadUsers("cam", SCENE, None)
    found = run(room, [car(1, 50), car(2, 50, begin_s=2.0)], 8.0)
    assert [p.lane for p in found] == ["north", "north"]
    assert [p.vehicle.label for p in found] == ["car", "car"]
    assert {p.speed_problem for p in found} == {"no calibration"}
    assert found[1].headway_s == pytest.approx(2.0, abs=0.05)
    frame = room.update(next(iter(looks([car(9, 50, begin_s=-2.0)], 0.1))))
    assert not frame.valid.any()


def test_a_plane_for_pictures_of_another_size_measures_nothing() -> None:
    room = RoadUsers("cam", SCENE, replace(PLANE, size_wh=(640, 360)))
    found = run(room, [car()], 6.0)
    assert found[0].speed is None
    assert found[0].speed_problem == "calibrated for pictures of 640 x 360"


def test_in_doubt_nothing_is_valid_until_it_is_trusted_again() -> None:
    room, seen = users(), list(looks([car(1, 30)], 6.0))
    middle = len(seen) // 2
    for k, tracks in enumerate(seen):
        if k == middle - 8:
            room.doubt("a landmark moved by 7 px")
        if k == middle:
            room.trust()
        frame = room.update(tracks)
        doubted = middle - 8 <= k < middle
        if doubted and len(frame):
            assert not frame.valid.any()
            problem = room.passage(crossed(tracks, 1)).speed_problem
            assert problem == "calibration in doubt: a landmark moved by 7 px"
        if k == middle + 1:  # nothing from before or during the doubt is used
            assert "too short" in room.passage(crossed(tracks, 1)).speed_problem
        if k == middle + 8:
            passage = room.passage(crossed(tracks, 1))
            assert passage.speed is not None
            assert passage.speed.kmh == pytest.approx(30, abs=1.5)


def test_a_frame_out_of_order_changes_nothing() -> None:
    room, seen = users(), list(looks([car()], 3.0))
    for tracks in seen:
        frame = room.update(tracks)
    facts = room.facts(1)
    assert room.update(seen[-1]) is frame
    assert room.update(seen[-5]) is frame
    assert room.facts(1) == facts


def test_a_stream_that_begins_again_ends_all_tracks() -> None:
    room = users()
    for tracks in looks([car()], 3.0):
        room.update(tracks)
    for k in range(12):
        room.update(nothing(k * S // 5 - 100 * S))
    assert [t.track_id for t in room.ended()] == [1]
    assert room.facts(1).share == 0


def test_a_picture_of_another_size_ends_all_tracks() -> None:
    room = users()
    for tracks in looks([car()], 2.0):
        room.update(tracks)
    room.update(FrameTracks.nothing(3 * S, 3 * S, (640, 360)))
    assert len(room.ended()) == 1


def test_unknown_frames_end_nothing() -> None:
    room = users()
    for tracks in looks([car(1, 30)], 2.0):
        room.update(tracks)
    for k in range(20):
        frame = room.update(nothing(2 * S + k * S, Unknown.OVERLOAD))
        assert frame.unknown is Unknown.OVERLOAD
    assert room.ended() == []
    for k in range(1, 7):
        room.update(nothing(22 * S + k * S))
    assert [t.track_id for t in room.ended()] == [1]


def test_predictions_move_nothing_and_are_marked() -> None:
    room = users()
    seen = list(looks([car(1, 30)], 2.0))
    for tracks in seen:
        frame = room.update(tracks)
    place = frame.xy_m[0].copy()
    last = seen[-1]
    ahead = replace(
        last,
        pts_ns=last.pts_ns + S // 2,
        wall_ns=last.wall_ns + S // 2,
        xyxy=last.xyxy + 300,
        observed=np.zeros(1, np.bool_),
    )
    frame = room.update(ahead)
    assert not frame.observed[0]
    assert frame.xy_m[0] - place == pytest.approx([0, 30 / 3.6 / 2], abs=0.5)
    back = room.update(replace(last, pts_ns=ahead.pts_ns + 1, wall_ns=ahead.wall_ns + 1))
    assert back.observed[0]


def test_tracks_begin_where_they_were_first_seen() -> None:
    room, seen = users(), list(looks([car(1, 40)], 3.0))
    with_car = [t for t in seen if len(t)]
    first = with_car[0]
    box = tuple(float(v) for v in first.xyxy[0])
    told = (FirstSighting(1, first.pts_ns, (box[0], box[1], box[2], box[3]), 0.8),)
    frame = room.update(replace(with_car[4], firsts=told))
    assert frame.seen_s[0] == pytest.approx((with_car[4].pts_ns - first.pts_ns) / 1e9)


def test_what_is_no_track_is_left_out() -> None:
    room = users()
    box = [500.0, 300.0, 560.0, 340.0]
    rows = [(0, box, 0.9), (-1, box, 0.9), (3, [np.nan] * 4, 0.9), (4, box, 0.5), (4, box, 0.8)]
    tracks = FrameTracks(
        0,
        0,
        SIZE_WH,
        np.array([r[0] for r in rows]),
        np.array([r[1] for r in rows], np.float32),
        np.array([r[2] for r in rows], np.float32),
        np.full(5, int(ObjectClass.CAR), np.int8),
        np.ones(5, np.bool_),
    )
    assert room.update(tracks).track_id.tolist() == [4]


def test_a_broken_track_goes_on_under_its_new_id() -> None:
    room, known_s = users(), 0.0
    seen = [t for t in looks([car(1, 40)], 5.0) if len(t)]
    broken = len(seen) // 2
    for k, tracks in enumerate(seen):
        if k >= broken:
            tracks = replace(tracks, track_id=np.array([2]))
        frame = room.update(tracks)
        if k == broken + 1:
            room.join(1, 2)
            passage = room.passage(crossed(tracks, 2))
            assert passage.speed is not None
            assert passage.speed.kmh == pytest.approx(40, abs=1.5)
            assert passage.vehicle.length_m == pytest.approx(4.5, abs=0.4)
            known_s = (tracks.pts_ns - seen[0].pts_ns) / 1e9
        if k == broken + 2:
            assert frame.seen_s[0] == pytest.approx(known_s + 0.1)
    ended = room.finish()
    assert [t.track_id for t in ended] == [2]
    assert ended[0].xy_m[-1, 1] - ended[0].xy_m[0, 1] > 20
    assert (np.diff(ended[0].wall_ns) > 0).all()
    room.join(7, 8)  # unknown ids are no harm


def test_an_ended_track_leaves_its_path() -> None:
    room, drive = users(), car(1, 50)
    for tracks in looks([drive], 12.0, every_s=0.04):
        room.update(tracks)
    (path,) = room.ended()
    assert room.ended() == []
    assert path.camera_id == "cam"
    assert path.lanes == ("north",)
    assert path.vehicle.label == "car"
    assert np.diff(path.wall_ns).min() >= 0.5 * S
    assert 5 <= len(path.xy_m) <= 10
    t_s = (path.wall_ns - (tracks.wall_ns - tracks.pts_ns)) / 1e9
    for at_s, (x, y), mps in list(zip(t_s, path.xy_m, path.speed_mps, strict=True))[2:]:
        assert (x, y) == pytest.approx((drive.x_m, drive.y_m(at_s)), abs=0.4)
        assert mps == pytest.approx(drive.mps, abs=1.0)


def test_the_class_is_that_of_the_vote() -> None:
    room = users()
    for k, tracks in enumerate(t for t in looks([car(1, 40)], 3.0) if len(t)):
        kind = ObjectClass.TRUCK if k % 4 == 0 else ObjectClass.CAR
        share = None if k % 2 else np.array([0.7], np.float32)
        room.update(replace(tracks, class_id=np.array([kind], np.int8), class_share=share))
        if k % 2 == 0:
            assert room.facts(1).share == pytest.approx(0.7)
    assert room.facts(1).label == "car"
    assert 0.6 < room.facts(1).share < 0.8


def test_people_have_no_length_class_and_no_group() -> None:
    room = users()
    walker = car(1, 5, kind=ObjectClass.PERSON, dims_m=(0.5, 0.5, 1.7), begin_m=20.0)
    for tracks in looks([walker], 4.0):
        frame = room.update(tracks)
    facts = room.facts(1)
    assert (facts.length_m, facts.length_class, facts.fhwa) == (None, None, {})
    assert frame.speed_mps[0] == pytest.approx(5 / 3.6, abs=0.6)
    assert np.isnan(frame.length_m[0])


def test_memory_is_that_of_the_living() -> None:
    room = RoadUsers("cam", Scene(), PLANE)
    tracks = next(t for t in looks([car(1, 40)], 3.0) if len(t))
    for k in range(200):
        ids = np.arange(20 * k + 1, 20 * k + 21)
        many = replace(
            tracks,
            pts_ns=k * S,
            wall_ns=k * S,
            track_id=ids,
            xyxy=np.repeat(tracks.xyxy, 20, axis=0),
            score=np.repeat(tracks.score, 20),
            class_id=np.repeat(tracks.class_id, 20),
            observed=np.ones(20, np.bool_),
        )
        room.update(many)
        room.ended()
    assert len(room._roster) == 20 * 6
    assert len(room._roster.track_id) <= 256
