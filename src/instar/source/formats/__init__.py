"""One file per on-disk layout. Each has `detect` and `load`; see docs/formats.md.

A format module offers:

    def detect(folder: Path) -> list[str]      names of files in `folder` that carry this layout's mark ([] = not ours)
    def load(folder: Path, options: Options) -> list[Migration]
"""
