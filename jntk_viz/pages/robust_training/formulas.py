"""The equations of the robust-training page, each with the function that computes it."""

from jntk_viz.frame.formula_sheet import Formula

FORMULAS = (
    Formula(
        r"\text{loss} = \frac{1}{2N}\sum_{i=1}^{N}\Big[(f(x_i)-y_i)^2"
        r" + \lambda\sum_{\alpha=1}^{d_0} J(f)(x_i)_\alpha^2\Big]",
        "Robust training: fit the labels and keep the input Jacobian small.",
        {
            r"f(x)": "the network's output at the input x, a point of the unit sphere",
            r"J(f)(x)_\alpha": "∂f/∂x along feature α, the input Jacobian (not the gradient in the "
            "weights)",
            r"y_i = \pm 1": "label of the training point x_i",
            r"\lambda": "weight of the Jacobian regulariser; 0 is standard training",
            r"N,\; d_0": "number of training points and of input coordinates",
        },
        code="jntk_viz.training.robust_loss",
        source="Kim & Yang (ICML 2024), Section 4",
    ),
    Formula(
        r"u(x,t) = \Theta(x,X)\,\Lambda^{1/2} V\,\frac{1-e^{-et/N}}{e}\,V^\top\Lambda^{1/2}u^*,"
        r"\qquad \Theta_\lambda=\Lambda^{1/2}\Theta\Lambda^{1/2} = V\,\mathrm{diag}(e)\,V^\top",
        "An infinitely wide network under gradient flow, in closed form at every time. As t → ∞ "
        "the fraction becomes 1/e and λ cancels: for every λ > 0 the predictor interpolates the "
        "labels and has zero Jacobian at the training points. λ acts through the time it takes.",
        {
            r"u = (f, J)": "output and input Jacobian together, started from zero: the mean over "
            "random networks, or the change since the start",
            r"u^* = (y, 0)": "what training aims at: the labels, and no slope",
            r"\Theta": "the limiting Jacobian Neural Tangent Kernel on the training points X",
            r"\Lambda": "diag(1, λ, …, λ): output gets weight 1, Jacobian entries weight λ",
            r"e,\; V": "eigenvalues and eigenvectors; directions of small e are learned late",
            r"t": "training time; of descent t = ηk, steps of size η times their number k",
        },
        code="jntk_viz.pages.robust_training.study.solve",
        source="Kim & Yang (ICML 2024), Theorem 4.6",
    ),
    Formula(
        r"\text{flow: } 1-e^{-e t/N}, \qquad \text{descent: } 1-(1-\eta e/N)^{k}, \quad t=\eta k,"
        r"\qquad \text{stable for } \eta < 2N/e_{\max}",
        "The fraction of a mode that has been learned. The flow has learned what lies above "
        "e = N/t. With a step above 2N/eₘₐₓ what is left of the largest mode is multiplied by "
        "a number below −1 in every step: it diverges, and nothing is drawn once a fraction "
        "exceeds a million. The modes below 2N/η are learned as usual.",
        {
            r"\eta,\; k": "learning rate and number of steps of gradient descent",
            r"e_{\max}": "the largest eigenvalue of √Λ Θ √Λ, so that η depends on λ",
        },
        code="jntk_viz.dynamics.LinearDynamics.learned",
        source="Lee et al. (NeurIPS 2019), Section 2",
    ),
    Formula(
        r"\text{clean: } y f(x) > 0, \qquad \text{robust: } y f(x) - \varepsilon\,"
        r"\lVert P_x J(x)\rVert_* > 0",
        "A test point counts as robust, to first order, if no change of size ε flips a linear "
        "model of f at x. PGD follows the slope downhill inside the ε-ball instead and finds more.",
        {
            r"\varepsilon": "size of the change; inputs have norm 1",
            r"P_x": "projection on the sphere's tangent space: only such changes count",
            r"\lVert\cdot\rVert_*": "dual norm: ℓ2 for an L2 change, ℓ1 for an L∞ change",
        },
        code="jntk_viz.attacks.first_order_margin",
        source="Goodfellow, Shlens & Szegedy (ICLR 2015); PGD: Madry et al. (ICLR 2018)",
    ),
    Formula(
        r"\min_{k \neq y}\; \Big[ f_y(x) - f_k(x) - \varepsilon\,"
        r"\lVert P_x (J_y(x) - J_k(x))\rVert_* \Big] > 0",
        "The same for all classes at once. Each has its own output, trained by the one kernel "
        "towards +1 in its class and −1 elsewhere; the largest output is the answer.",
        {
            r"y": "the right class of x, k each of the others",
            r"f_y - f_k": "the lead of the right output; the smallest decides",
            r"\lVert J \rVert": "of all outputs together: Frobenius norm, in the curves of |J|",
        },
        code="jntk_viz.attacks.leads",
        source="Hein & Andriushchenko (NeurIPS 2017), with the slope at the point itself",
    ),
    Formula(
        r"t^* = \arg\max_t \frac{1}{N}\sum_{i=1}^{N} \mathbf{1}\Big[\, y_i f^{(-i)}_t(x_i) > "
        r"\varepsilon\,\lVert P J^{(-i)}_t(x_i)\rVert_* \Big]",
        "The stopping time of each training, with λ and without: the most robust on training "
        "points that were left out (threefold cross-validation); no test point has a part in it. "
        "Intervals: adjusted Wald for paired proportions (Bonett & Price 2012). Long training "
        "costs robustness in finite networks (Rice, Wong & Kolter, ICML 2020), in adversarial "
        "training of wide ones (Fu & Wang, ICLR 2024) and without any regulariser in the NTK "
        "regime, where stopping in time is optimal (Hou, Peng & Yang, arXiv 2604.25965).",
        {r"f^{(-i)}_t": "the predictor trained to time t without the third that holds point i"},
        code="jntk_viz.pages.robust_training.stopping.stopping_time",
        source="Cross-validation: Hastie, Tibshirani & Friedman, The Elements of Statistical "
        "Learning (2009), Section 7.10",
    ),
    Formula(
        r"x(s, r) = s\,a + r\,b + \sqrt{1-s^2-r^2}\;c",
        "The slice of the sphere: half of a great sphere, seen along c. Test points are drawn "
        "where they project to and marked by their own margin, not by what lies under them. Only "
        "the followed point of the slice around it lies on it: a change of size ε (L2) reaches "
        "all places within the ring of radius ε; where f = 0 crosses it, the point can be flipped.",
        {
            r"a, b, c": "orthonormal directions; principal ones, from class to class, or from the "
            "followed point to the nearest training point of the other class",
        },
        code="jntk_viz.pages.robust_training.predictor.cut",
        source="elementary geometry: a point of the sphere from its shadow on a plane",
    ),
    Formula(
        r"f_i(x) = \Theta_\lambda(x,X)\, v_i\, \frac{v_i^\top \Lambda^{1/2} u^*}{e_i},"
        r"\qquad \sum_i f_i = f(\cdot, t=\infty)",
        "Eigenfeatures: what one eigenvector contributes. Each "
        "dot is one of them as a classifier of its own, attacked on its own. Eigenvalues below "
        "the noise floor, number of rows × 2.2e-16 × largest eigenvalue, are rounding error; "
        "their directions are left out.",
        {
            r"e_i,\; v_i": "an eigenvalue of √Λ Θ √Λ and its eigenvector",
            r"\text{accuracy}": "how often sign f_i is right on the test points",
            r"\text{robustness}": "the same, each point changed by ε against f_i",
        },
        code="jntk_viz.dynamics.LinearDynamics.feature_coefficients",
        source="Tsilivis & Kempe (NeurIPS 2022)",
    ),
)
