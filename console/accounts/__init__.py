"""Who may come in: users, roles, sessions, one-time links, API tokens, throttles.

Words: user, role, session, one-time link, token, scope, step-up. Not here: what each route demands (`web/auth`), and
who did what (`audit`).
"""
