"""The glossary of all pages: abbreviations and symbols, each with one sentence, and their marks.

Words explain what they use where a reader points at it, moves the focus to it or taps it: `Prose`
marks the first use of each term in a text, and the script `TIPS` shows its sentence.
"""

import re
from collections.abc import Iterable
from html import escape
from pathlib import Path

import panel as pn
from panel.custom import JSComponent

from jntk_viz.drawing.html import Words, unbroken
from jntk_viz.drawing.theme import FONT, INK, MUTED, css

ABBREVIATIONS = {
    "JNTK": "Jacobian neural tangent kernel: the NTK of outputs and input slopes together. It says "
    "how a step of training on one input moves output and slopes at another.",
    "Jacobian NTK": "The neural tangent kernel of outputs and input slopes together. It says how a "
    "step of training on one input moves output and slopes at another.",
    "NTK": "Neural tangent kernel: how a training step on one input moves the output at another.",
    "Jacobian NNGP": "The covariance of outputs and input slopes of random, infinitely wide "
    "networks.",
    "NNGP": "Neural network Gaussian process: what the outputs of random, infinitely wide networks "
    "are; its kernel is their covariance.",
    "PGD": "Projected gradient descent: an attack that searches for the worst small change of an "
    "input, step by step, instead of trusting the slope at the input alone.",
    "RMS": "Root mean square: the square root of the mean squared difference.",
    "ODE": "Ordinary differential equation: here the linear one that training becomes when the "
    "kernel stays constant.",
    "ReLU": "Rectified linear unit: an activation that is zero below zero and the identity above, "
    "with a kink between.",
    "GeLU": "Gaussian error linear unit: a smooth activation that looks like a rounded ReLU.",
    "SiLU": "Sigmoid linear unit: a smooth activation that looks like a rounded ReLU.",
    "erf": "The error function: a smooth, S-shaped activation that levels off on both sides.",
    "L2": "Euclidean length: an L2 attack may change an input by a vector that is at most ε long.",
    "L∞": "Largest change of any coordinate: an L∞ attack may change each one by at most ε.",
    "float32": "Numbers with about 7 decimal digits, the usual choice for training networks.",
    "float64": "Numbers with about 16 decimal digits.",
    "float32 floor": "What rounding alone may produce with 7 digits. Smaller eigenvalues cannot be "
    "told from zero.",
    "float64 floor": "What rounding alone may produce with 16 digits. Smaller eigenvalues cannot "
    "be told from zero.",
    "noise floor": "What rounding alone may produce; smaller eigenvalues cannot be told from zero.",
    "excess kurtosis": "How heavy the tails are: 0 for Gaussian numbers, larger if far values are "
    "more frequent.",
}

SYMBOLS = {
    "f": "The output of the network.",
    "J": "The input Jacobian, or slope: how fast the output changes when the input does. It is not "
    "the gradient in the weights.",
    "PJ": "The slope along the sphere: the input Jacobian without its part along the input.",
    "J⊥": "The slope perpendicular to the input, that is along the circle.",
    "J∥": "The slope along the input itself.",
    "x": "An input, a vector of length 1.",
    "x′": "A second input.",
    "y": "The label of a point: +1 or −1.",
    "d": "The width: the number of neurons in each hidden layer.",
    "L": "The depth: the number of hidden layers.",
    "N": "The number of training points.",
    "n": "The number of rows of the kernel's matrix.",
    "d₀": "The number of coordinates of an input.",
    "R": "With a superscript: how many coordinates an input has.",
    "t": "Training time. At t = ∞ training has come to its end.",
    "e": "An eigenvalue of the kernel: the larger it is, the sooner its direction is learned.",
    "eᵢ": "An eigenvalue of the kernel: the larger it is, the sooner its direction is learned.",
    "eₘₐₓ": "The largest eigenvalue of the kernel: it limits the learning rate.",
    "λ": "The weight of the penalty on the slopes; 0 is standard training.",
    "λₘᵢₙ": "The smallest eigenvalue of the kernel. At zero, some direction is never learned.",
    "λₘₐₓ": "The largest eigenvalue of the kernel.",
    "ε": "The size of an attack: how long a change of the input may be.",
    "δ": "A small change of an input, or the small angle between two inputs.",
    "η": "The learning rate: the size of a step of gradient descent.",
    "θ": "An angle: between two inputs, or around the circle.",
    "κ": "The output scale: it multiplies f and J alike.",
    "ρ": "Spearman's rank correlation: 1 if both quantities order the features alike, 0 if they "
    "have nothing to do with each other.",
    "σ": "A standard deviation: of the limit where distances are counted in it, else of the noise "
    "of what was observed.",
    "σ_w": "The standard deviation of the weights.",
    "σ_b": "The standard deviation of the biases.",
    "α": "With skips, the weight of a layer beside its skip; as an index, one coordinate of the "
    "input.",
    "β": "How sharp a kink is: as β grows the activation approaches ReLU.",
    "φ": "The activation: what a neuron makes of its input.",
    "φ′": "The slope of the activation.",
    "φ″": "The curvature of the activation.",
    "E": "Expected value: the mean over random weights, or over a standard normal z.",
    "τ": "The direction along the circle, of length 1.",
    "uₜ": "Outputs and slopes of a network after t steps of training.",
    "g": "The input of a neuron.",
    "z": "A standard normal random number.",
    "c": "The factor by which a layer multiplies the variance.",
    "c*": "The correlation at which two inputs end after many layers.",
    "Q": "The variance of a neuron's input.",
    "Q*": "The variance at which a neuron's input ends after many layers.",
    "χ₁": "The factor by which a layer multiplies small differences: below 1 order, above chaos.",
    "ξ": "The depth scale: after so many layers small differences have changed by a factor 2.7.",
    "Θ": "The kernel that training follows: the Jacobian neural tangent kernel.",
    "Θₜ": "The kernel of a network after t steps of training.",
    "Λ": "The weights in the loss: 1 for outputs, λ for slopes.",
    "K": "A covariance matrix: that of values and slopes at all inputs.",
    "k": "The number of steps of gradient descent.",
    "v": "A direction that is lost: an eigenvector of the smallest eigenvalue.",
}

GLOSSARY = ABBREVIATIONS | SYMBOLS

# Not inside a word or another symbol: neither the e of "the" nor that of "e.g.".
_BEFORE = r"(?<![A-Za-z\u0370-\u03ff_&’'.-])"
_AFTER = r"(?![A-Za-z0-9\u0370-\u03ff_ₐ-ₜᵢᵣᵤᵥₘₙ⊥∥′″*]|\.\w)[₀-₉]*"


def _pattern(terms: Iterable[str]) -> re.Pattern:
    """Any of the terms; the longest of those that fit."""
    words = "|".join(map(re.escape, sorted(terms, key=len, reverse=True)))
    return re.compile(f"{_BEFORE}({words}){_AFTER}")


TERM, _ABBREVIATION = _pattern(GLOSSARY), _pattern(ABBREVIATIONS)
_TAG = re.compile(r"(<[^>]*>)")
# Inside these nothing is marked: they are pressed, typed or have an explanation already.
_CLOSED = ("a", "abbr", "button", "code", "style", "summary", "svg")


def marked(html: str, symbols: bool = True) -> str:
    """HTML in which the first use of each term carries its sentence, as `<abbr title=…>`.

    - `symbols`: mark symbols too, not abbreviations alone.
    """
    pattern, seen, inside, parts = TERM if symbols else _ABBREVIATION, set(), "", []

    def mark(match):
        term = match.group(1)
        if term in seen:
            return match.group()
        seen.add(term)
        return f'<abbr tabindex="0" title="{escape(GLOSSARY[term])}">{match.group()}</abbr>'

    for part in _TAG.split(html):
        if part.startswith("<"):
            name = part.strip("</>").partition(" ")[0]
            if not inside and name in _CLOSED and not part.startswith("</"):
                inside = name
            elif inside == name and part.startswith("</"):
                inside = ""
        elif not inside:
            part = pattern.sub(mark, part)
        parts.append(part)
    return "".join(parts)


def explained(words: str) -> str:
    """Plain words, followed by a sentence for each term that they use."""
    terms = dict.fromkeys(match.group(1) for match in TERM.finditer(words))
    return " ".join([words, *(f"{term}: {GLOSSARY[term]}" for term in terms)])


MARKS = css(f"""
abbr {{ text-decoration: underline dotted {MUTED} 1px; text-underline-offset: 3px; cursor: help; }}
abbr:focus-visible {{ outline: 2px solid; outline-offset: 1px; border-radius: 2px; }}
""")


class Prose(Words):
    """Words of a page in which the terms of the glossary explain themselves."""

    def __init__(self, object=None, *, stylesheets=(), **params):  # noqa: A002 - Panel's name
        super().__init__(object, stylesheets=[*stylesheets, MARKS], **params)

    @staticmethod
    def written(html):
        return unbroken(marked(html))


# Defines `showTips`, which lets everything that is marked on a page show its sentence.
TIPS = (Path(__file__).parent / "tips.js").read_text(encoding="utf-8")


class Tips(JSComponent):
    """The invisible piece of a page that shows the sentences of what is marked."""

    _esm = TIPS + "export function render() { showTips(); return document.createElement('span') }"


# Panel shows what is in an HTML pane also where the pane is hidden, in a section that is closed:
# screen readers would read all of it.
_LIST = css(f"""
div {{ visibility: inherit !important; }}
h2 {{ font: 500 16px {FONT}; color: {INK}; margin: 8px 6px; }}
dl {{ font: 400 15px/1.4 {FONT}; color: {INK}; margin: 4px 6px 14px; display: grid; max-width: 70em;
      grid-template-columns: minmax(70px, max-content) 1fr; gap: 4px 14px; align-items: baseline; }}
dt {{ font-weight: 500; }} dd {{ margin: 0; }}
""")


def glossary_html() -> str:
    """The whole glossary as a list, for what stands in pictures, where nothing can be marked."""
    rows = (f"<dt>{escape(term)}</dt><dd>{escape(words)}</dd>" for term, words in GLOSSARY.items())
    return f"<h2>Abbreviations and symbols of all pages</h2><dl>{''.join(rows)}</dl>"


def glossary_list() -> pn.viewable.Viewable:
    """`glossary_html` as a part of a page."""
    return Words(glossary_html(), stylesheets=[_LIST], sizing_mode="stretch_width")
