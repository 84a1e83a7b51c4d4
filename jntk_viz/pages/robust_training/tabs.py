"""Everything that the robust-training page draws, kept up to date from what has been found."""

import functools

import numpy as np
import panel as pn

from jntk_viz.drawing.live import LivePlot
from jntk_viz.frame.parts import plot_grid
from jntk_viz.pages.robust_training import pictures, predictor, study
from jntk_viz.pages.robust_training import predictor_pictures as shapes
from jntk_viz.pages.robust_training import stopping as robust_stopping
from jntk_viz.pages.robust_training import words as text

_UNKNOWN = np.full(len(study.TIMES), np.nan)
_COLUMN = np.full(len(study.LAMBDAS), np.nan)
_NONE = np.array([])
_LOW = {"min_height": 100}
_XLABELS = {"robust": "robust (%)", "clean": "clean (%)", "jacobian": "median |J|"}
_SLICE_LIMITS, _GALLERY_LIMITS = (-1.1, 1.1), ((-17, 41), (-1, 43))


class Pictures:
    """The plots of all three tabs; `draw` brings those of the visible tab up to date."""

    def __init__(self, state):
        self.state = state
        self.drawn: dict = {}  # picture -> what it shows
        self.accuracy = LivePlot(
            pictures.accuracy_curves, times=study.TIMES, clean=_UNKNOWN, robust=_UNKNOWN,
            standard_clean=_UNKNOWN, standard_robust=_UNKNOWN, pgd_times=_NONE, pgd=_NONE,
            stopped_times=_NONE, stopped=_NONE, **_LOW,
        )  # fmt: skip
        self.jacobian = LivePlot(
            pictures.jacobian_curves, times=study.TIMES, jacobian=_UNKNOWN, standard=_UNKNOWN,
            **_LOW,
        )  # fmt: skip
        self.map = LivePlot(
            pictures.lambda_time_map, lams=study.LAMBDAS, times=study.TIMES,
            values=np.tile(_UNKNOWN, (len(study.LAMBDAS), 1)), best=_COLUMN, **_LOW,
        )  # fmt: skip
        self.profile = LivePlot(
            pictures.lambda_profile, lams=study.LAMBDAS, now=_COLUMN, end=_COLUMN, **_LOW
        )
        scatter = {"usefulness": _NONE, "robustness": _NONE, "eigenvalues": _NONE, **_LOW}
        self.standard = LivePlot(pictures.feature_scatter, **scatter, colorbar=False)
        self.regularised = LivePlot(pictures.feature_scatter, **scatter)
        self._predictor_plots()
        self.timed = (self.accuracy, self.jacobian, self.map)
        self.whole = study.lambda_time_map({}, epsilon=0.0)
        self.scores: list[study.Scores] = []
        self.comparison: robust_stopping.Comparison | None = None

    def _predictor_plots(self):
        flat, none = np.zeros(len(predictor.ANGLES)), np.zeros((0, 2))
        points = {"train_angle": _NONE, "test_angle": _NONE, "test_f": _NONE, "fragile": _NONE}
        self.circle = LivePlot(
            shapes.circle_outputs, angle=predictor.ANGLES, f=flat, standard=flat, low=flat,
            high=flat, train_y=_NONE, **points, **_LOW,
        )  # fmt: skip
        self.slope = LivePlot(
            shapes.circle_slopes, angle=predictor.ANGLES, slope=flat, standard=flat,
            train_angle=_NONE, train_slope=_NONE, **_LOW,
        )  # fmt: skip
        self.slice = LivePlot(
            shapes.slice_field, field=np.full((predictor.GRID,) * 2, np.nan), train=none,
            train_y=_NONE, test=none, test_y=_NONE, fragile=_NONE, here=np.full(2, np.nan),
            epsilon=0.0,
        )  # fmt: skip
        tiles, words = np.zeros((predictor.SHOWN_DIGITS, 8, 8)), [""] * predictor.SHOWN_DIGITS
        self.digits = LivePlot(
            shapes.digit_gallery, image=tiles, jacobian=tiles, change=tiles, attacked=tiles,
            left=words, right=words,
        )  # fmt: skip
        modes = {"eigenvalues": _NONE, "learned": _NONE, "floor": 1e-12, **_LOW}
        self.spectrum = LivePlot(shapes.spectrum, **modes, front=1.0)
        self.learned = LivePlot(shapes.learned_modes, **modes, share=_NONE)
        shapes.keep_square(self.slice, _SLICE_LIMITS, _SLICE_LIMITS)
        shapes.keep_square(self.digits, *_GALLERY_LIMITS)
        self._predictor_grid()

    def _predictor_grid(self):
        """The predictor's tab; its left half holds one of three pictures, by the data."""
        self.predictor = plot_grid(
            "aaaass", "bbbbll", a=self.circle, b=self.slope, s=self.spectrum, l=self.learned,
            min_height=400,
        )  # fmt: skip
        on_circle = [cell for cell in self.predictor if cell.styles["grid-area"] in "ab"]
        for plot in (self.slice, self.digits):
            whole = {**on_circle[0].styles, "grid-area": "1 / 1 / 3 / 5"}
            self.predictor.insert(
                0,
                pn.Column(
                    plot.pane, sizing_mode="stretch_both", margin=0, styles=whole,
                    stylesheets=on_circle[0].stylesheets,
                ),
            )  # fmt: skip
        cells = list(self.predictor)
        self._left = {"circle": on_circle, "slice": cells[1:2], "digits": cells[:1]}
        self._choose_left()

    def _choose_left(self):
        kind = predictor.picture_of(self.state.data)
        for other, cells in self._left.items():
            for cell in cells:
                cell.visible = other == kind
        beside = {"s": self.spectrum, "l": self.learned}
        if kind == "circle":
            self.predictor.rows = ("aaaass", "bbbbll")
            self.predictor.items = {"a": self.circle, "b": self.slope, **beside}
        else:
            self.predictor.rows = ("aaaass", "aaaall")
            self.predictor.items = {"a": getattr(self, kind), **beside}

    @functools.cached_property
    def cursors(self):
        """The lines that mark the reader's place in the first tab."""
        return [pictures.cursors(plot) for plot in (*self.timed, self.profile)]

    def plots(self):
        """Key → plot, by which presets and exports name them."""
        return {
            "map": self.map, "accuracy": self.accuracy, "jacobian": self.jacobian,
            "column": self.profile, "circle": self.circle, "slopes": self.slope,
            "slice": self.slice, "digits": self.digits, "spectrum": self.spectrum,
            "learned": self.learned, "standard": self.standard, "regularised": self.regularised,
        }  # fmt: skip

    def grids(self):
        """The three tabs."""
        return {
            "map": plot_grid(
                *5 * ["mmmmmmmppppaaaaaaaa"], *3 * ["mmmmmmmppppjjjjjjjj"],
                m=self.map, p=self.profile, a=self.accuracy, j=self.jacobian, min_height=400,
            ),
            "predictor": self.predictor,
            "features": plot_grid("sr", s=self.standard, r=self.regularised, min_height=400),
        }  # fmt: skip

    def outdated(self, picture, *key):
        """Whether a picture has to be drawn because it shows something else than `key`."""
        old, self.drawn[picture] = self.drawn.get(picture), (self.found.problem, *key)
        return old != self.drawn[picture]

    def know(self, found):
        """Take in what has been found, for the state as it is."""
        s, self.found = self.state, found
        attack = {"epsilon": s.epsilon, "norm": s.norm}
        self.at = study.TIMES.index(s.t)
        self.known = [lam for lam in (0.0, s.lam) if lam in found.solutions]
        key = *attack.values(), s.lam, s.speed, self.known, len(found.held_out)
        if self.outdated("comparison", *key):
            self.comparison = found.comparison(s.lam, s.epsilon, s.norm, s.speed)
        if self.outdated("whole", *attack.values(), s.speed, len(found.solutions)):
            self.whole = study.lambda_time_map(found.solutions, **attack, rate=s.speed)
        if self.outdated("scores", *attack.values(), self.known):
            self.scores = [study.scores(found.solutions[lam], **attack) for lam in self.known]

    def draw(self):
        """The visible tab."""
        with pn.io.hold():
            if self.state.view == "map":
                self.draw_curves()
                self.draw_map()
                for spans in self.cursors:  # last: a picture drawn anew has them at its origin
                    pictures.place(spans, t=self.state.t, lam=self.state.lam)
            elif len(self.known) == 2:
                {"predictor": self.draw_predictor, "features": self.draw_features}[
                    self.state.view
                ]()

    def draw_curves(self):
        s, whole = self.state, self.whole
        now, standard = study.row(whole, s.lam), study.row(whole, 0.0)
        keys = {t: (s.lam, t, s.epsilon, s.norm, s.speed) for t in study.TIMES}
        searched = {t: self.found.pgd[key] for t, key in keys.items() if key in self.found.pgd}
        stopped = self.comparison
        times = () if stopped is None else stopped.times
        if self.outdated(
            self.accuracy, s.lam, s.epsilon, s.norm, s.speed, self.known, [*searched], times
        ):
            self.accuracy.update(
                clean=now.clean, robust=now.robust, standard_clean=standard.clean,
                standard_robust=standard.robust, pgd_times=np.array([*searched]),
                pgd=np.array([*searched.values()]), stopped_times=np.array(times),
                stopped=np.array([] if stopped is None else stopped.robust[:, 0]),
            )  # fmt: skip
            robust = whole.robust, np.array([*searched.values()])
            self.accuracy.set(ylim=pictures.accuracy_limits(*robust))
        if self.outdated(self.jacobian, s.lam, s.speed, self.known):
            self.jacobian.update(jacobian=now.jacobian, standard=standard.jacobian)

    def draw_map(self):
        s, whole = self.state, self.whole
        values = getattr(whole, s.shown)
        shown = values if s.shown == "jacobian" else 100 * values
        content = s.shown, s.epsilon, s.norm, s.speed, len(self.found.solutions)
        if self.outdated(self.map, *content):
            self.map.update(values=shown, best=study.ridge(whole.robust))
            limits = pictures.map_limits(s.shown, values)
            self.map.set(title=pictures.MAP_TITLES[s.shown], clim=limits)
            self.jacobian.set(ylim=pictures.map_limits("jacobian", whole.jacobian))
            self.profile.set(xlim=pictures.wider(limits), xlabel=_XLABELS[s.shown])
        if self.outdated(self.profile, *content, s.t):
            self.profile.update(now=shown[:, self.at], end=shown[:, -1])

    def draw_predictor(self):
        s, found = self.state, self.found
        paths = [found.solutions[lam].paths[s.speed] for lam in (s.lam, 0.0)]
        self._choose_left()
        {"circle": self.draw_circle, "digits": self.draw_digits, "slice": self.draw_slice}[
            predictor.picture_of(found.problem.data)
        ](*paths)
        self.draw_spectrum(found.solutions[s.lam], paths[0])

    def draw_circle(self, *paths):
        s, prepared = self.state, study.prepare(self.found.problem)
        if not self.outdated(self.circle, s.lam, s.t, s.epsilon, s.norm, s.speed):
            return
        attack = {"epsilon": s.epsilon, "norm": s.norm}
        now, standard = (
            predictor.on_circle(self.found.problem, path.coefficients[self.at], **attack)
            for path in paths
        )
        train = predictor.angles(prepared.train.x)
        self.circle.update(
            f=now.f, standard=standard.f, low=now.f - now.reach, high=now.f + now.reach,
            train_angle=train, train_y=prepared.train.y, test_angle=now.test_angle,
            test_f=now.test_f, fragile=~(now.margin > 0),
        )  # fmt: skip
        at_points = np.interp(train, predictor.ANGLES, now.slope)
        self.slope.update(
            slope=now.slope, standard=standard.slope, train_angle=train, train_slope=at_points
        )

    def draw_slice(self, path, _):
        s, prepared = self.state, study.prepare(self.found.problem)
        point = s.point % len(prepared.test.y)
        key = predictor.slice_key(s.plane, s.point, len(prepared.test.y))
        cut = self.found.slices.get(key)
        if cut is None or not self.outdated(
            self.slice, key, point, s.lam, s.t, s.epsilon, s.norm, s.speed
        ):
            return
        margin = path.reach.margin(s.epsilon, s.norm)[self.at]
        self.slice.update(
            field=cut.field(path.coefficients[self.at]), train=cut.train, train_y=prepared.train.y,
            test=cut.test, test_y=prepared.test.y, fragile=~(margin > 0), here=cut.test[point],
            # Only there the point lies on the slice, and an L2 attack reaches a disc.
            epsilon=s.epsilon if (s.plane, s.norm) == ("point", "l2") else np.nan,
        )  # fmt: skip
        self.slice.set(title=text.SLICE_TITLES[s.plane])

    def draw_digits(self, path, _):
        s = self.state
        if not self.outdated(self.digits, s.point, s.lam, s.t, s.epsilon, s.norm, s.speed):
            return
        c = np.nan_to_num(path.coefficients[self.at])  # nothing has been learned: nothing is seen
        found = predictor.digits(
            self.found.problem, c, point=s.point, epsilon=s.epsilon, norm=s.norm
        )
        self.digits.update(
            image=found.image, jacobian=found.jacobian, change=found.change,
            attacked=found.attacked, **text.beside_digits(found),
        )  # fmt: skip

    def draw_spectrum(self, solution, path):
        s, n = self.state, len(study.prepare(self.found.problem).train.y)
        if self.outdated("axes", len(self.found.solutions)):
            known = self.found.solutions.values()
            limits = shapes.eigenvalue_span(
                np.concatenate([one.eigenvalues for one in known]),
                min(one.noise_floor for one in known),
            )
            self.spectrum.set(ylim=limits)
            self.learned.set(xlim=limits)
        if self.outdated(self.spectrum, s.lam, s.t, s.speed):
            modes = {
                "eigenvalues": solution.eigenvalues, "learned": path.learned[self.at],
                "floor": solution.noise_floor,
            }  # fmt: skip
            self.spectrum.update(**modes, front=n / s.t if np.isfinite(s.t) else 1e-30)
            self.learned.update(**modes, share=solution.share)
            self.learned.set(ylim=(-0.08, 1.12) if s.training == "flow" else (-0.3, 2.3))

    def draw_features(self):
        s, scores, lams = self.state, self.scores, (0.0, self.state.lam)
        eigenvalues = [self.found.solutions[lam].eigenvalues for lam in lams]
        limits = pictures.eigenvalue_limits(*eigenvalues)
        for i, plot in enumerate((self.standard, self.regularised)):
            if self.outdated(plot, lams[i], s.epsilon, s.norm):
                plot.update(
                    usefulness=scores[i].usefulness, robustness=scores[i].robustness,
                    eigenvalues=eigenvalues[i],
                )  # fmt: skip
                plot.set(title=text.feature_title(lams[i], scores[i]))
            plot.set(clim=limits)

    def say(self):
        """The sentences about the visible tab; the state's λ and λ = 0 have to be known."""
        s, found, at = self.state, self.found, self.at
        prepared, solution = study.prepare(found.problem), found.solutions[s.lam]
        searched = found.pgd.get(s.snapshot().search())
        rate = text.about_rate(s, solution, at)
        data = text.about_data(s, prepared)
        if s.view == "map":
            detail = text.small(data, text.about_stopping(s, self.comparison), rate)
        elif s.view == "features":
            unresolved = text.about_floor(solution)
            detail = text.small(text.claim(s, *self.scores), unresolved, data)
        else:
            point = s.point % len(prepared.test.y)
            path = solution.paths[s.speed]
            margin = path.reach.margin(s.epsilon, s.norm)[at, point]
            label = prepared.test.y[point]
            followed = text.about_point(point, label, label * path.reach.clean[at, point], margin)
            detail = text.small(
                text.about_predictor(s, prepared, solution, at), rate,
                "" if predictor.picture_of(s.data) == "circle" else followed,
                text.coinciding(prepared.train.x, prepared.test.x),
            )  # fmt: skip
        return text.headline(s, self.whole, searched, solution) + detail
