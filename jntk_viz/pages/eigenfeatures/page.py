"""Eigenfeatures: accuracy against robustness, one feature up close, and what is learned first."""

import numpy as np
import panel as pn

from jntk_viz import frame
from jntk_viz.engine import background
from jntk_viz.engine.shared_results import RESULTS
from jntk_viz.pages.eigenfeatures import closeup, pictures, study
from jntk_viz.pages.eigenfeatures import words as text
from jntk_viz.pages.eigenfeatures.script import script

QUESTION = "Are the features that classify well also the robust ones?"
NONE = np.array([])
UNKNOWN = np.full(len(study.LAMBDAS), np.nan)
TIMES = np.logspace(*pictures.TIME_LIMITS, 261)
KINDS = {"circle": "circle", "digits": "images"}  # the others: weights over columns
# Changes of these need no new numbers.
CHEAP = {"standard", "regularised", "example", "counted"}


class EigenfeaturesPage:
    """What is known so far, and the pictures of it."""

    def __init__(self):
        self.state = s = study.EigenfeaturesState()
        s.param.data.objects = study.source_labels()
        self.found, self.sought = study.Found(s.problem, {}, {}, {}), s.problem
        self.headline = frame.Headline()
        self.notice, self.job = frame.Notice(), frame.LatestWins()
        self.drawn = {}  # picture -> what it shows
        self.version = 0  # of what has been measured
        self.started = False
        self.widgets = {}
        self.plots = self._plots()
        pairs = (("standard", "standard"), ("regularised", "regularised"),
                 ("early_standard", "standard"), ("early_regularised", "regularised"))  # fmt: skip
        for key, name in pairs:
            tapped = self.notice.guarded(self.tapped(key, name))
            self.plots[key].when_drawn(lambda f, tapped=tapped: f.on_event("tap", tapped))
        for key in ("feature_standard", "feature_regularised"):
            # until it is known what is shown
            self.plots[key].when_drawn(lambda f: setattr(f.legend, "visible", False))
        s.param.watch(self.notice.guarded(self.changed), [n for n in s.param if n != "name"])
        self.job.param.watch(self.failed, "error")
        self.explore_later = background.after_pause(self.explore)

    def _plots(self):
        scores = {"usefulness": NONE, "robustness": NONE, "eigenvalues": NONE, "chosen": -1,
                  "fragile": study.FRAGILE, "majority": np.nan}  # fmt: skip
        early = {"times": NONE, "robustness": NONE, "share": NONE, "chosen": -1}
        rho = dict.fromkeys(pictures.CORRELATION_KEYS, UNKNOWN)
        low = {"min_height": 120}
        plot = frame.LivePlot
        return {
            "standard": plot(pictures.feature_scatter, **scores, colorbar=False, **low),
            "regularised": plot(pictures.feature_scatter, **scores, **low),
            "feature_standard": plot(pictures.feature_picture, **low),
            "feature_regularised": plot(pictures.feature_picture, **low),
            "correlation": plot(pictures.correlation_curves, lams=study.LAMBDAS, **rho, **low),
            "fragile": plot(
                pictures.fragile_counts,
                lams=study.LAMBDAS,
                accurate=UNKNOWN,
                fragile=UNKNOWN,
                **low,
            ),
            "early_standard": plot(pictures.learning_scatter, **early, colorbar=False, **low),
            "early_regularised": plot(pictures.learning_scatter, **early, **low),
            "learned": plot(
                pictures.learned_curves,
                times=TIMES,
                standard=0 * TIMES,
                regularised=0 * TIMES,
                **low,
            ),
        }

    def tapped(self, key, name):
        """A tap on a dot chooses its feature; a further tap the next one at the same place."""

        def choose(event):
            rank = pictures.next_at(self.plots[key], event.x, event.y)
            if rank is not None:
                setattr(self.state, name, rank + 1)

        return choose

    def changed(self, *events):
        """Show what is known of the new state at once; look for the rest when the reader pauses."""
        if self.state.problem == self.found.problem:
            self.redraw()
        else:
            self.headline.set("Computing … the pictures still show the previous setting.")
        if not self.started:
            return
        if self.state.problem != self.sought:
            self.explore()  # at once: there is nothing else to show
        elif not {e.name for e in events} <= CHEAP:
            self.explore_later()

    def start(self):
        """Begin once the page is in the browser; what is sent before that is lost."""
        self.started = True
        self.explore()

    def explore(self):
        s = self.state
        attack = (s.epsilon, s.norm) if s.attack == "pgd" else None
        doc = pn.state.curdoc
        # On a served page the other λ are prepared in the background.
        everywhere = s.view == "correlation" or bool(doc and doc.session_context)
        problem, lam = s.problem, s.lam
        self.sought = problem
        work = RESULTS.shared(
            ("eigenfeatures", problem, lam, attack, everywhere),
            lambda job: study.explore(job, problem, lam, attack=attack, everywhere=everywhere),
            keep=False,
        )
        self.job.submit(work, done=self.show, partial=self.show)

    def failed(self, event):
        if event.new and self.state.problem != self.found.problem:
            self.headline.set("No result. The pictures still show the previous setting.")

    def show(self, found):
        """Take in partial or final results."""
        if found.problem == self.found.problem:
            found = found._replace(
                spectra=self.found.spectra | found.spectra, pgd=self.found.pgd | found.pgd
            )
        self.found = found
        self.redraw()

    def outdated(self, picture, *key):
        """Whether a picture has to be drawn because it shows something else than `key`."""
        old, self.drawn[picture] = self.drawn.get(picture), (self.found.problem, *key)
        return old != self.drawn[picture]

    @property
    def lams(self):
        return (0.0, self.state.lam)

    @property
    def attack(self):
        return {"epsilon": self.state.epsilon, "norm": self.state.norm}

    def searched(self, lam):
        """What PGD has found so far, None where it is not asked."""
        if self.state.attack != "pgd":
            return None
        return self.found.pgd.get((lam, self.state.epsilon, self.state.norm), ())

    def measure(self):
        """Scores, correlations and null models of both, unless they are those of the last time."""
        s, searched = self.state, [self.searched(lam) for lam in self.lams]
        if self.outdated("measured", s.lam, *self.attack.values(), s.counted, *map(repr, searched)):
            self.version += 1
            self.spectra = [self.found.spectra[lam] for lam in self.lams]
            self.measured = [
                study.scores(spectrum, **self.attack, counted=s.counted, searched=found)
                for spectrum, found in zip(self.spectra, searched, strict=True)
            ]
            self.links = [study.link(m, s.seed) for m in self.measured]
            self.gap = study.difference(*(link.excess for link in self.links))
            for name, spectrum in zip(("standard", "regularised"), self.spectra, strict=True):
                if name in self.widgets:
                    self.widgets[name].end = len(spectrum.eigenvalues)

    @property
    def known(self):
        """Whether both trainings on screen are known."""
        same = self.found.problem == self.state.problem
        return same and all(lam in self.found.spectra for lam in self.lams)

    def redraw(self):
        """Bring the chosen pictures and the words to what the state asks for, as far as known."""
        s = self.state
        if not self.known:
            self.headline.set(f"Computing λ = {study.power_label(s.lam)} …")
            return
        self.measure()
        with pn.io.hold():
            draw = {"scatter": self.draw_scatter, "correlation": self.draw_correlation,
                    "learned": self.draw_learned}  # fmt: skip
            words = draw[s.view]()
            prepared = study.prepare(self.found.problem)
            self.headline.set(
                words
                + text.detail(s, prepared, self.spectra[1], self.measured, self.links, self.gap)
            )

    def chosen(self, i):
        """Index of the feature that is chosen of λ = 0 (i = 0) or λ."""
        rank = (self.state.standard, self.state.regularised)[i]
        return min(rank, len(self.spectra[i].eigenvalues)) - 1

    def draw_scatter(self):
        limits = pictures.decades(*(spectrum.eigenvalues for spectrum in self.spectra))
        for i, key in enumerate(("standard", "regularised")):
            measured, plot, chosen = self.measured[i], self.plots[key], self.chosen(i)
            if self.outdated(key, self.version, chosen):
                plot.update(
                    usefulness=measured.usefulness, robustness=measured.robustness,
                    eigenvalues=self.spectra[i].eigenvalues[measured.ranks], chosen=chosen,
                    majority=study.majority_share(self.found.problem),
                )  # fmt: skip
                plot.set(
                    title=text.scatter_title(self.lams[i], measured, self.links[i]),
                    ylabel=text.robust_label(self.state),
                    clim=limits,
                )
            self.draw_feature(i, self.plots[f"feature_{key}"])
        return text.scatter_headline(self.state, self.links)

    def draw_feature(self, i, plot):
        """The chosen feature up close, once its eigenvectors are at hand."""
        s, lam, problem = self.state, self.lams[i], self.found.problem
        kind = KINDS.get(problem.data, "columns")
        if self.outdated((plot, "axes"), kind):
            pictures.frame_for(plot, kind, study.prepare(problem).train.names)
        here = lam in self.found.dynamics
        key = here, lam, self.chosen(i), s.epsilon, s.norm, s.example, self.version
        if not self.outdated(plot, *key):
            return
        if not here:
            plot.set(title=f"λ = {study.power_label(lam)}: computing the feature …")
            return
        spectrum = self.spectra[i]
        shown = closeup.feature(
            problem, self.found.dynamics[lam], spectrum, self.chosen(i), self.attack
        )
        plot.set(title=text.feature_title(shown, spectrum, self.measured[i]))
        if kind == "circle":
            plot.update(**pictures.NOTHING | closeup.on_circle(problem, shown)._asdict())
        elif kind == "columns":
            weights = closeup.column_weights(problem, shown)
            plot.update(**pictures.NOTHING | {"weights": weights})
        else:
            images, attack = closeup.digit_images(problem, shown, s.example - 1, **self.attack)
            signed = pictures.tiles([images[0], None, images[2], None])
            grey = pictures.tiles([None, images[1], None, images[3]])
            plot.update(**pictures.NOTHING | {"signed": signed, "grey": grey})
            pictures.name_tiles(plot, text.tile_words(attack))

    def draw_correlation(self):
        s, spectra = self.state, self.found.spectra
        known = len(spectra)
        if self.outdated("correlation", s.epsilon, s.counted, known):
            self.sweeps = {
                norm: study.sweep(
                    spectra, epsilon=s.epsilon, norm=norm, counted=s.counted, seed=s.seed
                )
                for norm in ("l2", "linf")
            }
            arrays, keys = {}, pictures.CORRELATION_KEYS
            for norm, sweep in self.sweeps.items():
                arrays |= zip([k for k in keys if k.startswith(norm)], sweep[:6], strict=True)
            self.plots["correlation"].update(**arrays)
        sweep = self.sweeps[s.norm]
        if self.outdated("fragile", *self.attack.values(), s.counted, known):
            self.plots["fragile"].update(accurate=sweep.accurate, fragile=sweep.fragile)
            self.plots["fragile"].set(
                title=text.fragile_title(s), ylim=pictures.count_limits(sweep.accurate)
            )
        for key in ("correlation", "fragile"):
            pictures.place(self.plots[key], s.lam)
        return text.correlation_headline(s, sweep)

    def draw_learned(self):
        s = self.state
        limits = pictures.share_limits(*(spectrum.share for spectrum in self.spectra))
        for i, key in enumerate(("early_standard", "early_regularised")):
            spectrum, measured, plot = self.spectra[i], self.measured[i], self.plots[key]
            chosen = self.chosen(i)
            if self.outdated(key, self.version, chosen):
                plot.update(
                    times=spectrum.times[measured.ranks], robustness=measured.robustness,
                    share=spectrum.share[measured.ranks], chosen=chosen,
                )  # fmt: skip
                plot.set(
                    title=text.early_title(self.lams[i], measured),
                    ylabel=text.robust_label(s),
                    clim=limits,
                )
        if self.outdated("learned", s.lam):
            standard, regularised = (study.learned(spectrum, TIMES) for spectrum in self.spectra)
            self.plots["learned"].update(standard=standard, regularised=regularised)
            self.plots["learned"].set(title=text.learned_title(s, self.spectra))
        return text.learned_headline(s, self.spectra, self.measured)

    def answers(self):
        """What readers predict, each known once its numbers are."""

        def when(known, function):
            return lambda: function() if known() else None

        def three():
            return {lam: self.found.spectra[lam] for lam in study.ORDERED}

        def all_three():
            return self.known and set(study.ORDERED) <= set(self.found.spectra)

        return {
            "contrast": when(
                lambda: self.known, lambda: text.contrast(self.state, self.links, self.gap)
            ),
            "correlation": when(
                lambda: self.known, lambda: text.correlation(self.state, self.links)
            ),
            "fragile": when(lambda: self.known, lambda: text.fragile(self.state, self.measured)),
            "order": when(all_three, lambda: text.order(self.state, three())),
            "early": when(
                lambda: self.known,
                lambda: text.early_answer(self.state, self.spectra, self.measured),
            ),
        }


def controls(it):
    """The widgets, small ones in pairs so that all are seen at once on a projector."""
    names = ("data", "depth", "activation", "lam", "epsilon", "norm", "attack", "counted",
             "standard", "regularised", "example")  # fmt: skip
    made = dict(zip(names, frame.controls_for(it.state, *names, slow=("depth",)), strict=True))
    it.widgets.update(made)

    def only_digits(*_):
        made["example"].visible = it.state.data == "digits"

    it.state.param.watch(only_digits, "data")
    only_digits()
    pairs = (("depth", "activation"), ("norm", "attack"))
    first = {pair[0]: pn.Row(*(made[n] for n in pair)) for pair in pairs}
    second = {pair[1] for pair in pairs}
    return [first.get(name, made[name]) for name in names if name not in second]


def app():
    frame.use_theme()
    it = EigenfeaturesPage()
    p = it.plots
    body = frame.tabbed(
        it.state,
        "view",
        scatter=frame.plot_grid(
            *4 * ["sr"], *3 * ["fg"], s=p["standard"], r=p["regularised"],
            f=p["feature_standard"], g=p["feature_regularised"], min_height=400,
        ),
        correlation=frame.plot_grid("cccff", c=p["correlation"], f=p["fragile"], min_height=400),
        learned=frame.plot_grid(
            *4 * ["sr"], *3 * ["ll"], s=p["early_standard"], r=p["early_regularised"],
            l=p["learned"], min_height=400,
        ),
    )  # fmt: skip
    return frame.page(
        "Eigenfeatures: learned first, or fragile?",
        QUESTION,
        name="eigenfeatures",
        state=it.state,
        controls=controls(it),
        body=body,
        headline=it.headline,
        notice=it.notice,
        job=it.job,
        formulas=frame.formulas(*text.FORMULAS),
        start=it.start,
        plots=p,
        script=script,
        answers=it.answers(),
        sources=study.SOURCES,
        slow=("depth", "data", "activation", "lam", "attack", "seed"),
    )
