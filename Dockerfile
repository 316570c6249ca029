# syntax=docker/dockerfile:1
# dualtune in a container: `docker build --target cpu .` or `docker build --target gpu .`
#
# The environment comes from the same lists and the same script as outside. A small CPU image needs a CPU build of
# torch, which pip takes where it sees one: --build-arg PIP_EXTRA_INDEX_URL=... with PyTorch's index for the CPU.

ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS base
# The user's home is the volume: it holds every cache, of models downloaded or converted and of kernels compiled.
RUN useradd --uid 10001 --create-home dualtune
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1
WORKDIR /app
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
ENTRYPOINT ["dualtune"]
# Within the container only: compose.yaml publishes the port on the host's loopback.
CMD ["serve", "--host", "0.0.0.0"]

FROM base AS cpu
# vLLM's CPU build needs libnuma. It needs no compiler: with LoRA, which is always on, it compiles nothing at run time.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libnuma1 \
    && rm -rf /var/lib/apt/lists/*
# The lists come before the sources, so that a change of code installs nothing again.
COPY requirements/ requirements/
ARG PIP_EXTRA_INDEX_URL
RUN --mount=type=cache,target=/root/.cache/pip requirements/install cpu
COPY . .
RUN requirements/install cpu dualtune
USER dualtune
RUN python -m server.embedded
VOLUME /home/dualtune

FROM base AS gpu
# Triton compiles its launchers at run time.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++ \
    && rm -rf /var/lib/apt/lists/*
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY requirements/ requirements/
RUN --mount=type=cache,target=/root/.cache/pip requirements/install gpu
COPY . .
RUN requirements/install gpu dualtune
USER dualtune
VOLUME /home/dualtune
