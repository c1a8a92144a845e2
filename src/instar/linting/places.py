"""Where the repository begins: paths in findings start there, as forges and editors want them."""

from pathlib import Path


def repository(root: Path) -> Path:
    """Return the folder with `.git` at `root` or above it; `root` itself outside a repository."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
