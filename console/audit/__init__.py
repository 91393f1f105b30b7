"""Who did what to which thing, when: an append-only, hash-chained trail.

Words: entry, actor, action, object, chain, checkpoint. Not here: deciding what is allowed (`web/auth`), an alert's own
history (`alerts`).
"""
