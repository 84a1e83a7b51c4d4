"""The equations of the breakdown page, each with the function that computes it."""

from jntk_viz.frame.formula_sheet import Formula

FORMULAS = (
    Formula(
        r"\Lambda^{1/2}(u_k-u^*)=\sum_i\Big(1-\frac{\eta e_i}{N}\Big)^{k}v_iv_i^\top"
        r"\Lambda^{1/2}(u_0-u^*),\qquad \Lambda^{1/2}\Theta\Lambda^{1/2}=\sum_i e_iv_iv_i^\top",
        "Gradient descent on a constant kernel. Small e: a plateau. e proportional to λ: a "
        "Jacobian that does not fall. ηe > 2N: growth. e below the noise floor: noise.",
        {
            r"u=(f,J),\;u^*=(y,0)": "output and input Jacobian on the training points; the aim",
            r"\Theta": "the Jacobian NTK on the training points, limiting or the network's own",
            r"\Lambda=\mathrm{diag}(1,\lambda,\dots,\lambda)": "output weighs 1, Jacobian λ",
            r"\eta,\;k,\;N": "learning rate, step, number of training points",
            r"e_i,\;v_i": "eigenvalues and eigendirections; eₘₐₓ is the largest",
        },
        code="jntk_viz.pages.breakdown.case.linear_course",
        source="Lee et al. (NeurIPS 2019), Section 2",
    ),
    Formula(
        r"\operatorname{Var}g^{l}=c^{\,l-1}|x|^2,\qquad c=\mathbb{E}\,\varphi(z)^2",
        "ReLU networks whose layers multiply the variance by c; the same for the squared Jacobian.",
        {r"g^l": "input of a neuron of layer l", r"z": "a standard normal number"},
        code="jntk_viz.pages.breakdown.kernels.layer_theory",
        source="He et al. (ICCV 2015), Section 2.2",
    ),
    Formula(
        r"f(x)=d^{-a}\,W^{2}\varphi(W^1x),\qquad "
        r"\frac{\lVert\Theta_t-\Theta_0\rVert}{\lVert\Theta_0\rVert}\sim d^{-2(1-a)}",
        "Power counting for the drift of the kernel, with the learning rate at the same share of "
        "the stability limit; for a = 1/2 it lies within the theorem's bound of order 1/√d.",
        {r"d": "width", r"\Theta_t": "the network's Jacobian NTK after t steps"},
        code="jntk_viz.pages.breakdown.training.measure_power",
        source="Yang & Hu (ICML 2021)",
    ),
    Formula(
        r"\Theta_{\alpha\alpha}(x,x)\ni\mathbb{E}\,\varphi''(g)^2|W|^2\sim\beta,\qquad "
        r"\varphi_\beta(z)\propto\mathrm{gelu}(\beta z)/\beta",
        "Why ReLU has no JNTK: the Jacobian entries contain φ″ squared.",
        {r"\beta": "sharpness of the kink", r"W": "a neuron's first-layer weights"},
        code="jntk_viz.pages.breakdown.kink.jacobian_entry",
        source="from Kim & Yang (ICML 2024), Theorem 4.3",
    ),
)
