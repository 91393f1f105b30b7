"""Pairs of messages that are one cause, and pairs that are two."""

import pytest

from console.alerts.rules.messages import normalise_message

ONE_CAUSE = [
    ("Lock wait exceeded on row 12 of 'a'", 'Lock wait exceeded on row 9 of "b"'),
    (
        "Task shop.sync[3f2504e0-4f89-11d3-9a0c-0305e82c3301] timed out after 30.5s",
        "Task shop.sync[aaa504e0-4f89-11d3-9a0c-0305e82c3301] timed out after 2m 3s",
    ),
    ("Failed at 2026-01-02T03:04:05.123456+00:00", "Failed at 2026-11-12 13:14:15,678"),
    ("Failed at 1767225600", "Failed at 1767225600.123"),
    ("<Order object at 0x7f1234567890> is broken", "<Order object at 0x10f3a2c70> is broken"),
    ("invalid ids: [1, 2, 3]", "invalid ids: [17]"),
    ("invalid ids: 1, 2 and 3", "invalid id: 17"),
    ("missing fields 'a', 'b'", "missing field 'c'"),
    ("cannot open /srv/releases/20260101/shop/a.cfg", "cannot open /srv/releases/20260202/shop/a.cfg"),
    ("user bob@example.com not found", "user alice+x@mail.example.co.uk not found"),
    ("disk usage 97%", "disk usage 5.5%"),
    ("could not connect to db-1.prod.internal:5432", "could not connect to 10.0.0.7:5432"),
    ("could not connect to [2001:db8::1]:5432", "could not connect to 10.0.0.7:5432"),
    (
        "GET https://a.example.com/v1/users/123/orders?x=1 failed",
        "GET https://b.example.org:8443/v1/users/9/orders failed",
    ),
    ("expected 3 columns, got 4", "expected 1 column, got 12"),
    ("Expected 200, got 503", "Expected 200, got 503 "),
    ("retry 1/5 failed", "retry 4/5 failed"),
    ("[2026-01-02 03:04:05] worker-3 died", "[2026-03-02 13:04:05] worker-11 died"),
    ("order A1B2C3 not found", "order Z9Y8X7W6 not found"),
    ("pod shop-7f9c8d5b6-x2x9l evicted", "pod shop-5d4c8d5b6-abc12 evicted"),
    ("“foo” fehlt", "„bar“ fehlt"),
    ("\u2018foo\u2019 missing", "'bar' missing"),
    ("『a』が見つかりません", "「b」が見つかりません"),
    ("«x» non trouvé", "“y” non trouvé"),
    ("File 'a.csv' has 1 error", "File 'b.csv' has 3 errors"),
    ("Queue length is 1,234,567", "Queue length is 12"),
    ("Payload: {'id': 1, 'tags': ['a', 'b']}", "Payload: {'id': 2, 'tags': ['c']}"),
    ("lost 12 messages in 3 batches", "lost 1 message in 1 batch"),
    ("process 123 exited with code 1", "process 99 exited with code 1"),
    ("Container abc123def456 OOMKilled (exit code 137)", "Container 0f0f0f0f0f0f OOMKilled (exit code 137)"),
    ("s3://bucket/2026/01/02/file-1.parquet missing", "s3://bucket/2026/11/12/file-22.parquet missing"),
    ("C:\\data\\in\\7.csv is locked", "C:\\data\\in\\12.csv is locked"),
    ("version 1.2.3 is too old", "version 2.31 is too old"),
    ("nan values in row 3", "nan values in row 12"),
    ("Job 12 (host web-1) lost", "Job 7 (host web-23) lost"),
    ("$12.50 refused", "$1,300.00 refused"),
    ("took 00:01:02", "took 12:13:14"),
    ("at 03:04 on 2 Jan 2026", "at 13:04 on 12 Feb 2026"),
    ("token [removed] refused", "token abc1234 refused"),
    ("[2026-01-02 03:04:05,678: ERROR/MainProcess] Lost the broker", "Lost the broker"),
    ("2026-01-02 03:04:05.678 UTC [8812] FATAL: no more clients", "FATAL: no more clients"),
    ("2026-01-02 03:04:05,500 ERROR x[MainThread] no", "2026-01-03 03:04:05,123 ERROR x[Thread-7] no"),
    ("[ERROR] Runtime.ExitError: gone", "Runtime.ExitError: gone"),
    ("[2026-01-02 03:04:05 +0000] [7] [CRITICAL] Worker died", "[CRITICAL] Worker died"),
    ("Jan  2 03:04:05 alpha gunicorn[12]: gone", "Feb 12 13:04:05 beta gunicorn[7]: gone"),
    ("at shop.Ship.run(Thread.java:833)", "at shop.Ship.run(Thread.java:1583)"),
    ("http://a.example/acme/Xy12_ab-CD refused", "http://a.example/acme/q9_ZZ-11aa refused"),
    ("worker (pid:256) left", "worker (pid:33013) left"),
    ("refused [pay_12, pay_13]", "refused [pay_9]"),
    ("no such table 'sales_2024_01'", "no such table 'sales_2025_12'"),
]
TWO_CAUSES = [
    ("HTTP 404", "HTTP 500"),
    ("status 404", "status 403"),
    ("[Errno 2] x", "[Errno 13] x"),
    ("exit code 1", "exit code 2"),
    ("signal 9", "signal 11"),
    ("SQLSTATE 23505", "SQLSTATE 23503"),
    ("SQLSTATE: 40001", "SQLSTATE: 40P01"),
    ("ORA-00001: x", "ORA-00054: x"),
    ("error code 1045", "error code 2003"),
    ("deadbeef", "cafe"),
    ("Expected 200, got 503", "Expected 200, got 404"),
    ("MySQL error 1205", "MySQL error 1213"),
    ("(1205, 'x')", "(1213, 'x')"),
    ("errno=104", "errno=111"),
    ("Error: 404 Not Found", "Error: 410 Gone"),
    ("returned non-zero exit status 1", "returned non-zero exit status 2"),
    ("killed by SIGKILL", "killed by SIGTERM"),
    ("HTTP/1.1 502 Bad Gateway", "HTTP/1.1 504 Gateway Timeout"),
    ("cannot open /etc/a.cfg", "cannot open /etc/b.cfg"),
    ("terminated by signal SIGSEGV (11)", "terminated by signal SIGABRT (6)"),
    ("psycopg error 57014", "psycopg error 57P01"),
    ("status=429", "status=503"),
    ("response status: 400", "response status: 401"),
    ("code=ECONNREFUSED", "code=ETIMEDOUT"),
    ("SMTP 550", "SMTP 421"),
    ("exit status: 137", "exit status: 139"),
    ("Server responded 502", "Server responded 504"),
    ("WinError 5", "WinError 32"),
    ("return code -9", "return code -11"),
    ("exited with 1", "exited with 137"),
    ("Msg 208, Level 16", "Msg 102, Level 15"),
    ("E11000 x", "E11001 x"),
    ("sqlcode -204", "sqlcode -911"),
    ("error 0x80070005", "error 0x80004005"),
    ("503 Slow Down", "500 Internal Error"),
    ("received signal 15", "received signal 6"),
    ("Jan  2 03:04:05 alpha gunicorn[12]: gone", "Jan  2 03:04:05 alpha celery[12]: gone"),
    ("No module named 'yaml'", "No module named 'lxml'"),
    ('relation "sales" does not exist', 'relation "stock" does not exist'),
    ('violates unique constraint "a_key"', 'violates unique constraint "b_key"'),
    ("'X' object has no attribute 'pay'", "'X' object has no attribute 'ship'"),
    ("name 'total' is not defined", "name 'sum_' is not defined"),
    ("raised WorkerLostError('exited: signal 9 (SIGKILL)')", "raised WorkerLostError('exited: signal 11 (SIGSEGV)')"),
    ("SQLSTATE[HY000]: General error: 1205 Lock", "SQLSTATE[HY000]: General error: 2006 Lock"),
]


@pytest.mark.parametrize(("one", "other"), ONE_CAUSE)
def test_what_varies_does_not_count(one: str, other: str) -> None:
    assert normalise_message(one) == normalise_message(other)


@pytest.mark.parametrize(("one", "other"), TWO_CAUSES)
def test_what_names_the_cause_counts(one: str, other: str) -> None:
    assert normalise_message(one) != normalise_message(other)


@pytest.mark.parametrize("text", [text for pair in (*ONE_CAUSE, *TWO_CAUSES) for text in pair])
def test_normalised_messages_stay_as_they_are(text: str) -> None:
    assert normalise_message(normalise_message(text)) == normalise_message(text)


def test_a_kind_of_server_counts_where_the_type_does_not_tell_it() -> None:
    redis, other = "refused by redis-2.local:6379", "refused by cache:6379"
    postgresql = "refused by 10.0.0.7:5432"
    assert normalise_message(redis) == normalise_message(postgresql)
    assert normalise_message(redis, servers=True) == normalise_message(other, servers=True) == "refused by redis *"
    assert normalise_message(postgresql, servers=True) == "refused by postgresql *"
    assert normalise_message("lost redis-1:6379, redis-2:6379", servers=True) == "lost redis *"
