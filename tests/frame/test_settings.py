"""The menus of settings that several pages have."""

from jntk_viz.activations import ACTIVATIONS
from jntk_viz.frame.settings import WITHOUT_JNTK, activation_setting


def test_the_menu_of_activations_has_those_that_have_a_jntk():
    kinked = [name for name, phi in ACTIVATIONS.items() if not phi.smooth]
    assert kinked == [*WITHOUT_JNTK]
    smooth = activation_setting().get_range().values()
    assert set(ACTIVATIONS) - set(smooth) == set(WITHOUT_JNTK)
    assert [*activation_setting(smooth=False).get_range().values()] == [*ACTIVATIONS]
