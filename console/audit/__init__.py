"""Audit: the trail of who did what to which thing, when, from where, and with what result.

Words: an *entry* is one row; the *head* is the newest entry; the *chain* is each entry's hash over
its own content and the hash before it. Entries are only ever added: by privilege, by trigger, and
provably by the chain. A copy of the head kept elsewhere proves that the tail was not cut off.

Not here: the history of one alert or ticket (its own room keeps that), and the application log.
"""
