"""One file per on-disk layout; see docs/formats.md.

A format module offers:

    def detect(folder: Folder, options: Options) -> list[str]
        names of files that carry this layout's mark ([] = none does). Reading a file costs nothing: it is kept.
    def load(folder: Folder, options: Options) -> list[Migration]
        all migrations of the folder, in any order. Versions are checked for twins and sorted by the caller.
    REFINES: tuple[str, ...]
        (optional) formats that yield to this one when both find their mark, because this one knows more.
"""
