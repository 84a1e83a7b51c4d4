"""What JAX compiles, kept in the user's cache folder for the next start.

Nothing depends on it. Where the folder cannot be used, one line says so, and everything goes on.
"""

import glob
import hashlib
import re
import sys
import warnings
from pathlib import Path

from jntk_viz.folders import try_writing
from jntk_viz.machine import instructions

# JAX says this of every function that it compiles, and keeps what it cannot read for ever.
_OF_JAX = re.compile(
    r"Error (reading|writing) persistent compilation cache entry for '(.*?)': (.*)", re.DOTALL
)


def keep_compiled_code() -> None:
    """Let JAX keep what it compiles in the user's cache folder; say once what is wrong with it."""
    import jax

    from jntk_viz.datasets import cache_folder

    # JAX adds this attribute at run time. The user may have named another folder.
    if not jax.config.jax_compilation_cache_dir:  # type: ignore[attr-defined]
        # Code for one processor may not run on another that shares the folder, by a network drive
        # or in a container's image: each kind has its own.
        kind = hashlib.sha256(instructions().encode()).hexdigest()[:12]
        jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled" / kind))
        # What a picture needs is many small functions, each compiled in less than JAX would keep.
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    named = jax.config.jax_compilation_cache_dir  # type: ignore[attr-defined]
    if "://" in named:  # a bucket of some cloud
        return
    complaints = Complaints(Path(named), warnings.showwarning)
    warnings.showwarning = complaints
    try:
        try_writing(complaints.folder)
    except OSError as error:
        complaints.cannot_keep(error.strerror or str(error))


class Complaints:
    """In the place of `warnings.showwarning`: what JAX says of its folder, once and in our words.

    - `otherwise`: called with all other warnings.
    """

    def __init__(self, folder: Path, otherwise):
        self.folder, self.otherwise = folder, otherwise
        self.said: set[str] = set()

    def __call__(self, message, category, filename, lineno, file=None, line=None):
        found = _OF_JAX.match(str(message))
        if found is None:
            self.otherwise(message, category, filename, lineno, file, line)
            return
        doing, function, reason = found.groups()
        unusable = re.match(r"\w*(Error|Exception): (\[Errno \d+\] .*)", reason)
        if doing == "writing" or unusable:
            self.cannot_keep(unusable[2] if unusable else reason)
        else:
            self.forget(function)

    def cannot_keep(self, reason: str) -> None:
        self.say(
            f"compiled code cannot be kept in {self.folder}: {reason}. Everything works, but "
            "starts and first pictures take longer. Make it writable, free some space, or name "
            "another folder in JAX_COMPILATION_CACHE_DIR."
        )

    def forget(self, function: str) -> None:
        """Remove what is kept of a function and cannot be read: JAX then compiles and keeps it."""
        for file in self.folder.glob(f"{glob.escape(function)}-*"):
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                self.cannot_keep(f"{file.name} is damaged and cannot be removed ({error.strerror})")
                return
        self.say(f"compiled code in {self.folder} was damaged; it is removed and compiled again.")

    def say(self, words: str) -> None:
        kind = words.partition(str(self.folder))[0]
        if kind not in self.said:
            self.said.add(kind)
            print(f"jntk-viz: {words}", file=sys.stderr, flush=True)
