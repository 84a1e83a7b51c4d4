"""Title bar, navigation and question of a page, in the window until the page itself is there.

A browser reads five megabytes of scripts and draws for a second or more before anything of a page
is to be seen. This lies behind the page, without scripts, where the page will have the same.
`layouts.OneLayout` takes it away with the first layout of the page. A still of the pictures,
where a page has one, lies above and stays longer: `frame.stills`.
"""

import functools
from pathlib import Path

from panel.io import resources

from jntk_viz.drawing.private_api import NO_ECHO, QUICK_PAINT
from jntk_viz.drawing.recolour import KEPT
from jntk_viz.drawing.theme import ACCENT, DARK, INK, LINE, PAPER, PHONE

BAR = 48  # height of the title bar in pixels
SIDEBAR = 280  # width of the controls
NARROW = 1279  # pixels of a window in which the pages are listed in the drawer
# Without Roboto, whose words are not to be seen while it is being fetched.
_FONT = "Helvetica, Arial, sans-serif"
_CSS = f"""
#first-look {{ position: fixed; inset: 0; z-index: -1; font: 400 16px {_FONT}; color: {INK};
  background: {PAPER}; }}
#first-look header {{ display: flex; align-items: center; height: {BAR}px; padding: 0 24px;
  background: {ACCENT}; color: #fff; font-size: 18px; }}
#first-look header.beside {{ padding-left: 68px; }}
#first-look nav {{ margin-left: auto; }}
#first-look a {{ color: #fff; font: 500 15px {_FONT}; text-decoration: none; padding: 6px 5px; }}
#first-look a[aria-current] {{ background: #fff; color: {ACCENT}; border-radius: 4px; }}
#first-look main {{ padding: 14px 14px; height: 100%; }}
#first-look main.beside {{ margin-left: {SIDEBAR - 1}px; border-left: 1px solid {LINE}; }}
#first-look h1 {{ font: 500 21px/1.25 {_FONT}; margin: 0; }}
@media (max-width: {NARROW}px) {{ #first-look nav {{ display: none; }} }}
{PHONE} {{ #first-look main.beside {{ margin-left: 0; border: 0; }} }}
[data-theme=dark] #first-look {{ color: {DARK[INK]}; background: {DARK[PAPER]}; }}
[data-theme=dark] #first-look main.beside {{ border-color: {DARK[LINE]}; }}
"""
# As `recolour.Scheme` decides it once it is there.
_SCRIPT = """
{
  let kept = null
  try { kept = localStorage.getItem("KEPT") } catch { /* a strict browser has none */ }
  const asked = {"true": "dark", "false": "light"}[new URLSearchParams(location.search).get("dark")]
  const likes = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"
  document.documentElement.dataset.theme = asked ?? kept ?? likes
}
""".replace("KEPT", KEPT)


@functools.cache
def template():
    """A Jinja template: the HTML of a page around what `variables` say."""
    text = Path(__file__).with_name("first_look.html").read_text(encoding="utf-8")
    base = resources.BASE_TEMPLATE  # Material's, once it has been imported
    return base.environment.from_string(text, globals={"base": base})


def variables(
    title: str, navigation: str, question: str = "", controls: bool = False, still: str = ""
) -> dict:
    """Variables of the template.

    - `navigation`: HTML of the links;  `controls`: are there any, to the left of the question?
    - `still`: HTML of the page's still (`frame.stills`), over what else is shown.
    """
    look = {"title": title, "navigation": navigation, "question": question, "controls": controls}
    scripts = {"script": _SCRIPT, "after_bokeh": QUICK_PAINT + NO_ECHO}
    return {"look": {**look, "still": still, "css": _CSS, **scripts}}
