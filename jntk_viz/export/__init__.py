"""Pages as files: their states computed beforehand, shown by a browser without server or network.

    from jntk_viz.export.files import export_page, export_site
    export_page("gp_convergence", "start", "talk.html")

`pages` opens a page in this process and says which states its sliders reach, `capture` records what
every figure shows in each of them, `payload` packs that, `html` writes the file, `files` does all
of it. Nothing is imported here: the command line looks into this package before it needs Panel.
"""


class ExportError(ValueError):
    """A page cannot be exported as asked; the message says why and what to do."""
