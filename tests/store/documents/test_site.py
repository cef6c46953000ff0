import re
import string
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import ConfigInvalid, SceneInvalid
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.scene import Anchor, Line, Scene, Zone
from its_camera_ai.store.documents.site import export_site, load_site
from its_camera_ai.store.documents.words import printable

FULL = """\
# the site of the test
cameras:
  - id: north
    name: "North gate"
    url: rtsp://user:p%40ss@192.0.2.10:8554/main?a=b&c=d
    sub_url: rtsp://user:pass@192.0.2.10/sub
    enabled: false
    record: false
    detect: true
    rtsp_transport: udp
    detect_fps: 8
    lines:
      - {id: gate, points: [[150, 430], [1150, 430.5]], unit: px, anchor: centre}
    zones:
      - id: plaza
        name: Plaza
        points:
          - [0.1, 0.1]
          - [0.9, 0.1]
          - [0.9, 1]
        anchor: top_centre
  - {id: file, url: /srv/a b.mp4, loop: true, paced: false}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigInvalid) as caught:
        load_site(text)
    assert "CANARY" not in str(caught.value)
    return str(caught.value).splitlines()


def test_a_full_file() -> None:
    assert load_site(FULL).cameras == [
        Camera(
            id="north",
            main=CameraUrl("rtsp://192.0.2.10:8554/main?a=b&c=d", "user", "p@ss"),
            sub=CameraUrl("rtsp://192.0.2.10/sub", "user", "pass"),
            name="North gate",
            enabled=False,
            record=False,
            rtsp_transport="udp",
            detect_fps=8.0,
            scene=Scene(
                (Line("gate", ((150, 430), (1150, 430.5)), Unit.PX, Anchor.CENTRE),),
                (
                    Zone(
                        "plaza",
                        ((0.1, 0.1), (0.9, 0.1), (0.9, 1)),
                        anchor=Anchor.TOP_CENTRE,
                        name="Plaza",
                    ),
                ),
            ),
        ),
        Camera(id="file", main=CameraUrl("file:///srv/a%20b.mp4"), loop=True, paced=False),
    ]


def test_a_file_is_read_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_bytes(b"\xef\xbb\xbfcameras: []\r\n")
    assert load_site(path).cameras == []
    path.write_text("cameras: 5")
    with pytest.raises(ConfigInvalid, match=re.escape(f"{path}:1:10: cameras: must be a list")):
        load_site(path)


def camera(extra: str) -> str:
    """A site of one camera; ``extra`` begins in line 4, column 5."""
    return f"cameras:\n  - id: north\n    url: rtsp://h/x\n    {extra}\n"


BAD = [
    ("empty", "", "1:1: the file is empty; write 'cameras:' at the top level"),
    ("only a comment", "# nothing\n", "1:1: the file is empty; write 'cameras:' at the top level"),
    ("a list", "- a\n", "1:1: the file does not begin with a key; write 'cameras:'"),
    ("a word", "hello", "1:1: the file does not begin with a key"),
    ("no cameras", "a: 1\n", "1:1: cameras: the key 'cameras' is missing; add it"),
    ("null cameras", "cameras:\n", "1:1: cameras: must be a list"),
    ("cameras as mapping", "cameras: {north: {}}", "1:10: cameras: must be a list"),
    ("a camera that is a word", "cameras:\n  - north\n", "2:5: cameras[0]: must be a mapping"),
    ("no id", "cameras:\n  - url: /a\n", "2:5: cameras[0].id: the key 'id' is missing"),
    ("no url", "cameras:\n  - id: a\n", "2:5: cameras[0].url: the key 'url' is missing"),
    (
        "misspelt key",
        camera("recrod: true"),
        "4:5: cameras[0].recrod: unknown key 'recrod', did you mean 'record'?",
    ),
    (
        "key in capitals",
        camera("Record: true"),
        "4:5: cameras[0].Record: unknown key 'Record', did you mean 'record'?",
    ),
    (
        "unlike any key",
        camera("zzz: 1"),
        "4:5: cameras[0].zzz: unknown key 'zzz'; the keys here are id, name, url",
    ),
    (
        "misspelt at the top",
        "camera: []\n",
        "1:1: camera: unknown key 'camera', did you mean 'cameras'?",
    ),
    (
        "key twice",
        camera("url: /b"),
        "4:5: cameras[0].url: the key 'url' was given in line 3 already; remove one",
    ),
    (
        "number as name",
        camera("name: 5"),
        "4:11: cameras[0].name: must be text; put quotes round it",
    ),
    ("yes is a word", camera("record: yes"), "4:13: cameras[0].record: must be true or false"),
    ("quoted true", camera('record: "true"'), "4:13: cameras[0].record: must be true or false"),
    ("number as bool", camera("record: 1"), "4:13: cameras[0].record: must be true or false"),
    ("null as bool", camera("record:"), "4:5: cameras[0].record: must be true or false"),
    ("text as number", camera('detect_fps: "5"'), "4:17: cameras[0].detect_fps: must be a number"),
    ("bool as number", camera("detect_fps: true"), "4:17: cameras[0].detect_fps: must be a number"),
    ("no looks", camera("detect_fps: 0"), "4:17: cameras[0].detect_fps: must be greater than 0"),
    ("too many looks", camera("detect_fps: 61"), "4:17: cameras[0].detect_fps: must be at most 60"),
    ("infinite looks", camera("detect_fps: .inf"), "4:17: cameras[0].detect_fps: must be"),
    (
        "another transport",
        camera("rtsp_transport: http"),
        "4:21: cameras[0].rtsp_transport: must be 'tcp' or 'udp'",
    ),
    ("long name", camera("name: " + "x" * 201), "4:11: cameras[0].name: is longer than 200"),
    (
        "invisible name",
        camera('name: "a\\u202eb"'),
        "4:11: cameras[0].name: has a character that can't be seen",
    ),
    (
        "bad id",
        "cameras:\n  - {id: North!, url: /a}\n",
        "2:10: cameras[0].id: 'North!' is not allowed",
    ),
    ("number as id", "cameras:\n  - {id: 1, url: /a}\n", "2:10: cameras[0].id: must be text"),
    (
        "id twice",
        "cameras:\n  - {id: a, url: /a}\n  - {id: a, url: /b}\n",
        "3:10: cameras[1].id: the id 'a' is used in line 2 already",
    ),
    (
        "scheme",
        "cameras:\n  - {id: a, url: 'ftp://u:CANARY@h/x'}\n",
        "2:18: cameras[0].url: This kind of camera address is not allowed",
    ),
    (
        "no host",
        "cameras:\n  - {id: a, url: 'rtsp://u:CANARY@/x'}\n",
        "2:18: cameras[0].url: The rtsp address names no host",
    ),
    (
        "empty url",
        "cameras:\n  - {id: a, url: ''}\n",
        "2:18: cameras[0].url: The camera address is empty",
    ),
    (
        "bad sub",
        camera("sub_url: exec:rm"),
        "4:14: cameras[0].sub_url: A camera address needs a scheme",
    ),
    (
        "address as key",
        camera("rtsp://u:CANARY@h/x: 1"),
        "4:5: cameras[0].<address>: unknown key '<address>'",
    ),
    (
        "point of one",
        camera("lines: [{id: a, points: [[1], [0, 0]]}]"),
        "4:30: cameras[0].lines[0].points[0]: has 1 entries but needs at least 2",
    ),
    (
        "point of three",
        camera("lines: [{id: a, points: [[1, 1, 1], [0, 0]]}]"),
        "4:30: cameras[0].lines[0].points[0]: has 3 entries but may have at most 2",
    ),
    (
        "line of three",
        camera("lines: [{id: a, points: [[1, 1], [0, 0], [0, 1]]}]"),
        "4:29: cameras[0].lines[0].points: has 3 entries but may have at most 2",
    ),
    (
        "zone of two",
        camera("zones: [{id: a, points: [[1, 1], [0, 0]]}]"),
        "4:29: cameras[0].zones[0].points: has 2 entries but needs at least 3",
    ),
    (
        "word as coordinate",
        camera("lines: [{id: a, points: [[x, 1], [0, 0]]}]"),
        "4:31: cameras[0].lines[0].points[0][0]: must be a number",
    ),
    (
        "infinite coordinate",
        camera("lines: [{id: a, points: [[.nan, 1], [0, 0]]}]"),
        "4:31: cameras[0].lines[0].points[0][0]: must be a finite number",
    ),
    (
        "zero length",
        camera("lines: [{id: a, points: [[1, 1], [1, 1]]}]"),
        "4:29: cameras[0].lines[0].points: Line 'a' has zero length",
    ),
    (
        "outside",
        camera("lines: [{id: a, points: [[1, 1.01], [1, 1]]}]"),
        "4:29: cameras[0].lines[0].points: Line 'a': (1.0, 1.01) is outside 0–1",
    ),
    (
        "crossing itself",
        camera("zones: [{id: a, points: [[0, 0], [1, 1], [1, 0], [0, 1]]}]"),
        "4:29: cameras[0].zones[0].points: Zone 'a' crosses itself",
    ),
    (
        "no area",
        camera("zones: [{id: a, points: [[0, 0], [1, 1], [0.5, 0.5]]}]"),
        "4:29: cameras[0].zones[0].points: Zone 'a' crosses itself or has no area",
    ),
    (
        "unit",
        camera("lines: [{id: a, unit: m, points: [[1, 1], [0, 1]]}]"),
        "4:27: cameras[0].lines[0].unit: must be 'normalised' or 'px'",
    ),
    (
        "misspelt in a line",
        camera("lines: [{id: a, point: [[1, 1], [0, 1]]}]"),
        "4:21: cameras[0].lines[0].point: unknown key 'point', did you mean 'points'?",
    ),
    (
        "zone named as line",
        camera(
            "lines: [{id: a, points: [[1, 1], [0, 1]]}]\n"
            "    zones: [{id: a, points: [[1, 1], [0, 1], [0, 0]]}]"
        ),
        "5:18: cameras[0].zones[0].id: the id 'a' is used in line 4 already",
    ),
    (
        "empty id",
        camera("lines: [{id: '', points: [[1, 1], [0, 1]]}]"),
        "4:18: cameras[0].lines[0].id: must not be empty",
    ),
    ("broken bracket", "cameras: [{id: a\n", "2:1: no valid YAML:"),
    ("tab", "cameras:\n\t- a\n", "2:1: no valid YAML:"),
    ("colon in a value", camera("name: a: b"), "4:12: no valid YAML:"),
    ("bad indent", "cameras:\n  - id: a\n   url: /a\n", "3:4: no valid YAML:"),
    (
        "control character",
        "cameras: []\nx: a\x07\n",
        "2:1: a character that YAML does not allow (code 7)",
    ),
    ("anchor", "cameras: &all []\n", "1:10: the anchor &all is not allowed"),
    ("alias", "cameras: *all\n", "1:10: the alias *all is not allowed"),
    ("tag", "cameras: !!python/object:os.system []\n", "1:10: a tag is not allowed"),
    ("text tag", "cameras: !!str []\n", "1:10: a tag is not allowed"),
    ("second document", "cameras: []\n---\ncameras: []\n", "2:1: a second document begins here"),
    ("list as key", "? [a]\n: 1\n", "1:3: a key must be a plain word"),
    ("too deep", "cameras: " + "[" * 30, "1:29: nested deeper than 20 levels"),
    ("huge number", camera("detect_fps: " + "9" * 5000), "4:17: this number is too large"),
]


@pytest.mark.parametrize(
    ("text", "found"), [pytest.param(text, found, id=name) for name, text, found in BAD]
)
def test_what_is_wrong_and_where(text: str, found: str) -> None:
    assert any(line.startswith(f"site.yaml:{found}") for line in problems(text)), problems(text)


def test_every_problem_is_told_at_once_in_the_order_of_the_file() -> None:
    text = """\
cameras:
  - id: North
    url: ftp://u:CANARY@h/x
    recrod: true
    lines:
      - {id: a, points: [[0, 0], [0, 0]]}
      - {id: a, points: [[0, 0], [1, 2]]}
  - id: south
    zones: 5
"""
    assert [line.split(":")[1] for line in problems(text)] == list("23467789")


def test_a_file_full_of_mistakes_gives_a_report_that_ends() -> None:
    text = "cameras:\n" + "  - {}\n" * 900
    lines = problems(text)
    assert len(lines) == 101
    assert lines[-1] == "site.yaml: and 1700 more"


def test_only_so_many_cameras() -> None:
    text = "cameras:\n" + "".join(f"  - {{id: c{n}, url: /a}}\n" for n in range(1001))
    assert problems(text) == ["site.yaml:2:3: cameras: has 1001 entries but may have at most 1000"]


def test_a_huge_text_or_file_is_not_even_parsed(tmp_path: Path) -> None:
    text = "cameras: []\n" + "#" * 1024 * 1024
    assert "larger than 1024 KiB" in problems(text)[0]
    (tmp_path / "site.yaml").write_text(text)
    with pytest.raises(ConfigInvalid, match="larger than 1024 KiB"):
        load_site(tmp_path / "site.yaml")


BOMB = "a: &a [x, x]\n" + "".join(
    f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdefghijk", "bcdefghijkl", strict=True)
)


def test_a_bomb_of_aliases_is_refused_at_its_first_anchor() -> None:
    assert problems(BOMB) == ["site.yaml:1:4: the anchor &a is not allowed; remove it."]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        pytest.param(None, "can't be read: No such file", id="missing"),
        pytest.param(b"cameras: []\nname: \xff", ":2:1: this is not UTF-8 text", id="not UTF-8"),
        pytest.param(b"\xff\xfec\0a\0", ":1:1: this is not UTF-8 text", id="UTF-16"),
    ],
)
def test_files_that_can_not_be_read(tmp_path: Path, content: bytes | None, found: str) -> None:
    path = tmp_path / "site.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigInvalid) as caught:
        load_site(path)
    assert f"{path}" in str(caught.value)
    assert found in str(caught.value)


def test_an_export_leaves_out_defaults_and_passwords() -> None:
    assert (
        export_site(load_site(FULL).cameras)
        == """\
cameras:
  - id: north
    name: "North gate"
    url: "rtsp://user:***@192.0.2.10:8554/main?a=b&c=d"
    sub_url: "rtsp://user:***@192.0.2.10/sub"
    enabled: false
    record: false
    rtsp_transport: udp
    detect_fps: 8
    lines:
      - id: gate
        points: [[150, 430], [1150, 430.5]]
        unit: px
        anchor: centre
    zones:
      - id: plaza
        name: Plaza
        points: [[0.1, 0.1], [0.9, 0.1], [0.9, 1]]
        anchor: top_centre
  - id: file
    url: "file:///srv/a%20b.mp4"
    loop: true
    paced: false
"""
    )


def test_an_empty_site() -> None:
    assert load_site(export_site([])).cameras == []


TRICKY = ["yes", "null", "1", "1e3", "~", "- a", "a: b", "#", "'", '"', "\\", " a ", "true"]
TRICKY += ["0x1F", "é\u200d", "*a", "&a", "!a"]
names = st.one_of(
    st.text(max_size=20).filter(printable),
    st.sampled_from(
        [
            "yes",
            "null",
            "1",
            "1e3",
            "~",
            "- a",
            "a: b",
            "#",
            "'",
            '"',
            "\\",
            " a ",
            "true",
            "0x1F",
            "é\u200d",
            "*a",
            "&a",
            "!a",
        ]
    ),
)
labels = names.filter(lambda text: 1 <= len(text) <= 64)
fractions = st.floats(0, 1)
pixels = st.floats(-1e6, 1e6) | st.integers(-10_000, 10_000).map(float)


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    ids = draw(st.lists(labels, max_size=4, unique=True))
    lines, zones = [], []
    for item_id in ids:
        unit = draw(st.sampled_from(Unit))
        anchor = draw(st.sampled_from(Anchor))
        number = fractions if unit is Unit.NORMALISED else pixels
        points = draw(st.lists(st.tuples(number, number), min_size=2, max_size=6))
        try:
            if len(points) == 2:
                lines.append(Line(item_id, (points[0], points[1]), unit, anchor, draw(names)))
            else:
                zones.append(Zone(item_id, tuple(points), unit, anchor, draw(names)))
        except SceneInvalid:
            assume(False)
    return Scene(tuple(lines), tuple(zones))


users = st.none() | st.text(string.printable, min_size=1, max_size=8)
hosts = st.sampled_from(["cam", "192.0.2.1:8554", "[2001:db8::1]:554"])
paths = st.sampled_from(["", "/", "/a/b", "/a%20b?x=1&y=%2F", "/yes"])


@st.composite
def urls(draw: st.DrawFn) -> CameraUrl:
    scheme = draw(st.sampled_from(["rtsp", "rtsps", "http", "https"]))
    username = draw(users)
    password = None if username is None else draw(st.none() | st.just("***"))
    return CameraUrl.parse(
        CameraUrl(f"{scheme}://{draw(hosts)}{draw(paths)}", username, password).masked()
    )


cameras = st.builds(
    Camera,
    id=st.from_regex(r"[a-z0-9]([a-z0-9_-]{0,20}[a-z0-9])?", fullmatch=True),
    main=urls(),
    sub=st.none() | urls(),
    name=names,
    enabled=st.booleans(),
    record=st.booleans(),
    detect=st.booleans(),
    rtsp_transport=st.sampled_from(["tcp", "udp"]),
    loop=st.booleans(),
    paced=st.booleans(),
    detect_fps=st.floats(0, 60, exclude_min=True),
    scene=scenes(),
)


@given(st.lists(cameras, max_size=3, unique_by=lambda camera: camera.id))
@settings(max_examples=60, deadline=None)
def test_what_is_exported_loads_to_the_same(wanted: list[Camera]) -> None:
    assert load_site(export_site(wanted)).cameras == wanted


@given(st.text(max_size=60) | st.text("{}[]:,-?&*!|>'\"%@`#ab1 \n\t\x00", max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_site_or_a_clear_refusal(text: str) -> None:
    try:
        load_site(text)
    except ConfigInvalid as error:
        for line in str(error).splitlines():
            assert re.match(r"site\.yaml:\d+:\d+: .", line), line
