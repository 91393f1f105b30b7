"""The job systems we watch: our own RQ and its jobs, with failures reported and retried.

Words: job, queue, worker, schedule, attempt, lease. Not here: the engine that runs our jobs (`infra/jobs`), grouping of
failures (`alerts`).
"""
