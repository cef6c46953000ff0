import sys
import warnings

import pytest

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.evaluation.scorers import load_scorer, quiet


@pytest.mark.parametrize("module", ["trackeval.metrics", "faster_coco_eval"])
def test_a_missing_extra_names_the_command(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigInvalid, match=r"pip install 'its-camera-ai\[eval\]'"):
        load_scorer(module)


def test_prints_and_warnings_stay_inside(capsys: pytest.CaptureFixture[str]) -> None:
    with quiet():
        print("hello")  # noqa: T201 (it is what must not get out)
        warnings.warn("not an error here", UserWarning, stacklevel=1)
    assert capsys.readouterr().out == ""
