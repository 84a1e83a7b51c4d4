"""The equations of the eigenfeatures page, each with the function that computes it."""

from jntk_viz.frame.formula_sheet import Formula
from jntk_viz.frame.numbers import percent
from jntk_viz.frame.robustness import FRAGILE
from jntk_viz.pages.eigenfeatures.links import DRAWS, SHUFFLES

FORMULAS = (
    Formula(
        r"\Theta_\lambda = \Lambda^{1/2}\,\Theta(X,X)\,\Lambda^{1/2} = \sum_i e_i\, v_i v_i^\top,"
        r"\qquad \Lambda = \mathrm{diag}(1,\lambda,\dots,\lambda)",
        "The Jacobian NTK of an infinitely wide network on the training points, weighted as the "
        "loss weights outputs and input Jacobians. λ = 0 is standard training: N directions "
        "instead of N(1+d₀). Directions whose eigenvalue is below the noise floor, number of rows "
        "× 2.2·10⁻¹⁶ × e₁, are unresolved and left out. So are, for N < d₀, those orthogonal to "
        "all training points, whose features vanish.",
        {
            r"\Theta": "the limiting Jacobian Neural Tangent Kernel of the pair (f, J)",
            r"X,\; N,\; d_0": "training points on the unit sphere, their number, their dimension",
            r"\lambda": "weight of the squared input Jacobian in the loss",
            r"e_i,\; v_i": "eigenvalues, largest first, and eigenvectors",
        },
        code="jntk_viz.dynamics.LinearDynamics",
        source="Kim & Yang (ICML 2024), Section 4",
    ),
    Formula(
        r"f_i(x) = \Theta(x,X)\,\Lambda^{1/2} v_i\, \frac{v_i^\top \Lambda^{1/2} u^*}{e_i},"
        r"\qquad \sum_i f_i = f(\cdot, t=\infty)",
        "Eigenfeatures: what one eigenvector contributes to the "
        "trained network. By time t a fraction 1 − exp(−e_i t/N) of feature i has been learned.",
        {
            r"u^* = (y, 0)": "what training aims at: the labels, and no slope",
            r"N/e_i": "the time at which feature i is learned to 63 %",
            r"(v_i^\top\Lambda^{1/2}u^*)^2/|\Lambda^{1/2}u^*|^2": "its share of the target",
        },
        code="jntk_viz.eigenfeatures.eigenfeatures",
        source="Tsilivis & Kempe (NeurIPS 2022)",
    ),
    Formula(
        r"f_{ic}(x) = g_i(x)\, w_{ic}, \qquad g_i(x) = \Theta(x,X)\,\Lambda^{1/2} v_i, \qquad"
        r" w_{ic} = \frac{v_i^\top \Lambda^{1/2} u_c^*}{e_i}",
        "Of several classes all outputs share the kernel, so those of a feature are multiples of "
        "one function. The largest wins: one class where g_i > 0, another where g_i < 0. Its lead "
        "over each other class is attacked as f_i of two classes is.",
        {
            r"c": "a class, whose output is trained towards +1 in it and −1 elsewhere",
            r"g_i,\; w_{ic}": "the function, up to its sign, and its weight in the output of c; "
            "g_i is what is shown up close",
        },
        code="jntk_viz.dynamics.LinearDynamics.feature_directions",
        source="Tsilivis & Kempe (NeurIPS 2022), for several outputs",
    ),
    Formula(
        r"\text{accurate: } y f_i(x) > 0, \qquad \text{robust: } y f_i(x) - \varepsilon\,"
        r"\lVert P_x J(f_i)(x)\rVert_* > 0",
        "Each feature as a classifier of its own, attacked on its own. To first order a point is "
        "robust if no change of size ε flips a linear model of f_i there; PGD follows the slope "
        "inside the ε-ball and can only find more.",
        {
            r"J(f_i)(x)": "∂f_i/∂x, the input Jacobian (not the gradient in the weights)",
            r"P_x": "projection on the sphere's tangent space: only such changes count",
            r"\lVert\cdot\rVert_*": "dual norm: ℓ2 for an L2 change, ℓ1 for an L∞ change",
            r"\varepsilon": "size of the change; inputs have norm 1",
        },
        code="jntk_viz.attacks.first_order_margin",
        source="Goodfellow, Shlens & Szegedy (ICLR 2015); PGD: Madry et al. (ICLR 2018)",
    ),
    Formula(
        r"\rho = \mathrm{corr}\big(\mathrm{rank}(a_i), \mathrm{rank}(r_i)\big), \qquad"
        r"\rho_0 = \mathrm{E}_\pi\,\mathrm{corr}\big(\mathrm{rank}(a_i),"
        r"\mathrm{rank}(a_i s_{\pi(i)})\big), \quad s_i = r_i/a_i",
        "Spearman's rank correlation over the features; ties get their mean rank. The interval "
        f"holds the middle 95 % of {DRAWS} bootstrap resamples of the features. It says how "
        "much ρ depends on which features there are, not how it varies with the data. No attack "
        "makes a wrong answer right, so r cannot exceed a and the two correlate whatever the "
        f"features are. The null model, {SHUFFLES} random permutations π of the survival "
        "rates among the features, has this and nothing else: ρ − ρ₀ is what is linked beyond it.",
        {
            r"\rho": "rank correlation: 1 if accuracy and robustness order the features alike",
            r"a_i,\; r_i,\; s_i": "accuracy, robust accuracy, and the rate at which right answers "
            "survive the attack",
            r"\text{useful}": "right more often than naming the more frequent label always is "
            "(Tsilivis & Kempe, NeurIPS 2022); dotted line",
            r"\text{fragile}": f"right on at least {percent(FRAGILE[0])} of the test points, but "
            f"on at most {percent(FRAGILE[1])} under attack",
        },
        code="jntk_viz.pages.eigenfeatures.links.link",
        source="Spearman (1904); bootstrap and permutations: Efron & Tibshirani, An Introduction "
        "to the Bootstrap (1993)",
    ),
)
