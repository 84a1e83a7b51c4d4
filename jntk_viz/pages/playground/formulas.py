"""The equations of the playground, each with the function that computes it."""

from jntk_viz.frame.formula_sheet import Formula

FORMULAS = (
    Formula(
        r"\text{loss} = \frac{1}{2N}\sum_{i=1}^{N}\Big[(f(x_i)-y_i)^2"
        r" + \lambda\,\lVert J(x_i)\rVert^2\Big]",
        "What both networks minimise: the left one with λ = 0, the right one with λ > 0.",
        {
            r"f(x)": "the network's output at the input x, a point of the globe",
            r"J(x)": "the slope ∂f/∂x of the output in the input (not in the weights)",
            r"y_i": "+1 or −1, the class of the training point",
            r"x_i": "a training point",
            r"\lambda": "weight of the penalty",
            r"N": "number of training points",
        },
        code="jntk_viz.training.robust_loss",
        source="Kim & Yang (ICML 2024), Section 4",
    ),
    Formula(
        r"(f, J)(x,t) = \Theta(x,X)\,\Lambda^{1/2} V\,\frac{1-e^{-et/N}}{e}\,V^\top"
        r"\Lambda^{1/2}u^*,"
        r"\qquad \Lambda^{1/2}\Theta(X,X)\Lambda^{1/2} = V\,\mathrm{diag}(e)\,V^\top",
        "An infinitely wide network at every time of training. As t → ∞ it "
        "passes through all labels with slope zero there, whatever λ > 0 is.",
        {
            r"\Theta": "the Jacobian neural tangent kernel",
            r"X": "all training points",
            r"\Lambda": "diag(1, λ, λ, λ) for each point",
            r"e,\; V": "eigenvalues and eigenvectors; small e are learned late",
            r"u^*": "the goal: outputs y and slopes 0",
            r"t": "training time",
        },
        code="jntk_viz.pages.playground.study.dynamics",
        source="Kim & Yang (ICML 2024), Theorem 4.6",
    ),
    Formula(
        r"(f, J)(x,0) = K(x,Z)\,V\,\mathrm{diag}(e)^{-1/2} z,\qquad"
        r" K(Z,Z) = V\,\mathrm{diag}(e)\,V^\top,\quad z \sim \mathcal{N}(0, I)",
        "A random function: what an infinitely wide network says before training, with its slopes. "
        "If training begins there, u* - u(X, 0) stands above in place of u*, and (f, J)(x, 0) is "
        "added.",
        {
            r"K": "the covariance of f and J over random networks (the joint NNGP kernel)",
            r"Z": "points that cover the globe",
        },
        code="jntk_viz.pages.playground.prior.draw_of",
        source="Rasmussen & Williams, Gaussian Processes for Machine Learning (2006), Appendix A.2",
    ),
    Formula(
        r"\theta(t+h) = \theta(t) + \Big(\frac{\partial u}{\partial\theta}\Big)^{\!\top}"
        r"\Lambda^{1/2} V\,\frac{1-e^{-eh/N}}{e}\,V^\top\Lambda^{1/2}\big(u^*-u(t)\big)",
        "A network of finite width follows the gradient flow in steps that are exact while its "
        "kernel stays what it is: for narrow networks, that of the middle of each step.",
        {
            r"\theta": "the weights, drawn at random before training",
            r"u": "the network's (f, J) on the training points",
            r"h": "time of one step: t grows by 12 % or so",
            r"e,\; V": "eigenvalues and eigenvectors of the network's own kernel",
        },
        code="jntk_viz.pages.playground.network.train",
        source="steps exact for a constant kernel: Hochbruck & Ostermann, Exponential integrators, "
        "Acta Numerica (2010), Section 2",
    ),
    Formula(
        r"\min_{\lVert\delta\rVert\le\varepsilon}\; y\,f\!\left(\frac{x+\delta}"
        r"{\lVert x+\delta\rVert}\right) > 0 \;\text{: robust},\qquad"
        r" y f(x) - \varepsilon\,\lVert P_x J(x)\rVert > 0 \;\text{: called robust by the slope}",
        "A red ring: projected gradient descent has found a change that flips the answer. A dashed "
        "one: only a straight line with the slope at the point says so.",
        {
            r"\delta": "a change of the input, at most ε long",
            r"\varepsilon": "size of the attack",
            r"P_x": "projection on the directions along the globe",
        },
        code="jntk_viz.attacks.worst_points",
        source="Madry et al. (ICLR 2018); slopes: Goodfellow, Shlens & Szegedy (ICLR 2015)",
    ),
    Formula(
        r"(X, Y) = \frac{(x_1, x_2)}{\sqrt{1+|x_3|}}",
        "Lambert's projection of each hemisphere on a disc keeps areas equal.",
        {r"x_1": "the input's coordinate to the right", r"x_2": "upwards", r"x_3": "to the reader"},
        code="jntk_viz.pages.playground.globe.to_plane",
        source="Snyder, Map Projections: A Working Manual (1987), Section 24",
    ),
)
