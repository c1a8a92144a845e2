"""One file per rule; the file's name is the rule's, with underscores for hyphens. See instar.lint.rule."""
