from console.alerts.rules.fingerprint import fingerprint

HERE = 'Traceback (most recent call last):\n  File "/app/shop/tasks.py", line 3, in sync\n    go()\nValueError: 3\n'
THERE = (
    'Traceback (most recent call last):\n  File "/srv/releases/2026/shop/tasks.py", line 9, in sync\nValueError: 4\n'
)


def test_lines_hosts_and_releases_do_not_count() -> None:
    one = fingerprint(task="shop.tasks.sync", exception_type="ValueError", message="3", traceback=HERE)
    two = fingerprint(task="shop.tasks.sync", exception_type="ValueError", message="4", traceback=THERE)
    assert one == two
    assert "frame shop/tasks.py in sync" in one.basis


def test_tasks_count() -> None:
    assert fingerprint(task="a", traceback=HERE) != fingerprint(task="b", traceback=HERE)
