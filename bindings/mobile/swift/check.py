"""Reads Swift files and fails where their syntax is broken, on machines without a Swift compiler."""

import pathlib
import sys

import tree_sitter_swift
from tree_sitter import Language, Parser


def broken(node):
    """The innermost nodes that the grammar could not make sense of."""
    if node.is_missing or (node.is_error and not any(child.has_error for child in node.children)):
        yield node
    for child in node.children:
        if child.has_error or child.is_missing:
            yield from broken(child)


def check(path):
    text = pathlib.Path(path).read_text()
    # Swift that the grammar does not know: an attribute of the documentation compiler, and a closure that gives nothing. The
    # lines stay, and their numbers.
    text = "\n".join("" if line.strip().startswith("@_documentation") else line for line in text.split("\n"))
    text = text.replace("{ () }", "{ }")
    tree = Parser(Language(tree_sitter_swift.language())).parse(text.encode())
    places = [f"{path}:{node.start_point.row + 1}:{node.start_point.column + 1}" for node in broken(tree.root_node)]
    if places or tree.root_node.has_error:
        sys.exit("not Swift, as far as the grammar knows:\n" + "\n".join(places))
    if tree.root_node.named_child_count == 0:
        sys.exit(f"{path} holds nothing")


for path in sys.argv[1:]:
    check(path)
