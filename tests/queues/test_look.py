"""What is seen of another RQ with real jobs and real workers of its own."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from redis import Redis
from rq import Queue, Retry
from rq.cron import CronScheduler

from console.queues.client import look_at_rq
from console.queues.rules.samples import QueueSeen, Sample
from tests.elsewhere import Elsewhere, elsewhere
from tests.queues import jobs_elsewhere as tasks


@pytest.fixture
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    with elsewhere(tmp_path_factory.mktemp("elsewhere")) as made:
        yield made


@pytest.fixture
def redis(other: Elsewhere) -> Iterator["Redis"]:
    with other.client() as made:
        yield made


def named(sample: Sample, name: str) -> QueueSeen:
    return next(one for one in sample.queues if one.name == name)


def test_an_empty_redis_shows_nothing(redis: "Redis") -> None:
    seen = look_at_rq(redis)
    assert (list(seen.queues), list(seen.workers), list(seen.lost), list(seen.schedules)) == ([], [], [], [])
    assert seen.version.count(".") == 2


def test_it_counts_what_waits_with_its_age(redis: "Redis") -> None:
    mails, other = Queue("mails", connection=redis), Queue("reports", connection=redis)
    first = mails.enqueue(tasks.succeed, 1)
    mails.enqueue(tasks.succeed, 2)
    mails.enqueue_in(timedelta(hours=1), tasks.succeed, 3)
    other.enqueue(tasks.fail)
    seen = look_at_rq(redis)
    waiting = named(seen, "mails")
    assert (waiting.waiting, waiting.later, waiting.running, waiting.failed) == (2, 1, 0, 0)
    assert first.enqueued_at is not None
    assert waiting.oldest_at is not None
    assert abs(waiting.oldest_at - first.enqueued_at) < timedelta(seconds=1)
    assert [one.name for one in look_at_rq(redis, ["reports"]).queues] == ["reports"]
    assert [(line.keeper, line.name.rpartition(".")[2], line.queue) for line in seen.schedules] == [
        ("scheduled once", "succeed", "mails")
    ]


def test_it_counts_what_ended_in_a_minute(redis: "Redis", other: Elsewhere) -> None:
    queue = Queue("mails", connection=redis)
    for number in range(10):
        queue.enqueue(tasks.fail if number < 5 else tasks.succeed, number)
    assert tasks.work(other.url, "mails").wait(30) == 0
    seen = named(look_at_rq(redis), "mails")
    assert (seen.waiting, seen.failed, seen.failed_rate, seen.out_rate) == (0, 5, 1.0, 2.0)


def test_jobs_without_a_result_leave_the_rate_unknown(redis: "Redis", other: Elsewhere) -> None:
    Queue("mails", connection=redis).enqueue(tasks.succeed, result_ttl=0)
    assert tasks.work(other.url, "mails").wait(30) == 0
    assert named(look_at_rq(redis), "mails").out_rate is None


def test_it_sees_workers_and_what_they_do(redis: "Redis", other: Elsewhere) -> None:
    job = Queue("mails", connection=redis).enqueue(tasks.linger, 30)
    worker = tasks.work(other.url, "mails", "reports", burst=False)
    try:
        tasks.until(lambda: any(one.current_job for one in look_at_rq(redis).workers))
        seen = look_at_rq(redis)
        (one,) = seen.workers
        assert (one.queues, one.state, one.current_job) == (("mails", "reports"), "busy", job.id)
        assert (one.task or "").endswith("linger")
        assert one.heartbeat is not None
        assert not one.stale(one.heartbeat)
        assert one.stale(one.heartbeat + timedelta(seconds=91))
        assert (named(seen, "mails").running, list(seen.lost)) == (1, [])
    finally:
        worker.kill()
        worker.wait()


def test_a_job_whose_worker_is_gone_is_listed_with_its_fate(redis: "Redis", other: Elsewhere) -> None:
    queue = Queue("mails", connection=redis)
    once, again = queue.enqueue(tasks.linger, 30), queue.enqueue(tasks.linger, 30, retry=Retry(2))
    workers = [tasks.work(other.url, "mails", burst=False) for _ in range(2)]
    tasks.until(lambda: named(look_at_rq(redis), "mails").running == 2)
    for worker in workers:
        worker.kill()
        worker.wait()
    for key in list(redis.scan_iter("rq:worker:*")):
        redis.delete(key)
    seen = look_at_rq(redis)
    fates = {one.job_id: one.fate for one in seen.lost}
    assert fates.keys() == {once.id, again.id}
    assert "to the failed jobs" in fates[once.id]
    assert "back into its queue, 2 more tries left" in fates[again.id]
    assert [one.gone for one in seen.workers] == [True, True]


def test_it_reads_the_timetable_of_rq_cron(redis: "Redis") -> None:
    scheduler = CronScheduler(connection=redis, name="clock")
    scheduler.register(tasks.succeed, queue_name="mails", cron="0 5 * * *")
    scheduler.register(tasks.fail, queue_name="reports", interval=60)
    scheduler.register_birth()
    lines = {line.name.rpartition(".")[2]: line for line in look_at_rq(redis).schedules}
    assert (lines["succeed"].rhythm, lines["succeed"].queue) == ("cron 0 5 * * *", "mails")
    assert lines["succeed"].next_at is not None
    assert (lines["fail"].rhythm, lines["fail"].next_at, lines["fail"].last_at) == ("every 60 s", None, None)


def test_what_others_wrote_breaks_nothing(redis: "Redis") -> None:
    redis.sadd("rq:queues", b"rq:queue:\xff\xfe", "rq:queue:odd")
    redis.sadd("rq:workers", "rq:worker:nobody")
    redis.zadd("rq:cron_schedulers", {"broken": 1})
    redis.hset("rq:cron_scheduler:broken", "cron_jobs", "{not json")
    redis.zadd("rq:wip:odd", {"no-execution": float("inf")})
    redis.zadd("rq:scheduler:scheduled_jobs", {"unknown": 1e300})
    redis.sadd("rq:queues", "rq:queue:taken")
    for key in ("rq:queue:taken", "rq:failed:taken", "rq:wip:taken", "rq:worker:nobody", "rq:job:no-execution"):
        redis.set(key, "something else")
    seen = look_at_rq(redis)
    assert [one.gone for one in seen.workers] == [True]
    assert seen.lost[0].fate.startswith("RQ keeps it as started for ever")
    assert (named(seen, "taken").waiting, named(seen, "taken").failed) == (0, 0)


def test_a_sample_survives_json(redis: "Redis", other: Elsewhere) -> None:
    queue = Queue("mails", connection=redis)
    queue.enqueue(tasks.succeed)
    queue.enqueue_in(timedelta(hours=1), tasks.fail)
    redis.sadd("rq:workers", "rq:worker:nobody")
    seen = look_at_rq(redis)
    back = Sample.of(json.loads(json.dumps(seen.packed())))
    assert back.packed() == seen.packed()
    assert back.queues[0] == seen.queues[0]
