"""What readers of existing rules do alike, each in one place; a reader is what is its device's alone.

`count`: how much is read. `addresses`, `services`: what stands on an entry's sides, as far as it is understood.
`groups`: names, through groups within groups. `entries`: entries of all that. `narrowing`: entries of criteria, one
after the other, as the chains of Linux have them. `json_text`: documents in JSON. `order`, `routes`, `translations`:
what lines change the order of, what lies behind an interface, destinations that are changed. All of it is pure, takes
no time that grows faster than the text, and reads no number before its digits are counted.
"""
