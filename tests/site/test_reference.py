"""The reference: every public name is in it, docstrings read as they are written."""

import importlib
import inspect
import re

import pytest

import jntk_viz
from jntk_viz.site import documents, formulas, guides, reference
from jntk_viz.site.docstrings import as_rst, escape


def test_every_public_name_has_its_entry():
    subjects = reference.subjects()
    listed = [
        name for subject in subjects for name in subject.names if subject.module == "jntk_viz"
    ]
    assert sorted(listed) == sorted(jntk_viz.__all__)
    assert {s.module for s in subjects} == {"jntk_viz", "jntk_viz.apps", "jntk_viz.lessons"}


def test_docstrings_are_marked_up_as_they_read():
    assert (
        as_rst("Values of |J|² and names_ of `x`.") == "Values of \\|J\\|² and names\\_ of ``x``.\n"
    )
    text = as_rst(
        """One line.

        With an equation

            f = W^T h

        and words.

        Args:
            x: (n, d), rows. y: (n,), of
                each row.

        Returns:
            (n, 1+d); [:, 0] is f.
        """
    )
    assert ".. code-block:: none\n\n   f = W^T h\n" in text
    assert "``x``\n   (n, d), rows.\n``y``\n   (n,), of each row." in text
    assert ".. rubric:: Returns\n\n(n, 1+d); [:, 0] is f." in text
    assert escape("`x`s") == "``x``\\ s"


def section(docstring, name):
    found = re.search(rf"\n *{name}:\n((?: .*\n|\n)*)", docstring + "\n")
    return found[1].split() if found else []


@pytest.mark.parametrize("name", jntk_viz.__all__)
def test_no_word_of_a_section_is_lost(name):
    target = getattr(jntk_viz, name)
    if not callable(target):
        assert name in reference.TABLES
        return
    docstring = inspect.getdoc(target)
    assert docstring
    text = as_rst(docstring).replace("\\", "").replace("``", "`")
    for word in docstring.replace("``", "`").split():
        if word.rstrip(":") not in ("Args", "Attributes", "Returns", "Raises"):
            assert word.rstrip(":,").strip("`") in text, word


def test_formulas_lead_to_the_functions_that_compute_them_and_back():
    assert [p.formula for p in formulas.computed_by(jntk_viz.jacobian_nngp)]
    assert [p.page for p in formulas.computed_by(jntk_viz.RobustDynamics)] == []
    written = reference.subjects()
    (kernels,) = (subject for subject in written if subject.file == "kernels")
    assert "typeset()" in reference.document(kernels)
    where = reference.where("jntk_viz.kernels.jacobian_nngp", written)
    assert where == "kernels.html#jntk_viz.jacobian_nngp"
    method = reference.where("jntk_viz.dynamics.LinearDynamics.learned", written)
    assert method == "dynamics.html#jntk_viz.LinearDynamics.learned"
    assert reference.where("jntk_viz.pages.playground.study.dynamics", written) is None


def test_guides_link_to_the_site_or_to_the_repository():
    (teaching,) = (guide for guide in guides.guides() if guide.name == "teaching")
    lesson = "../lessons/01_random_networks"
    text = guides.text_of(teaching, "https://example.org/jntk_viz", {lesson})
    assert '<a href="../lessons/01_random_networks.html">' in text
    assert "(serving.md)" in text
    assert "https://example.org/jntk_viz/tree/HEAD/notebooks/solutions" in text
    assert "](solutions)" not in guides.text_of(teaching)


@pytest.mark.slow
def test_the_whole_reference_is_built_without_a_warning(tmp_path):
    warnings = documents.build_documents(tmp_path / "docs")
    assert warnings == []
    for file, anchor in reference.entries():
        text = (tmp_path / "docs" / file).read_text(encoding="utf-8")
        assert f'id="{anchor}"' in text, anchor
    for placed in formulas.all_formulas():
        owner = placed.formula.code.rpartition(".")[0]
        assert importlib.util.find_spec(owner.rpartition(".")[0])
