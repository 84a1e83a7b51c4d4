"""How work runs: beside the page, in turns, shared and kept. Knows no page and no plotting."""
