"""The one setting of the landing page."""

import param


class StartState(param.Parameterized):
    """What the landing page lets readers change."""

    epsilon = param.Selector(
        default=0.3,
        objects=[0.0, 0.1, 0.2, 0.3, 0.4, 0.5],
        label="Size of the attack ε",
        doc="Length of the change; that of the digit's own pixels is 1.",
    )
