"""One folder that holds everything and needs no server: `jntk-viz site OUT/`.

    index.html      the playground, and links to all that follows
    NAME.html …     every page with every preset (`jntk_viz.export.site`)
    lessons/        lessons, slides, handouts (`jntk_viz.course`)
    docs/           reference of the library, guides, the reproduction's results, search

Everything opens by a double click; any static host serves it. The parts:

    docstrings      docstrings as Sphinx reads them
    reference       the pages of the library's public names
    formulas        the pages' formulas, typeset as MathML, and the functions that compute them
    guides          the Markdown documents of the project
    search          text of pages and lessons for the search of the documents
    documents       all documents, written and built by Sphinx
    building        the site, part by part
    command         `jntk-viz site`
"""


class SiteError(ValueError):
    """The site cannot be written as asked; the message says why and what to do."""
