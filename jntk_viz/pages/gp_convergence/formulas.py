"""The formulas of the Gaussian-process page."""

from jntk_viz.frame.formula_sheet import Formula

FORMULAS = (
    Formula(
        r"h^0 = x,\quad g^1 = W^1 x,\quad g^l = \tfrac{1}{\sqrt d}\,W^l h^{l-1},\quad "
        r"h^l = \varphi(g^l),\quad f(x) = \tfrac{\kappa}{\sqrt d}\,W^{L+1} h^L",
        "The network. Every entry of every weight matrix is drawn from N(0, 1).",
        {
            r"x": "input, a point of the unit sphere with d₀ coordinates",
            r"d,\; L": "width, that is neurons in each hidden layer; depth, that is hidden layers",
            r"\varphi": "activation, scaled so that E φ(z)² = 1 for z ~ N(0, 1)",
            r"\kappa": "output scale; it multiplies f and J alike",
        },
        code="jntk_viz.mlp.MLP.value_and_jacobian",
        source="Kim & Yang (ICML 2024), Section 2",
    ),
    Formula(
        r"(f, J) \;\xrightarrow{\;d\to\infty\;}\; \mathcal{GP},\qquad "
        r"J(x)_\alpha = \frac{\partial f(x)}{\partial x_\alpha}",
        "As the width grows, outputs and slopes at all inputs together become Gaussian.",
        {
            r"J(x)_\alpha": "input Jacobian: how the output changes with input feature α. "
            "It is not a gradient in the parameters",
            r"\mathcal{GP}": "a Gaussian process of mean zero: values and slopes at finitely "
            "many inputs are jointly normal",
        },
        code="jntk_viz.finite.sample_value_and_jacobian",
        source="Kim & Yang (ICML 2024), Theorem 3.1",
    ),
    Formula(
        r"\mathrm{Cov}\big(f_\alpha(x), f_\beta(x')\big) = "
        r"\kappa^2\,\partial_\alpha\,\partial'_\beta\,\Sigma^{(L)}(x, x'),"
        r"\qquad f_0=f,\; f_\alpha=J_\alpha",
        "All four kinds of blocks follow from one kernel by differentiation: f–f from the kernel "
        "itself, J–f and f–J from one derivative, J–J from two.",
        {
            r"\Sigma^{(L)}": "the NNGP kernel: covariance of f alone, infinitely wide, κ = 1",
            r"\partial_\alpha,\;\partial'_\beta": "derivative in coordinate α of x, in β of x'; "
            "no derivative for index 0",
        },
        code="jntk_viz.kernels.jacobian_nngp",
        source="Kim & Yang (ICML 2024), Theorem 3.2",
    ),
    Formula(
        r"K_d = \tfrac{\kappa^2}{d}\,\big\langle h^L_\alpha(x),\, h^L_\beta(x')\big\rangle,\qquad"
        r"\text{error} = \frac{\lVert K_d - K\rVert_F}{\lVert K\rVert_F} \sim \frac{1}{\sqrt d}",
        "The covariance that one network gives to (f, J), its hidden layers being drawn and only "
        "the last layer random. It differs from network to network, which makes f a mixture of "
        "Gaussians with heavy tails; when it stops differing, f is Gaussian.",
        {
            r"h^L_\alpha": "last hidden layer (α = 0) and its derivative in coordinate α of x",
            r"K": "the limit, κ² ∂_α ∂'_β Σ on the 12 points",
            r"\lVert\cdot\rVert_F": "root of the sum of all squared entries",
        },
        code="jntk_viz.pages.gp_convergence.study.errors",
        source="Kim & Yang (ICML 2024), Figure 1; the rate is that of a mean over d neurons",
    ),
    Formula(
        r"m = K_{\cdot o}\,(K_{oo} + \sigma^2 I)^{-1} y,\qquad "
        r"C = K - K_{\cdot o}\,(K_{oo} + \sigma^2 I)^{-1} K_{o\cdot}",
        "Given observations, values or slopes alike, the limit is still Gaussian: with mean m and "
        "covariance C. The networks are conditioned in the same way: hidden layers drawn in "
        "proportion to how well they explain y, the last layer by this formula with their own K.",
        {
            r"y": "what was observed: values of f, and slopes J·τ",
            r"K_{oo},\; K_{\cdot o},\; K_{o\cdot}": "covariance of what was observed; of "
            "all numbers with it, and the other way round",
            r"\sigma": "standard deviation of the noise of an observation",
            r"J\cdot\tau": "slope along the circle, df/dθ for x = (cos θ, sin θ) and the tangent "
            "τ = (−sin θ, cos θ)",
        },
        code="jntk_viz.pages.gp_convergence.posterior.condition",
        source="Rasmussen & Williams, Gaussian Processes for Machine Learning (2006), equations "
        "2.22 to 2.24; slopes: Section 9.4",
    ),
    Formula(
        r"f_d = K_d^{1/2}\, z \;\longrightarrow\; K^{1/2}\, z",
        "How each function on the circle is drawn: given its hidden layers a network is Gaussian. "
        "With the same z at every width it can be seen what the function becomes.",
        {r"z": "a vector of independent N(0, 1) numbers, another one for each function"},
        code="jntk_viz.pages.gp_convergence.circle.on_circle",
        source="Rasmussen & Williams, Gaussian Processes for Machine Learning (2006), Appendix A.2",
    ),
)
