"""The version of instar, which the package takes from here as well."""

__version__ = "0.1.0"
