"""One module for each experiment: its state, what is computed, what is measured; no GUI."""
