"""XML that any parser reads."""

import io

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from its_camera_ai.analytics.publishing.xml_stream import XmlStream

ODD = "\x00\x0b\ufffe\ud800<&>\"'\n"


@given(st.text(st.characters(exclude_categories=()), max_size=20), st.text(max_size=20))
def test_text_and_attributes_come_back(text: str, value: str) -> None:
    out = io.BytesIO()
    xml = XmlStream(out)
    with xml.element("a", {"b": value}):
        xml.text("c", text + ODD)
        xml.empty("d", {"e": value})
    root = etree.fromstring(out.getvalue())
    told = root.findtext("c") or ""
    for was, now in zip((text + ODD).replace("\r\n", "\n").replace("\r", "\n"), told, strict=True):
        assert now == was or now == "\ufffd"
    assert [e.tag for e in root.iter()] == ["a", "c", "d"]
