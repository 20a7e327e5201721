"""Documents made to be a burden. It imports nothing, as each is made in a process of its own."""

BURDENS = {
    "empty lists": lambda size: (b"[" + b"[]," * (size // 3 - 2) + b"[]]", "json"),
    "empty mappings": lambda size: (b"[" + b"{}," * (size // 3 - 2) + b"{}]", "json"),
    "numbers": lambda size: (b"[" + b"1," * (size // 2 - 2) + b"1]", "json"),
    "one key again and again": lambda size: (b"{" + b'"":0,' * (size // 5 - 2) + b'"":0}', "json"),
    "keys": lambda size: (b"{" + b",".join(b'"%x":0' % key for key in range(size // 10)) + b"}", "json"),
    "brackets that stay open": lambda size: (b"[" * size, "json"),
    "a string of escapes that stays open": lambda size: (b'"' + b"\\n" * (size // 2 - 1), "json"),
    "lists in YAML": lambda size: (b"[" + b"[]," * (size // 3 - 2) + b"[]]", "yaml"),
    "brackets that stay open in YAML": lambda size: (b"[" * size, "yaml"),
    "keys in YAML": lambda size: (b"".join(b"%x: \n" % key for key in range(size // 9)), "yaml"),
}
"""Documents as large as any that is read."""
