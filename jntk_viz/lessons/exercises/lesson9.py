"""."""
EXERCISES = ()
