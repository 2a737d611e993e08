"""One thing wrong: what tests of the tests break in a text that is right."""


def but(text, old, new):
    """`text` with `new` in place of `old`, which must stand there once."""
    assert text.count(old) == 1, f"{old!r} stands there {text.count(old)} times; expected once"
    return text.replace(old, new)
