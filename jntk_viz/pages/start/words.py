"""Words of the landing page."""

from jntk_viz.frame.numbers import percent

HEADING = """
<h1>Watch infinitely wide networks learn, and see what makes them robust</h1>
"""
OPENING = """
<p class="wide">Two networks learn the same dots for the same time: the left as usual, the right
with a penalty on its slopes. <b class="plus">Red</b> says +1, <b class="minus">blue</b> −1; on the
line they change their mind.</p>
"""
QUESTIONS = """
<ul class="questions">
<li><a href="playground">Move the dots yourself</a></li>
<li><a href="gp_convergence">What does a random network look like?</a></li>
<li><a href="jntk_constancy">What does training do?</a></li>
<li><a href="robust_training">What does the penalty buy, and what does it cost?</a></li>
</ul>
"""

THEORY = """
<p class="wide">A very wide neural network and its <b>input Jacobian</b> (how fast the output moves
when the input does) are one Gaussian process, and training it with a penalty on that Jacobian
becomes a linear equation with a fixed kernel, the <b>Jacobian NTK</b>. Here you can watch finite
networks get there, and see what the penalty buys (theory:
<a href="https://proceedings.mlr.press/v235/kim24ah.html">Kim &amp; Yang, ICML 2024</a>).</p>
"""
NEXT = """
<h2>Where to go next</h2>
<ul>
<li><b>Lessons</b> with the same pictures and the code behind them: <code>jntk-viz lab</code>
opens the folder <code>notebooks/</code> in JupyterLab.</li>
<li><b>The paper</b>: <a href="https://arxiv.org/abs/2312.03386">arXiv 2312.03386</a>,
<i>An Infinite-Width Analysis on the Jacobian-Regularised Training of a Neural Network</i>.</li>
<li><b>In Python</b>: <code>from jntk_viz import jntk, RobustDynamics</code>.</li>
</ul>
"""
TOUR = """
<h2>A tour of five minutes</h2>
<p>Each stop is a page on which one control moves by itself; <b>Next</b> leads on.</p>
"""
ATTACK = """
<h2>What is an attack?</h2>
<p>A small change of an input, of length ε, in the direction that hurts most. An answer is
<b>robust</b> if no change of that length turns it.</p>
"""
ATTACK_SEEN = (
    "A digit, a small change of it, and their sum, for networks without and with the penalty."
)


def about_attack(epsilon: float, found) -> str:
    """How both networks read the changed digit (`Attacked` of the card on robust training)."""
    without, penalised = ("an 8" if digit == 8 else "a 3" for digit in found.read)
    robust = " and ".join(map(percent, found.robust))
    if epsilon == 0:
        return f"Left alone, both read this digit as {without}. Move ε."
    if without == penalised:
        read = f"both networks read {without}"
    else:
        read = (
            f"the network without the penalty reads <b>{without}</b>, the one with it still "
            f"{penalised}"
        )
    return (
        f"At ε = {epsilon:g} {read}. Of all test digits {robust} withstand such a change, without "
        "and with the penalty. (This digit was chosen because the two differ on it.)"
    )
