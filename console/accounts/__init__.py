"""Accounts: who may come in, how they prove it, and what they may do.

Words: a *user* has one *role*; a *session* is one signed-in browser; a *one-time link* signs its
user in once, or lets them choose a new password; a *token* lets a program use the API within its
*scopes*; *step-up* asks for the password again before something weighty; a *throttle* counts
attempts per account and per address.

Not here: what a role may do in another room (each route says so itself), and the audit trail.
"""
