"""Write the address of the repository into the README's links to Binder.

    python tools/binder_badges.py https://github.com/OWNER/NAME

For GitHub, GitLab, and any other host with a public git address. The addresses of the two badges
stand in the README and nowhere else; what they open stands here and nowhere else.
"""

import re
import sys
from pathlib import Path
from urllib.parse import quote

README = Path(__file__).parents[1] / "README.md"
# Name of the link in the README -> what opens, as a path on the Jupyter server.
OPENS = {
    "lessons on Binder": "lab/tree/notebooks/00_start_here.ipynb",
    "pages on Binder": "jntk/index",
}
_PROVIDERS = {"https://github.com/": "gh", "https://gitlab.com/": "gl"}


def link(address: str, path: str) -> str:
    """What mybinder.org calls the newest commit of a repository, opened at `path`."""
    address = address.rstrip("/").removesuffix(".git")
    if not re.fullmatch(r"https://[^/\s]+(/[^/\s]+)+", address):
        raise ValueError(f"`address` must be like https://github.com/OWNER/NAME; got {address!r}")
    for host, provider in _PROVIDERS.items():
        if address.startswith(host):
            name = address.removeprefix(host)
            # A project of GitLab may lie in groups: their slashes belong to its name.
            repository = f"{provider}/{name if provider == 'gh' else quote(name, safe='')}"
            break
    else:
        repository = f"git/{quote(address, safe='')}"
    return f"https://mybinder.org/v2/{repository}/HEAD?urlpath={quote(path, safe='')}"


def with_links(readme: str, address: str) -> str:
    """The README with the badges' links to this repository."""
    for name, path in OPENS.items():
        line = f"[{name}]: {link(address, path)}"
        readme, found = re.subn(rf"^\[{name}\]: .*$", line, readme, flags=re.MULTILINE)
        if found != 1:
            raise ValueError(f"README.md must have one line `[{name}]: …`; it has {found}")
    return readme


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    text = with_links(README.read_text(encoding="utf-8"), sys.argv[1])
    README.write_text(text, encoding="utf-8")
