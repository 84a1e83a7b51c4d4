"""Eigenfeatures: accuracy against robustness, one feature up close, and what is learned first."""

import numpy as np

from jntk_viz import frame
from jntk_viz.attacks import NORMS
from jntk_viz.drawing.axes import decades
from jntk_viz.frame.robustness import FRAGILE, LAMBDAS
from jntk_viz.pages.eigenfeatures import closeup, links, pictures, steps, study
from jntk_viz.pages.eigenfeatures import words as text
from jntk_viz.pages.eigenfeatures.answers import answers
from jntk_viz.pages.eigenfeatures.formulas import FORMULAS
from jntk_viz.pages.eigenfeatures.script import script
from jntk_viz.pages.eigenfeatures.state import SOURCES, EigenfeaturesState

NONE = np.array([])
UNKNOWN = np.full(len(LAMBDAS), np.nan)
TIMES = np.logspace(*pictures.TIME_LIMITS, 261)
RANKS = ("standard", "regularised")  # the settings that choose a feature of each training


class Eigenfeatures(frame.Content):
    """Three views: the features, their rank correlation at every λ, what is learned first."""

    name = "eigenfeatures"
    question = text.QUESTION
    rows = (  # small ones in pairs, so that all are seen at once on a projector
        "data", ("depth", "activation"), "lam", "epsilon", ("norm", "attack"), "counted", *RANKS,
        "example",
    )  # fmt: skip
    views = dict.fromkeys(RANKS, ("scatter", "learned")) | {"example": ("scatter",)}
    slow = ("depth", "data", "activation", "lam", "attack", "seed")
    large = 2  # without the penalty and with it
    formulas = FORMULAS
    sources = SOURCES
    script = staticmethod(script)

    def __init__(self):
        super().__init__(EigenfeaturesState())
        self.plots = self.make_plots()
        for key, name in zip(("standard", "regularised", "early_standard", "early_regularised"),
                             2 * RANKS, strict=True):  # fmt: skip
            tapped = self.tapped(key, name)
            self.plots[key].when_drawn(lambda f, tapped=tapped: f.on_event("tap", tapped))
        for name in RANKS:  # until it is known what is shown
            self.plots[f"feature_{name}"].when_drawn(lambda f: setattr(f.legend, "visible", False))

    def make_plots(self):
        scores = {"usefulness": NONE, "robustness": NONE, "eigenvalues": NONE, "chosen": -1,
                  "fragile": FRAGILE}  # fmt: skip
        early = {"times": NONE, "robustness": NONE, "share": NONE, "chosen": -1}
        rho = dict.fromkeys(pictures.CORRELATION_KEYS, UNKNOWN)
        counts = {"accurate": UNKNOWN, "fragile": UNKNOWN}
        swept = {"lams": LAMBDAS, "lam": self.state.lam}
        learned = {"times": TIMES, "standard": 0 * TIMES, "regularised": 0 * TIMES}

        def plot(view, **data):
            return frame.LivePlot(view, min_height=120, **data)

        return {
            "standard": plot(pictures.feature_scatter, **scores, colorbar=False),
            "regularised": plot(pictures.feature_scatter, **scores),
            "feature_standard": plot(pictures.feature_picture),
            "feature_regularised": plot(pictures.feature_picture),
            "correlation": plot(pictures.correlation_curves, **swept, **rho),
            "fragile": plot(pictures.fragile_counts, **swept, **counts),
            "early_standard": plot(pictures.learning_scatter, **early, colorbar=False),
            "early_regularised": plot(pictures.learning_scatter, **early),
            "learned": plot(pictures.learned_curves, **learned),
        }

    def tapped(self, key, name):
        """A tap on a dot chooses its feature; a further tap the next one at the same place."""

        def choose(event):
            rank = pictures.next_at(self.plots[key], event.x, event.y)
            if rank is not None:
                setattr(self.state, name, rank + 1)

        return choose

    def acts(self, name):
        """Show the choice of a digit only where there are digits."""
        digits = closeup.kind_of(self.state.data) == "images"
        return super().acts(name) and (name != "example" or digits)

    def body(self):
        p, low = self.plots, {"min_height": 400}
        return frame.tabbed(
            self.state,
            "view",
            scatter=frame.plot_grid(
                *4 * ["sr"], *3 * ["fg"], s=p["standard"], r=p["regularised"],
                f=p["feature_standard"], g=p["feature_regularised"], **low,
            ),
            correlation=frame.plot_grid("cccff", c=p["correlation"], f=p["fragile"], **low),
            learned=frame.plot_grid(
                *4 * ["sr"], *3 * ["ll"], s=p["early_standard"], r=p["early_regularised"],
                l=p["learned"], **low,
            ),
        )  # fmt: skip

    def plan(self, known):
        return steps.plan(self.state, known)

    def draw(self, known):
        pair = steps.pair_of(self.state, known)
        if pair is None:
            return
        for name, spectrum in zip(RANKS, pair.spectra, strict=True):
            if name in self.widgets:
                self.widgets[name].end = len(spectrum.eigenvalues)
        if self.state.view == "scatter":
            self.draw_scatters(pair)
            self.draw_features(pair, known)
        elif self.state.view == "correlation":
            self.draw_correlation(known)
        else:
            self.draw_learned(pair)

    def say(self, known):
        s, pair = self.state, steps.pair_of(self.state, known)
        if pair is None:
            return None
        if s.view == "scatter":
            words = text.scatter_headline(s, pair.links)
            shuffled = text.scatter_shuffled(pair.links)
        elif s.view == "correlation":
            rows = steps.rows_of(s, known)
            sweep = rows and links.sweep(rows, s.norm)
            words, shuffled = text.correlation_headline(s, sweep), text.correlation_shuffled(sweep)
        else:
            words, shuffled = text.learned_headline(s, pair), ""
        return words + text.detail(s, known(study.prepare, s.problem), pair, shuffled)

    def answers(self):
        return answers(self.state)

    def draw_scatters(self, pair):
        s, limits = self.state, decades(*(found.eigenvalues for found in pair.spectra))
        majority = study.majority_share(s.problem)
        for i, name in enumerate(RANKS):
            scores, plot = pair.scores[i], self.plots[name]
            plot.update(
                usefulness=scores.usefulness, robustness=scores.robustness,
                eigenvalues=pair.spectra[i].eigenvalues[scores.ranks], chosen=pair.chosen[i],
                majority=majority,
            )  # fmt: skip
            plot.set(
                title=text.scatter_title(s.lams[i], scores, pair.links[i]),
                ylabel=text.robust_label(s),
                clim=limits,
            )

    def draw_features(self, pair, known):
        """The chosen features up close, as far as they are known."""
        s, kind = self.state, closeup.kind_of(self.state.data)
        names = known(study.prepare, s.problem).train.names
        for i, name in enumerate(RANKS):
            lam, index, spectrum = s.lams[i], pair.chosen[i], pair.spectra[i]
            shown, attack = known(closeup.feature, s.problem, lam, index), None
            if kind == "images":
                attack = known(closeup.attack, *steps.attack_key(s, lam, index))
            if shown is None or (attack is None and kind == "images"):
                continue
            margin, plot = spectrum.features.margin(**s.size)[index], self.plots[f"feature_{name}"]
            plot.update(**pictures.NOTHING | self.feature_arrays(shown, attack, margin))
            plot.set(title=text.feature_title(index, spectrum, pair.scores[i], margin))
            pictures.frame_for(plot, kind, names)
            if attack is not None:
                pictures.name_tiles(plot, text.tile_words(attack))

    def feature_arrays(self, shown, attack, margin):
        """Arguments of `feature_picture`; `attack`: on a digit, where the data are digits."""
        problem = self.state.problem
        if attack is not None:
            jacobian, before, delta, after = closeup.digit_images(problem, shown, attack)
            signed = pictures.tiles([jacobian, None, delta, None])
            return {"signed": signed, "grey": pictures.tiles([None, before, None, after])}
        if shown.ring.size:
            return closeup.on_circle(problem, shown, margin)._asdict()
        return {"weights": closeup.column_weights(problem, shown)}

    def draw_correlation(self, known):
        s, rows = self.state, steps.rows_of(self.state, known)
        if rows is None:
            for key in ("correlation", "fragile"):
                self.plots[key].update(lam=s.lam)
            return
        sweeps = {norm: links.sweep(rows, norm) for norm in NORMS}
        arrays = {}
        for norm, sweep in sweeps.items():
            keys = [key for key in pictures.CORRELATION_KEYS if key.startswith(norm)]
            arrays |= zip(keys, sweep[:6], strict=True)
        shown = sweeps[s.norm]
        self.plots["correlation"].update(lam=s.lam, **arrays)
        self.plots["fragile"].update(lam=s.lam, accurate=shown.accurate, fragile=shown.fragile)
        self.plots["fragile"].set(
            title=text.fragile_title(s), ylim=pictures.count_limits(shown.accurate)
        )

    def draw_learned(self, pair):
        s, limits = self.state, pictures.share_limits(*(found.share for found in pair.spectra))
        for i, name in enumerate(RANKS):
            spectrum, scores = pair.spectra[i], pair.scores[i]
            plot = self.plots[f"early_{name}"]
            plot.update(
                times=spectrum.times[scores.ranks], robustness=scores.robustness,
                share=spectrum.share[scores.ranks], chosen=pair.chosen[i],
            )  # fmt: skip
            plot.set(
                title=text.early_title(s.lams[i], scores), ylabel=text.robust_label(s), clim=limits
            )
        standard, regularised = (study.learned(spectrum, TIMES) for spectrum in pair.spectra)
        self.plots["learned"].update(standard=standard, regularised=regularised)
        self.plots["learned"].set(title=text.learned_title(s, pair.spectra))


def app():
    """The page; its state is in the address."""
    return frame.show(Eigenfeatures())
