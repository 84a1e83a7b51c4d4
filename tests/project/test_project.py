"""The project as a whole: layers, pinned versions, notebooks, what the README promises."""

import ast
import importlib
import importlib.metadata
import json
import re
import runpy
import subprocess
import sys
import tomllib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import jntk_viz
from jntk_viz.cli import build_parser

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PLOTTING = {"bokeh", "holoviews", "ipywidgets", "matplotlib", "panel", "panel_material_ui"}
# The files of a page that may draw; what is computed stands in all others.
SHOWING = {"answers", "card", "editing", "formulas", "page", "pictures", "tabs", "words"}
LIBRARY = sorted((ROOT / "jntk_viz").rglob("*.py"))
APPS = sorted((ROOT / "apps").glob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def tracked_files():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [file for file in files if file.is_file()]


def imports(nodes):
    """Top-level names that the import statements among `nodes` import."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


@cache
def distributions_by_import():
    return importlib.metadata.packages_distributions()


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", LIBRARY, ids=name_of)
def test_mathematics_engine_and_studies_import_no_plotting(path):
    room = path.relative_to(ROOT / "jntk_viz").parts[0]
    if room == "pages" and (path.stem in SHOWING or path.stem.endswith("_pictures")):
        return
    shows = ("drawing", "frame", "export", "lessons", "course", "reproduction", "server", "engine")
    if room in shows:
        return
    assert not PLOTTING & set(imports(ast.walk(tree(path))))


@pytest.mark.parametrize(
    "path",
    sorted([*(ROOT / "benchmarks").glob("*.py"), *(ROOT / "tools").glob("*.py")]),
    ids=name_of,
)
def test_what_is_run_by_hand_finds_what_it_imports(path):
    """Private names too: that one has another name now would be found out only then."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "jntk_viz":
            module = importlib.import_module(node.module)
            for name in [alias.name for alias in node.names]:
                assert hasattr(module, name) or find_spec(f"{node.module}.{name}"), name


CHANGING = {"add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popleft",
            "remove", "setdefault", "update"}  # fmt: skip
# Rooms that own things of the whole process: results and runners; a run of a command.
OWNING = {"engine", "lessons", "export", "reproduction"}


def changed_globals(module):
    """Names of a module, or `global` ones, that its functions change."""
    own = {
        name.id
        for statement in module.body
        for name in ast.walk(statement)
        if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(name, ast.Name)
        if isinstance(name.ctx, ast.Store)
    }
    functions = [
        n for n in ast.walk(module) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for function in functions:
        local = {n.id for n in ast.walk(function)
                 if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}  # fmt: skip
        local |= {argument.arg for argument in ast.walk(function) if isinstance(argument, ast.arg)}
        for node in ast.walk(function):
            if isinstance(node, ast.Global):
                yield from node.names
            elif isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(
                node.ctx, ast.Load
            ):
                yield from {ast.unparse(node.value)} & own - local
            elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in CHANGING:
                yield from {ast.unparse(node.func.value)} & own - local


@pytest.mark.parametrize("path", LIBRARY, ids=name_of)
def test_nothing_of_a_module_changes_while_the_program_runs(path):
    if path.relative_to(ROOT / "jntk_viz").parts[0] not in OWNING:
        assert set(changed_globals(tree(path))) == set()


def test_what_changes_is_found():
    bad = ast.parse("A = []\nB = {}\ndef f(C):\n    A.append(1)\n    B[1] = 2\n    C[1] = 2\n")
    assert set(changed_globals(bad)) == {"A", "B"}


@pytest.mark.parametrize("path", APPS, ids=name_of)
def test_apps_hold_no_mathematics(path):
    source = path.read_text(encoding="utf-8")
    assert not {"scipy", "sklearn"} & set(imports(ast.walk(tree(path))))
    assert re.findall(r"jnp\.|jax\.numpy|jax\.(?:grad|jac|vmap|jit)|np\.linalg", source) == []


@pytest.mark.parametrize("path", LIBRARY + APPS, ids=name_of)
def test_every_import_is_a_declared_dependency(path):
    texts = list(PROJECT["dependencies"])
    if path.parent.name == "site":
        texts += PROJECT["optional-dependencies"]["site"]
    declared = {canonicalize_name(Requirement(text).name) for text in texts}
    providers = distributions_by_import()
    for name in set(imports(ast.walk(tree(path)))) - sys.stdlib_module_names - {"jntk_viz"}:
        assert declared & {canonicalize_name(provider) for provider in providers[name]}, name


def test_importing_the_package_is_quiet():
    """No global JAX setting changes, and no plotting library is loaded."""
    script = (
        "import sys, jax\n"
        "before = dict(jax.config.values)\n"
        "import jntk_viz, jntk_viz.cli, jntk_viz.datasets, jntk_viz.doctor\n"
        "after = dict(jax.config.values)\n"
        "print(sorted(k for k in before | after if before.get(k) != after.get(k)))\n"
        f"print(sorted({PLOTTING!r} & set(sys.modules)))\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.stdout.split("\n") == ["[]", "[]", ""], result.stdout + result.stderr


def processor_seconds(statement):
    """What a fresh process takes for an import, the least of three: others may use the cores."""
    script = f"import os; {statement}; print(sum(os.times()[:2]))"
    command = [sys.executable, "-c", script]
    tries = [subprocess.run(command, capture_output=True, check=True, text=True) for _ in range(3)]
    return min(float(result.stdout) for result in tries)


def test_the_library_alone_imports_quickly():
    script = (
        "import sys, jntk_viz\n"
        "heavy = {'panel', 'holoviews', 'bokeh', 'dask', 'distributed', 'pandas', 'IPython'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.stdout == "[]\n", result.stdout + result.stderr
    # Processes that share the caches make everything slower, JAX as well, which is most of it.
    assert processor_seconds("import jntk_viz") < max(1.5, 2 * processor_seconds("import jax"))


def constraints():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_constraints_are_plain_pins():
    pin = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+(; python_\w+ [<>=]+ \"[0-9.]+\")?")
    assert [line for line in constraints() if not pin.fullmatch(line)] == []


def test_constraints_satisfy_every_requirement():
    pins = {canonicalize_name(Requirement(line).name): line for line in constraints()}
    extras = PROJECT["optional-dependencies"]
    required = [*PROJECT["dependencies"], *extras["test"], *extras["site"]]
    for requirement in map(Requirement, required):
        (pinned,) = Requirement(pins[canonicalize_name(requirement.name)]).specifier
        assert pinned.version in requirement.specifier, requirement


@pytest.mark.parametrize("name", ["dependencies", "test", "site", "gpu"])
def test_requirements_are_sorted_and_explained(name):
    optional = PROJECT["optional-dependencies"]
    texts = PROJECT["dependencies"] if name == "dependencies" else optional[name]
    assert texts == sorted(texts)
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    unexplained = [r for r in map(Requirement, texts) if f"`{r.name}`" not in contributing]
    assert not unexplained


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_notebooks_carry_no_outputs(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code, "a notebook without code"
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)


def test_no_path_of_this_machine_in_any_file():
    places = {f"{place}/" for place in (Path.home(), ROOT.parent) if len(place.parts) > 1}
    found = [
        f"{name_of(file)}: {place}"
        for file in tracked_files()
        for place in places
        if place.encode() in file.read_bytes()
    ]
    assert not found


def test_readme_names_only_commands_that_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"(?:`|^    )make ([a-z]+)", README, re.MULTILINE))
    assert {"app", "test"} <= named <= targets
    commands = set(re.findall(r"(?:`|^    )jntk-viz ([a-z]+)", README, re.MULTILINE))
    assert "serve" in commands
    for command in commands:
        with pytest.raises(SystemExit) as shown:
            build_parser().parse_args([command, "--help"])
        assert shown.value.code == 0


def test_readme_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    broken = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert not broken


def test_readme_examples_run_one_after_the_other():
    examples = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    result = subprocess.run(
        [sys.executable, "-c", "\n".join(examples)], capture_output=True, text=True, timeout=200
    )
    assert result.returncode == 0, result.stderr


def test_version_is_the_same_everywhere():
    assert jntk_viz.__version__ == PROJECT["version"]
    assert importlib.metadata.version("jntk-viz") == PROJECT["version"]


def test_citation_names_this_version_and_the_paper():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {PROJECT['version']}\n" in citation
    assert "kim24ah" in citation


def test_binder_installs_this_clone_with_the_pinned_versions():
    lines = (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert "-e ." in lines
    (constraint,) = (line.removeprefix("-c ") for line in lines if line.startswith("-c "))
    assert (ROOT / "binder" / constraint).resolve() == ROOT / "constraints.txt"


def test_binder_badges_open_a_lesson_and_a_page_that_exist():
    """What they open is opened for real in test_binder.py."""
    badges = runpy.run_path(str(ROOT / "tools" / "binder_badges.py"))
    lesson, page = badges["OPENS"].values()
    assert (ROOT / lesson.removeprefix("lab/tree/")).is_file()
    assert (ROOT / "apps" / f"{page.removeprefix('jntk/')}.py").is_file()
    for name, path in badges["OPENS"].items():
        (url,) = re.findall(rf"^\[{name}\]: https://mybinder\.org/v2/(\S+)$", README, re.MULTILINE)
        assert parse_qs(urlsplit(url).query) == {"urlpath": [path]}


@pytest.mark.parametrize(
    ("address", "repository"),
    [
        ("https://github.com/a/b", "gh/a/b"),
        ("https://github.com/a/b.git", "gh/a/b"),
        ("https://gitlab.com/a/group/b/", "gl/a%2Fgroup%2Fb"),
        ("https://git.example.org/a/b", "git/https%3A%2F%2Fgit.example.org%2Fa%2Fb"),
    ],
)
def test_binder_badges_follow_the_repository(address, repository):
    badges = runpy.run_path(str(ROOT / "tools" / "binder_badges.py"))
    readme = badges["with_links"](README, address)
    assert readme.count(f"https://mybinder.org/v2/{repository}/HEAD?urlpath=") == 2
    with pytest.raises(ValueError, match="`address` must be like"):
        badges["with_links"](README, "jntk_viz")
