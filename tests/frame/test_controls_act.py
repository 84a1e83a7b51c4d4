"""Every control that a tab shows changes something on it; what acts elsewhere alone is put away."""

import param
import pytest
from test_same_picture import PLACES, different, opened, seen

from jntk_viz import frame
from jntk_viz.frame.guide import html_panes
from jntk_viz.frame.presets import setting_names

# Of each page the first place of each tab and what the tab is of.
VIEWS = {
    (name, *(settings.get(key, "") for key in ("view", "case"))): dict(settings)
    for name, places in PLACES.items()
    for settings, _ in reversed(places)
}
VIEWS["robust_training", "features", ""] |= {"t": 1.0}  # later the rule of training is forgotten
# In `make test`: pages that are quick to compute.
QUICK = {"eigenfeatures", "breakdown"}
CASES = [
    pytest.param(key[0], settings, id="-".join(filter(None, key)),
                 marks=[pytest.mark.slow] * (key[0] not in QUICK))
    for key, settings in VIEWS.items()
]  # fmt: skip
TRIED = 4  # values of a setting, before it is said not to act


def others(state, name):
    """Other values that a control can take, those next to the present one first."""
    parameter, now = state.param[name], getattr(state, name)
    if isinstance(parameter, param.Boolean):
        return [not now]
    if isinstance(parameter, param.Selector):
        every = list(parameter.get_range().values())
    elif isinstance(parameter, param.Number):
        low, high = parameter.bounds
        every = [low, (3 * low + high) / 4, now, (low + 3 * high) / 4, high]
        every = sorted({round(v) if isinstance(parameter, param.Integer) else v for v in every})
    else:
        return []
    place = every.index(now)
    near = sorted(every, key=lambda value: abs(every.index(value) - place))
    return near[1 : 1 + TRIED]


def on_screen(page):
    """The pictures of the tab and all words beside them."""
    words = [pane.object for pane in (page.headline.pane, *html_panes(page.body))]
    return {"pictures": seen(page), "words": words}


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_what_is_shown_acts(name, settings):
    frame.use_theme()
    page = opened(name, settings)
    content, before = page.content, on_screen(page)
    page.job.show()
    assert not different(before, on_screen(page)), "drawn once more"
    dead = []
    for setting in set(content.widgets) & set(setting_names(page.state)):
        if not content.widgets[setting].visible:
            continue
        now = getattr(page.state, setting)
        for value in others(page.state, setting):
            setattr(page.state, setting, value)
            changed = different(before, on_screen(page))
            setattr(page.state, setting, now)
            if changed:
                break
        else:
            dead.append(setting)
    assert dead == []
