# The hub with its demo model's library. Everything that it keeps is in /app/data, or in /apps/db where it is started
# with corp-webot's mounts.
FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements/run.lock requirements/
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/run.lock
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN .venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --no-index .

FROM python:3.13-slim
# llama.cpp computes with libgomp.
RUN apt-get update && apt-get install --yes --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 1000 --create-home hubbub && install -d -m 0700 -o hubbub -g hubbub /app/data
COPY --from=build /app/.venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 HUBBUB_HOST=0.0.0.0
USER hubbub
WORKDIR /app
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s CMD ["hubbub", "doctor", "--alive"]
STOPSIGNAL SIGTERM
CMD ["hubbub", "run"]
