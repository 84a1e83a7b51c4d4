"""Robust training in closed form: λ and time t against accuracy, robustness and the predictor."""

import numpy as np
import panel as pn

from jntk_viz import frame
from jntk_viz.datasets.tables import shortened
from jntk_viz.drawing import axes
from jntk_viz.drawing.live import LivePlot, update_all
from jntk_viz.drawing.plane import keep_square
from jntk_viz.frame.parts import plot_grid, tabbed
from jntk_viz.frame.robustness import LAMBDAS, class_numbers
from jntk_viz.pages.robust_training import pictures, predictor, study
from jntk_viz.pages.robust_training import predictor_pictures as shapes
from jntk_viz.pages.robust_training import words as text
from jntk_viz.pages.robust_training.answers import answers
from jntk_viz.pages.robust_training.formulas import FORMULAS
from jntk_viz.pages.robust_training.plan import found_of, plan
from jntk_viz.pages.robust_training.script import script
from jntk_viz.pages.robust_training.state import SOURCES, TIMES, RobustTrainingState

_UNKNOWN = np.full(len(TIMES), np.nan)
_COLUMN = np.full(len(LAMBDAS), np.nan)
_NONE = np.array([])
_LOW = {"min_height": 100}
_XLABELS = {"robust": "robust (%)", "clean": "clean (%)", "jacobian": "median |J|"}
_SLICE_LIMITS, _WINNER_LIMITS = (-1.1, 1.1), (-1.1, 1.9)
_GALLERY_LIMITS = ((-17, 41), (-1, 43))


class RobustTraining(frame.Content):
    """Three views: the map over (λ, t), the predictor itself, its eigenfeatures."""

    name = "robust_training"
    question = text.QUESTION
    rows = (
        "data", ("depth", "activation"), "lam", "t", "epsilon", ("norm", "shown"),
        ("training", "rate"), ("plane", "point"),
    )  # fmt: skip
    slow = ("depth", "data", "activation")
    formulas = FORMULAS
    sources = SOURCES
    script = staticmethod(script)

    def __init__(self):
        super().__init__(RobustTrainingState())
        self._make_plots()
        taps = {
            self.map: self.go_to_place, self.accuracy: self.go_to_time,
            self.jacobian: self.go_to_time, self.slice: self.follow_point,
            self.winners: self.follow_point,
        }  # fmt: skip
        for plot, tapped in taps.items():
            plot.when_drawn(lambda figure, tapped=tapped: figure.on_event("tap", tapped))

    def go_to_time(self, event):
        """Move the reader to the time that was clicked on."""
        self.state.t = axes.nearest(TIMES, event.x, axes.time_position)

    def go_to_place(self, event):
        """Move the reader to the place of the map that was clicked on."""
        self.state.param.update(
            t=axes.nearest(TIMES, event.x, axes.time_position),
            lam=axes.nearest(LAMBDAS, event.y, axes.lam_position),
        )

    def follow_point(self, event):
        """Follow the test point that is drawn nearest to the click on the slice."""
        places = getattr(self, predictor.picture_of(self.state.data)).data["test"]
        if len(places):
            self.state.point = shapes.nearest_place(places, (event.x, event.y))

    def plan(self, known):
        return plan(self.state, known)

    def say(self, known):
        found = found_of(self.state, known)
        return None if found is None else text.headline(self.state, found)

    def acts(self, name):
        s, picture = self.state, predictor.picture_of(self.state.data)
        return {
            "rate": s.training == "descent",
            "plane": s.view == "predictor"
            and picture in ("slice", "winners")
            and not predictor.is_flat(s.data),
            "point": s.view == "predictor" and picture != "circle",
            "shown": s.view == "map",
        }.get(name, True)

    def answers(self):
        return answers(self.state)

    def _make_plots(self):
        self.accuracy = LivePlot(
            pictures.accuracy_curves, times=TIMES, clean=_UNKNOWN, robust=_UNKNOWN,
            standard_clean=_UNKNOWN, standard_robust=_UNKNOWN, pgd_times=_NONE, pgd=_NONE,
            stopped_times=_NONE, stopped=_NONE, **_LOW,
        )  # fmt: skip
        self.jacobian = LivePlot(
            pictures.jacobian_curves, times=TIMES, jacobian=_UNKNOWN, standard=_UNKNOWN,
            **_LOW,
        )  # fmt: skip
        self.map = LivePlot(
            pictures.lambda_time_map, lams=LAMBDAS, times=TIMES,
            values=np.tile(_UNKNOWN, (len(LAMBDAS), 1)), best=_COLUMN, **_LOW,
        )  # fmt: skip
        self.profile = LivePlot(
            pictures.lambda_profile, lams=LAMBDAS, now=_COLUMN, end=_COLUMN, **_LOW
        )
        scatter = {"usefulness": _NONE, "robustness": _NONE, "eigenvalues": _NONE, **_LOW}
        self.standard = LivePlot(pictures.feature_scatter, **scatter, colorbar=False)
        self.regularised = LivePlot(pictures.feature_scatter, **scatter)
        self._predictor_plots()
        self._predictor_grid()
        self.plots = {
            "map": self.map, "accuracy": self.accuracy, "jacobian": self.jacobian,
            "column": self.profile, "circle": self.circle, "slopes": self.slope,
            "slice": self.slice, "winners": self.winners, "digits": self.digits,
            "spectrum": self.spectrum, "learned": self.learned, "standard": self.standard,
            "regularised": self.regularised,
        }  # fmt: skip

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
        unknown = np.full((predictor.GRID,) * 2, np.nan)
        self.winners = LivePlot(
            shapes.winner_field, number=unknown, lead=unknown, ahead=unknown[None], names=(),
            train=none, train_class=_NONE, test=none, test_class=_NONE, fragile=_NONE,
            here=np.full(2, np.nan), epsilon=0.0,
        )  # fmt: skip
        tiles, words = np.zeros((predictor.SHOWN_DIGITS, 8, 8)), [""] * predictor.SHOWN_DIGITS
        self.digits = LivePlot(
            shapes.digit_gallery, image=tiles, jacobian=tiles, change=tiles, attacked=tiles,
            left=words, right=words,
        )  # fmt: skip
        modes = {"eigenvalues": _NONE, "learned": _NONE, "floor": 1e-12, **_LOW}
        self.spectrum = LivePlot(shapes.spectrum, **modes, front=1.0)
        self.learned = LivePlot(shapes.learned_modes, **modes, share=_NONE)
        keep_square(self.slice, _SLICE_LIMITS, _SLICE_LIMITS)
        keep_square(self.winners, _WINNER_LIMITS, _SLICE_LIMITS)
        keep_square(self.digits, *_GALLERY_LIMITS)

    def _predictor_grid(self):
        """The predictor's tab; its left half holds one of four pictures, by the data."""
        self.predictor = plot_grid(
            "aaaass", "bbbbll", a=self.circle, b=self.slope, s=self.spectrum, l=self.learned,
            min_height=400,
        )  # fmt: skip
        on_circle = [cell for cell in self.predictor if cell.styles["grid-area"] in "ab"]
        for plot in (self.slice, self.digits, self.winners):
            whole = {**on_circle[0].styles, "grid-area": "1 / 1 / 3 / 5"}
            self.predictor.insert(
                0,
                pn.Column(
                    plot.pane, sizing_mode="stretch_both", margin=0, styles=whole,
                    stylesheets=on_circle[0].stylesheets,
                ),
            )  # fmt: skip
        cells = list(self.predictor)
        self._left = {
            "circle": on_circle, "winners": cells[:1], "digits": cells[1:2], "slice": cells[2:3]
        }  # fmt: skip
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

    def body(self):
        """The three tabs."""
        return tabbed(
            self.state,
            "view",
            map=plot_grid(
                *5 * ["mmmmmmmppppaaaaaaaa"], *3 * ["mmmmmmmppppjjjjjjjj"],
                m=self.map, p=self.profile, a=self.accuracy, j=self.jacobian, min_height=400,
            ),
            predictor=self.predictor,
            features=plot_grid("sr", s=self.standard, r=self.regularised, min_height=400),
        )  # fmt: skip

    def draw(self, known):
        found = found_of(self.state, known)
        if found is not None:
            {"map": self._map, "predictor": self._predictor, "features": self._features}[
                self.state.view
            ](found)

    def _map(self, found):
        s, whole, pgd = self.state, found.whole, np.array([*found.pgd.values()])
        now, standard = study.row(whole, s.lam), study.row(whole, 0.0)
        stopped = found.comparison
        shown = getattr(whole, s.shown) * (1 if s.shown == "jacobian" else 100)
        update_all(
            (self.accuracy, {
                "clean": now.clean, "robust": now.robust, "standard_clean": standard.clean,
                "standard_robust": standard.robust, "pgd_times": np.array([*found.pgd]),
                "pgd": pgd, "stopped_times": np.array([] if stopped is None else stopped.times),
                "stopped": np.array([] if stopped is None else stopped.robust[:, 0]), "t": s.t,
            }),
            (self.jacobian, {"jacobian": now.jacobian, "standard": standard.jacobian, "t": s.t}),
            (self.map, {
                "values": shown, "best": study.ridge(whole.robust), "t": s.t, "lam": s.lam
            }),
            (self.profile, {"now": shown[:, s.at], "end": shown[:, -1], "lam": s.lam}),
        )  # fmt: skip
        limits = pictures.map_limits(s.shown, getattr(whole, s.shown))
        self.accuracy.set(ylim=pictures.accuracy_limits(whole.robust, pgd))
        self.jacobian.set(ylim=pictures.map_limits("jacobian", whole.jacobian))
        self.map.set(title=pictures.MAP_TITLES[s.shown], clim=limits)
        self.profile.set(xlim=pictures.wider(limits), xlabel=_XLABELS[s.shown])

    def _predictor(self, found):
        self._choose_left()
        if found.picture is not None:
            {
                "circle": self._circle, "slice": self._slice, "winners": self._winners,
                "digits": self._digits,
            }[predictor.picture_of(self.state.data)](found)  # fmt: skip
        self._spectrum(found)

    def _circle(self, found):
        s, train = self.state, found.prepared.train
        now, standard = (
            predictor.on_circle(
                found.prepared, found.picture,
                found.solutions[lam].paths[s.speed].coefficients[s.at], **s.attack,
            )
            for lam in (s.lam, 0.0)
        )  # fmt: skip
        angles = predictor.angles(train.x)
        self.circle.update(
            f=now.f, standard=standard.f, low=now.f - now.reach, high=now.f + now.reach,
            train_angle=angles, train_y=train.y, test_angle=now.test_angle,
            test_f=now.test_f, fragile=~(now.margin > 0),
        )  # fmt: skip
        self.slope.update(
            slope=now.slope, standard=standard.slope, train_angle=angles,
            train_slope=np.interp(angles, predictor.ANGLES, now.slope),
        )  # fmt: skip

    def _slice(self, found):
        s, (train, test, *_), cut = self.state, found.prepared, found.picture
        path = found.solutions[s.lam].paths[s.speed]
        margin = path.reach.margin(**s.attack)[s.at]
        self.slice.update(
            field=cut.field(path.coefficients[s.at]), train=cut.train, train_y=train.y,
            test=cut.test, test_y=test.y, fragile=~(margin > 0),
            here=cut.test[s.point % len(test.y)],
            # Only there the point lies on the slice, and an L2 attack reaches a disc.
            epsilon=s.epsilon if (s.plane, s.norm) == ("point", "l2") else np.nan,
        )  # fmt: skip
        self.slice.set(title=text.SLICE_TITLES[s.plane])

    def _winners(self, found):
        s, (train, test, *_), cut = self.state, found.prepared, found.picture
        path = found.solutions[s.lam].paths[s.speed]
        margin = path.reach.margin(**s.attack)[s.at]
        flat = predictor.is_flat(s.data)
        around = s.plane == "point" and not flat
        self.winners.update(
            **cut.winners(path.coefficients[s.at])._asdict(),
            names=[shortened(name, 16) for name in test.classes],
            train=cut.train, train_class=class_numbers(train.y),
            test=cut.test, test_class=class_numbers(test.y), fragile=~(margin > 0),
            here=cut.test[s.point % len(test.y)],
            epsilon=s.epsilon if around and s.norm == "l2" else np.nan,
        )  # fmt: skip
        self.winners.set(title=text.WINNER_TITLES["flat" if flat else s.plane])

    def _digits(self, found):
        shown = found.picture
        self.digits.update(
            image=shown.image, jacobian=shown.jacobian, change=shown.change,
            attacked=shown.attacked, **text.beside_digits(shown),
        )  # fmt: skip
        self.digits.set(title=text.gallery_title(found.prepared.test))

    def _spectrum(self, found):
        s, solution, every = self.state, found.solutions[self.state.lam], found.solutions.values()
        limits = shapes.eigenvalue_span(
            np.concatenate([one.eigenvalues for one in every]),
            min(one.noise_floor for one in every),
        )
        modes = {
            "eigenvalues": solution.eigenvalues, "floor": solution.noise_floor,
            "learned": solution.paths[s.speed].learned[s.at],
        }  # fmt: skip
        front = len(found.prepared.train.y) / s.t if np.isfinite(s.t) else 1e-30
        self.spectrum.update(**modes, front=front)
        self.spectrum.set(ylim=limits)
        self.learned.update(**modes, share=solution.share)
        self.learned.set(xlim=limits, ylim=(-0.08, 1.12) if s.training == "flow" else (-0.3, 2.3))

    def _features(self, found):
        solutions = [found.solutions[lam] for lam in (0.0, self.state.lam)]
        limits = axes.decades(*(one.eigenvalues for one in solutions))
        for plot, solution in zip((self.standard, self.regularised), solutions, strict=True):
            scores = study.scores(solution, **self.state.attack)
            plot.update(
                usefulness=scores.usefulness, robustness=scores.robustness,
                eigenvalues=solution.eigenvalues,
            )  # fmt: skip
            plot.set(title=text.feature_title(solution.lam, scores), clim=limits)


def app():
    """The page; its state is in the address."""
    return frame.show(RobustTraining())
