"""Migrations judged before they run: rules, names, risk. Needs no database; knows more with one."""
