"""The network whose limit is taken: its depth, activation, weights, biases and skips.

    g¹ = σ_w W¹x + σ_b b¹
    plain      gˡ = σ_w Wˡφ(gˡ⁻¹)/√d + σ_b bˡ
    residual   gˡ = gˡ⁻¹ + α (σ_w Wˡφ(gˡ⁻¹)/√d + σ_b bˡ)      (l = 2 … L)
    f = κ W^{L+1} φ(gᴸ)/√d

Weights and biases are N(0, 1). With σ_w = 1, σ_b = 0 and no skips it is the network of Kim & Yang
(ICML 2024), in which every gˡ has variance one.
"""

from dataclasses import dataclass, fields
from typing import NamedTuple

from ._validation import check_count, check_residual, check_std
from .activations import Activation, PowerSeries, get_activation

_SMALLEST = 1e-90  # variance; third derivatives are divided by its cube


class LayerRule(NamedTuple):
    """One application of φ and the affine map behind it, as it acts on every kernel.

    F⁺ = skip · F + gain · T + bias, where T = E φφ at pre-activations of variance Q and covariance
    F; Θ⁺ = skip · Θ + gain · (T + Θ Ṫ) + bias.

    variance: Q, of the neurons that φ is applied to; after: Q⁺, of those behind the map.
    moment, slope: E φ² and its derivative E φ'² + E φφ'' in Q.
    series: expectations at that variance; None of piecewise linear activations.
    """

    variance: float
    moment: float
    slope: float
    series: PowerSeries | None
    skip: float
    gain: float
    bias: float
    after: float


@dataclass(frozen=True)
class Architecture:
    """A fully connected network without its width.

    Args:
        depth: L ≥ 1, the number of hidden layers.
        activation: a name in `ACTIVATIONS` or an `Activation`, normalised at variance one.
        weight_std: σ_w > 0. bias_std: σ_b ≥ 0.
        residual: α > 0, the weight of each layer beside its skip; None for a plain network.

    Raises:
        ValueError: naming the argument, what was expected, what came and the remedy.
    """

    depth: int
    activation: Activation = "gelu"  # type: ignore[assignment]  # names are looked up below
    weight_std: float = 1.0
    bias_std: float = 0.0
    residual: float | None = None

    def __post_init__(self):
        for name, value in {
            "depth": check_count(self.depth, "depth"),
            "activation": get_activation(self.activation),
            "weight_std": check_std(self.weight_std, "weight_std", positive=True),
            "bias_std": check_std(self.bias_std, "bias_std"),
            "residual": check_residual(self.residual),
        }.items():
            object.__setattr__(self, name, value)

    @property
    def keywords(self) -> dict:
        """The settings as keyword arguments of `jntk` and whatever else takes them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def standard(self) -> bool:
        """True for the network of the paper: every variance is one and every layer alike."""
        return (self.weight_std, self.bias_std, self.residual) == (1.0, 0.0, None)

    def rules(self) -> list[LayerRule]:
        """One rule for each φ: those of the hidden layers 2 … L, and the last, which is T alone.

        Raises:
            ValueError: where a layer's variance is so large that φ(√Q z) has too many Hermite
                coefficients, or vanishes.
        """
        alpha = 1.0 if self.residual is None else self.residual
        hidden = (
            float(self.residual is not None),
            (alpha * self.weight_std) ** 2,
            (alpha * self.bias_std) ** 2,
        )
        rules: list[LayerRule] = []
        variance = self.weight_std**2 + self.bias_std**2
        for layer in range(1, self.depth + 1):
            skip, gain, bias = hidden if layer < self.depth else (0.0, 1.0, 0.0)
            moment, slope, series = self._expectations(variance, layer)
            after = skip * variance + gain * moment + bias
            rules.append(LayerRule(variance, moment, slope, series, skip, gain, bias, after))
            variance = after
        return rules

    def _expectations(self, variance, layer):
        """E φ², its derivative in the variance, and the series, of the neurons of one layer."""
        if not variance >= _SMALLEST:
            raise ValueError(self._refusal(variance, layer, "nothing is left of the input"))
        if not self.activation.smooth:
            return variance, 1.0, None
        series = self.activation.series_at(variance)
        if series is None:
            sharp = "φ has too many Hermite coefficients there, as if it had a kink"
            raise ValueError(self._refusal(variance, layer, sharp))
        return series.total, series.variance_slope, series

    def _refusal(self, variance, layer, reason) -> str:
        """The message for a variance of layer `layer` that is out of range."""
        here = (
            f"its layer {layer} has pre-activations of variance {variance:.3g} and {reason}"
            if variance < float("inf")
            else f"the variance of its layer {layer} passes the range of float64"
        )
        settings = f"weight_std={self.weight_std:g}, bias_std={self.bias_std:g}" + (
            "" if self.residual is None else f", residual={self.residual:g}"
        )
        if layer == 1:
            return (
                f"`weight_std` {self.weight_std:g} with bias_std={self.bias_std:g} is out of range "
                f"for {self.activation.name}: {here}. Take values nearer to weight_std=1."
            )
        return (
            f"`depth` {self.depth} is too large for {self.activation.name} with {settings}: {here}."
            f" Use at most depth={layer - 1}, or other values of these arguments."
        )
