"""A tiny site for the tests of this folder, made once: two pages with one preset each."""

import pytest
import yaml

from jntk_viz.export import pages
from jntk_viz.site.building import build_site

PRESETS = {
    "playground": """
name: tiny
title: Tiny
say: Slide t and see.
set: {example: caps, depth: 1, t: 10, lam: 0.1}
sweep: {t: [10, 100], lam: [0.1, 1.0]}
predict:
  title: Two caps
  question: How many points withstand the attack with the penalty?
  kind: choice
  options: [fewer, as many, more of them]
  answer: robust_points
  hide: [standard, penalised]
  explain: It flattens f.
""",
    "gp_convergence": """
name: small
title: How wide is wide enough?
set: {view: covariance, width: 8, networks: 100, depth: 1, activation: erf, data: circle}
sweep: {width: [8, 32]}
""",
}


def only_ours(page, study, folder=None):
    """One small preset of each page, in place of all of them."""
    from jntk_viz.frame.presets import read_preset

    return [read_preset(yaml.safe_load(PRESETS[page]), study.state)]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """(folder, what `build_site` returned, what it told)."""
    told, out = [], tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PANEL_INLINE", "1")
        patch.setattr(pages, "presets_of", only_ours)
        made = build_site(
            out, pages=list(PRESETS), lessons=["0"], reference=["kernels", "lessons", "apps"],
            tell=told.append, quiet=True,
        )  # fmt: skip
    return out, made, told
