"""The equations of the full-rank page, each with the function that computes it."""

from jntk_viz.frame.formula_sheet import Formula

FORMULAS = (
    Formula(
        r"\lambda_{\min}(\Theta) > n\,\varepsilon\,\lambda_{\max}(\Theta)",
        "Numerically resolved: λₘᵢₙ stands above what rounding alone may produce. The theory "
        "assumes λₘᵢₙ > 0 (Assumption 4.4); a computer can only tell whether it is resolved. The "
        "floor is a bound: an eigenvalue routine often errs less.",
        {
            r"\Theta": "the kernel's matrix on the N inputs: JNTK, NTK or Jacobian NNGP",
            r"n": "its number of rows: N(1+d₀), a value and d₀ slopes for each input",
            r"\lambda_{\min},\,\lambda_{\max}": "its smallest and its largest eigenvalue",
            r"\varepsilon": "machine precision: 2.2·10⁻¹⁶ in float64, 1.2·10⁻⁷ in float32",
        },
        code="jntk_viz.spectrum.gram_spectrum",
        source="Kim & Yang (ICML 2024), Assumption 4.4; rounding: Golub & Van Loan, Matrix "
        "Computations (2013), Chapter 8",
    ),
    Formula(
        r"f(x') - f(x) - \tfrac{\theta}{2}\,\big(J_\perp(x) + J_\perp(x')\big)"
        r" = -\tfrac{\theta^3}{12} f''' + \dots",
        "Two close inputs: the two slopes already tell by how much the values differ, up to order "
        "θ³. The variance of this combination, and with it λₘᵢₙ, is of order θ⁶; of two values "
        "without slopes it is of order θ².",
        {
            r"\theta": "angle between the inputs x and x′ on the circle",
            r"J_\perp,\, J_\parallel": "input Jacobian perpendicular to and along the input, "
            "not the gradient in the weights",
            r"f'''": "third derivative of f along the circle",
        },
        code="jntk_viz.pages.full_rank.pair.pair",
        source="error of the trapezoidal rule: Süli & Mayers, An Introduction to Numerical "
        "Analysis (2003), Chapter 7",
    ),
    Formula(
        r"\varphi \text{ odd}: f(-x) = -f(x),\; J(-x) = J(x); \qquad"
        r"\varphi(cz) = c\,\varphi(z): f(x) = \langle x, J(x)\rangle",
        "Exact null directions, for every network and so for every kernel. Odd activations (erf, "
        "tanh, sin): 1+d₀ for each antipodal pair. ReLU: one for each input. With one hidden layer "
        "and φ(z) − φ(−z) ∝ z (GeLU, SiLU, softplus) an antipodal pair has one as well: "
        "f(x) − f(−x) = ⟨x, J(x) + J(−x)⟩.",
        {r"\varphi": "activation", r"\langle x, J\rangle": "slope along the input, J∥"},
        code="jntk_viz.pages.full_rank.study.null_directions",
        source="symmetry of the network; Euler's theorem on homogeneous functions",
    ),
    Formula(
        r"v_i^\top \Lambda^{1/2}(u - u^*)\,(t) \propto e^{-e_i t/N}, \qquad "
        r"t_{1\,\%} = \frac{N \ln 100}{e_i}, \qquad "
        r"\text{loss} = \frac{1}{2N}\sum_i \big(v_i^\top\Lambda^{1/2}(u-u^*)\big)^2",
        "Training an infinitely wide network: every eigenvector of √Λ Θ √Λ is a mode that is "
        "learned by itself, the slower the smaller its eigenvalue. Gradient descent needs t/η "
        "steps, with η < 2N/eₘₐₓ.",
        {
            r"u = (f, J),\; u^* = (y, 0)": "outputs and slopes on the inputs, and their targets",
            r"\Theta_\lambda = \Lambda^{1/2}\Theta\Lambda^{1/2}": "the JNTK, slopes weighted by λ",
            r"e_i,\; v_i": "its eigenvalues and eigenvectors",
            r"N,\; t": "number of inputs; time of the gradient flow",
        },
        code="jntk_viz.pages.full_rank.time.of_dynamics",
        source="Kim & Yang (ICML 2024), Theorem 4.6; without slopes: Lee et al. (NeurIPS 2019), "
        "Section 2",
    ),
)
