"""Reads Rust as far as names go: which file defines what another file uses. Nothing is compiled.

tokens: the text as trees of tokens. items: the items in them. scopes: what a path means. bodies: what a function names and
calls. types, methods: whose method a call means. uses: all of it, by file.
"""
