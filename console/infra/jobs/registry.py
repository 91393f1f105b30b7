"""Which functions our workers may run. Nothing else that is pushed into Redis is ever executed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from console.infra.jobs.context import JobContext

P = ParamSpec("P")
R = TypeVar("R")

QueueName = Literal["fast", "default", "long"]


class UnknownJob(LookupError):
    """A name that no `@job` of this version carries."""


@dataclass(frozen=True, slots=True)
class JobSpec:
    """How a job is run. In seconds: `timeout` for one attempt, `backoff` and `backoff_cap` between attempts."""

    name: str
    function: Callable[..., Any]
    queue: QueueName
    timeout: int
    max_attempts: int
    backoff: float
    backoff_cap: float


_BY_NAME: dict[str, JobSpec] = {}
_BY_FUNCTION: dict[Callable[..., Any], JobSpec] = {}


def job(
    *,
    name: str | None = None,
    queue: QueueName = "default",
    timeout: int = 300,
    max_attempts: int = 3,
    backoff: float = 10.0,
    backoff_cap: float = 600.0,
) -> Callable[[Callable[Concatenate[JobContext, P], R]], Callable[Concatenate[JobContext, P], R]]:
    """Register a function as a job; its name is its import path unless given.

    The function takes a JobContext and JSON values (ids), runs inside a unit of work that commits together with the
    job's success, and may return a small JSON object for the job's page.
    """

    def register(function: Callable[Concatenate[JobContext, P], R]) -> Callable[Concatenate[JobContext, P], R]:
        spec = JobSpec(
            name=name or f"{function.__module__}.{function.__qualname__}",
            function=function,
            queue=queue,
            timeout=timeout,
            max_attempts=max_attempts,
            backoff=backoff,
            backoff_cap=backoff_cap,
        )
        _BY_NAME[spec.name] = _BY_FUNCTION[function] = spec
        return function

    return register


def spec_of(function: Callable[..., Any]) -> JobSpec:
    """The registration of a function; raises UnknownJob for one without `@job`."""
    try:
        return _BY_FUNCTION[function]
    except KeyError:
        raise UnknownJob(f"{function!r} is not a registered job: decorate it with @job") from None


def spec_named(name: str) -> JobSpec:
    """The registration under a row's name; raises UnknownJob."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise UnknownJob(f"No job is registered as {name!r} in this version") from None


def known_names() -> list[str]:
    """All registered names, sorted."""
    return sorted(_BY_NAME)
