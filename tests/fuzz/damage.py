"""Damage to texts: of bytes, lines, words and YAML nodes."""

# ruff: noqa: E501 - texts of one family a line

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, TypeAlias

import yaml

Path: TypeAlias = tuple[Any, ...]

BYTES = (
    b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r", b"\r\n", b"\n", b"\t", b"\x0b", b"\x0c", b"\x1b[31m", b"\x7f",
    b"\x85", "\x85".encode(), "\u2028".encode(), "\u2029".encode(), "\u202e".encode(), "\u200b".encode(), "\ufeff".encode(),
    "\ufffe".encode(), "\U0001f600".encode(), "\u00e9".encode(), "e\u0301".encode(), "\u00a0".encode(), b"#", b" #", b": ", b":",
    b"- ", b"-", b"? ", b"&a ", b"*a", b"!", b"!!str ", b"!!binary ", b"!x ", b"%", b"@", b"`", b"|", b">", b"'", b'"', b"\\",
    b"\\u0000", b"\\ud800", b"\\x", b"{", b"}", b"[", b"]", b",", b"~", b"=", b"<<: ", b"---\n", b"...\n", b"%YAML 1.1\n---\n",
)  # fmt: skip
WORDS = (
    "", "''", '""', "~", "null", "yes", "no", "on", "off", "y", "True", "FALSE", "0", "-0", "1", "-1", "007", "0o17", "0x1F", "0b1",
    "1_000", "1:30", "1e3", "1e400", "1e-400", ".5", "5.", "+1", "1.0", ".inf", "-.inf", ".nan", "NaN", "inf", "1" * 40, "9" * 5000,
    "2020-01-01", "2020-99-99", "2001-12-14t21:59:43.10-05:00", "=", "<<", "&a", "&a 1", "*a", "*nowhere", "!!int x", "!!float x",
    "!!bool x", "!!null x", "!!binary x", "!!binary =", "!!timestamp x", "!!set {a}", "!!omap [a: 1]", "!!pairs [a: 1]", "!!python/none ''",
    "!local x", "!", "![]", "!!map x", "!!seq x", "!!str", "{}", "[]", "[[]]", "{a: 1}", "{a}", "{? a}", "[a, a]", "[~]", "&a [*a]",
    "&a {b: *a}", "[" * 60 + "]" * 60, "[" * 2000, "{a: " * 60 + "}" * 60, '"\\0"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\U00110000"',
    '"\\x1b[2J"', '"a\\nb"', '"\\t"', "'a''b'", "a b", "a#b", "a #b", "a: b", "- a", "? a", "|", "|-", ">+", "x" * 3000, "\u00e9",
    "\u0661", "\U0001f600", "5m", "0s", "-5m", "5", "99999999999y", "5m5m", "80%", "> 80%", "< 0", "== 0", "> NaN", "> 1e400", "{value}", "{{",
    "{{ $value }}", "{{ .x", "{nowhere}", "..", "../..", "/", "/etc/x", "a/../b", "CON", "a\\b", "http://[", "http://a:0", "https://x",
    "up", "sum(up)", "rate(up[5m])", "vector(1)", "((((", ".*", "(", "[a-", "=~.*", "a|b", "__name__", "le", "job", "instance", "any", "<secret>",
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z0-9_./%-]+|\S")


def damaged(random: Random, content: bytes) -> bytes:
    """Return the content with one to three changes of bytes, lines, words or YAML."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        content = random.choice((_bytes, _lines, _lines, _words, _words, scalar, scalar, nodes))(
            random, content
        )
    return content


def _bytes(random: Random, content: bytes) -> bytes:
    """Return the content with bytes inserted, removed, repeated or changed, or cut off."""
    at = random.randint(0, len(content))
    end = min(len(content), at + random.choice((1, 1, 2, 5, 40)))
    changed = bytes([random.randrange(256)])
    return random.choice(
        (
            content[:at] + random.choice(BYTES) + content[at:],
            content[:at] + random.choice(BYTES) + content[end:],
            content[:at] + content[end:],
            content[:at] + content[at:end] * 2 + content[end:],
            content[:at] + changed + content[at + 1 :],
            content[:at],
            random.choice(BYTES) + content,
        )
    )


def _lines(random: Random, content: bytes) -> bytes:
    """Return the content with a line removed, repeated, moved, indented or lengthened, or with other ends."""
    lines = content.split(b"\n")
    at, other = random.randrange(len(lines)), random.randrange(len(lines))
    line = lines[at]
    end = min(len(lines), at + random.randint(1, 8))
    replaced: Callable[[list[bytes]], bytes] = lambda new: b"\n".join([*lines[:at], *new, *lines[at + 1 :]])  # noqa: E731
    return random.choice(
        (
            lambda: replaced([]),
            lambda: replaced([line, line]),
            lambda: replaced([lines[other]]),
            lambda: replaced([lines[other], line]),
            lambda: replaced([b"  " + line]),
            lambda: replaced([b" " + line]),
            lambda: replaced([line.removeprefix(b"  ")]),
            lambda: replaced([b"\t" + line.lstrip()]),
            lambda: replaced([line.replace(b"  ", b"\t")]),
            lambda: replaced([line + b" " + b"x" * random.choice((200, 70_000))]),
            lambda: replaced([line + b"   # " + "\u00fc".encode()]),
            lambda: replaced([line + random.choice((b" ", b"\t", b"\r", b"\r\r"))]),
            lambda: b"\n".join([*lines[:at], *lines[end:]]),
            lambda: b"\n".join([*lines, *lines[at:end]]),
            lambda: b"\r\n".join(lines),
            lambda: b"\r".join(lines),
            lambda: content.rstrip(b"\n"),
        )
    )()


def _words(random: Random, content: bytes) -> bytes:
    """Return the content with one word replaced, misspelt, or swapped with another one."""
    text = content.decode("utf-8", "surrogateescape")
    found = list(_WORD.finditer(text))
    if not found:
        return content
    at, other = random.choice(found), random.choice(found)
    new = random.choice((other[0], random.choice(WORDS), misspelt(random, at[0]), at[0] * 2, ""))
    return (text[: at.start()] + new + text[at.end() :]).encode("utf-8", "surrogateescape")


def misspelt(random: Random, word: str) -> str:
    """Return the word with a letter removed, repeated, swapped with the next, or in the other case."""
    at = random.randrange(len(word)) if word else 0
    rest = word[at + 1 :]
    letter = word[at : at + 1]
    return random.choice(
        (
            word[:at] + rest,
            word[:at] + letter * 2 + rest,
            word[:at] + rest[:1] + letter + rest[1:],
            word[:at] + letter.swapcase() + rest,
            word + "s",
        )
    )


def scalar(random: Random, content: bytes) -> bytes:
    """Return a YAML text with one scalar replaced, tagged, anchored, quoted or made an alias, in its place."""
    text = content.decode("utf-8", "surrogateescape")
    try:
        tokens = [each for each in yaml.scan(text) if isinstance(each, yaml.ScalarToken)]
    except (yaml.YAMLError, ValueError):
        return _words(random, content)
    if not tokens:
        return content
    token = random.choice(tokens)
    start, end = token.start_mark.index, token.end_mark.index
    mark = int(text.startswith("\ufeff"))  # PyYAML counts it in no column
    start, end = start + mark, end + mark
    written = text[start:end].rstrip("\n")
    end = start + len(written)
    other = random.choice(tokens)
    new = random.choice(
        (
            random.choice(WORDS),
            random.choice(WORDS),
            random.choice(WORDS),
            misspelt(random, written),
            text[other.start_mark.index + mark : other.end_mark.index + mark].strip(),
            f"&a {written}",
            f"!!str {written}",
            f"{random.choice(('!!int', '!!float', '!!bool', '!!binary', '!!timestamp', '!x', '!!set'))} {written}",
            f'"{written}"',
            f"'{written}'",
            f"[{written}]",
            f"{{{written}}}",
            f"{{a: {written}}}",
            f"{written}\n\n",
            f"{written} # c",
        )
    )
    return (text[:start] + new + text[end:]).encode("utf-8", "surrogateescape")


def nodes(random: Random, content: bytes) -> bytes:
    """Return a YAML text with one node removed, replaced, renamed, retyped, copied, swapped or repeated."""
    tree = parsed(content)
    if not isinstance(tree, dict | list):
        return scalar(random, content)
    return dumped(changed(random, copy.deepcopy(tree)))


def parsed(content: bytes) -> Any:
    """Return the data of a YAML text, None if it is unreadable."""
    try:
        return yaml.load(content.decode("utf-8"), yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return None


def dumped(tree: Any) -> bytes:
    """Return the tree as YAML."""
    text: str = yaml.dump(tree, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=10**6)
    return text.encode("utf-8", "surrogateescape")


def changed(random: Random, tree: Any) -> Any:
    """Return the tree with one node removed, replaced, renamed, retyped, copied, swapped or repeated."""
    known = list(paths(tree))
    if not known:
        return tree
    path, other = random.choice(known), random.choice(known)
    parent, key = at(tree, path[:-1]), path[-1]
    value = parent[key]
    match random.choice(("remove", "rename", "replace", "retype", "copy", "swap", "repeat", "add")):
        case "remove":
            del parent[key]
        case "rename" if isinstance(parent, dict):
            rename(parent, key, misspelt(random, str(key)))
        case "replace":
            parent[key] = parsed(random.choice(WORDS).encode())
        case "retype":
            parent[key] = random.choice(_RETYPED)(value)
        case "copy":
            parent[key] = copy.deepcopy(at(tree, other))
        case "swap" if len(other) and other[: len(path)] != path and path[: len(other)] != other:
            holder = at(tree, other[:-1])
            parent[key], holder[other[-1]] = holder[other[-1]], value
        case "repeat" if isinstance(parent, list):
            parent.append(copy.deepcopy(value))
        case "add" if isinstance(parent, dict):
            parent[random.choice(known)[-1]] = copy.deepcopy(at(tree, other))
        case _:
            parent[key] = None
    return tree


_RETYPED: Sequence[Callable[[Any], Any]] = (
    lambda value: [value],
    lambda value: {"a": value},
    str,
    lambda value: not value,
    lambda value: -value if isinstance(value, int | float) else str(value) + " ",
    lambda value: list(value) if isinstance(value, dict | str) else value,
    lambda value: dict.fromkeys(map(str, value)) if isinstance(value, list) else value,
)


def rename(parent: dict[Any, Any], key: object, new: object) -> None:
    """Rename a key in its place."""
    items = [(new if each == key else each, value) for each, value in parent.items()]
    parent.clear()
    parent.update(items)


def paths(node: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every node below the given one."""
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, each in below:
        yield (*path, key)
        if len(path) < 30:
            yield from paths(each, (*path, key))


def at(node: Any, path: Path) -> Any:
    """Return the node at a path."""
    for key in path:
        node = node[key]
    return node
