"""The whole site, which takes long to compute."""

import pytest
from links import broken

from jntk_viz.site.building import build_site


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_whole_site_holds_together(tmp_path, monkeypatch):
    monkeypatch.setenv("PANEL_INLINE", "1")
    made = build_site(tmp_path / "public", quiet=True, tell=lambda line: None)
    assert made.problems == []
    assert broken(tmp_path / "public") == []
