# A server of checkpoints, from this project's wheel and the pinned versions:
#   docker build -t nested-lightning .
#   docker run --read-only --tmpfs /tmp -p 8000:8000 -v "$PWD/runs:/models:ro" -v "$PWD/tokens:/run/secrets/tokens:ro" \
#       nested-lightning digits=/models/digits --token-file /run/secrets/tokens --allowed-host models.example.org
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS wheel
WORKDIR /source
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:${PYTHON}-slim
# Where torch is built for the CPU alone, which takes a tenth of the room; for CUDA: --build-arg TORCH=https://pypi.org/simple
ARG TORCH=https://download.pytorch.org/whl/cpu
RUN useradd --system --uid 10001 --no-create-home --home-dir /tmp server
COPY constraints.txt /tmp/constraints.txt
COPY --from=wheel /wheels /tmp/wheels
RUN wheel=$(echo /tmp/wheels/*.whl) \
    && pip install --no-cache-dir --constraint /tmp/constraints.txt --extra-index-url "$TORCH" "${wheel}[serve]" \
    && rm -r /tmp/wheels /tmp/constraints.txt
ENV HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001
WORKDIR /models
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=90s CMD \
    ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
ENTRYPOINT ["nested-lightning", "serve", "--host", "0.0.0.0", "--port", "8000"]
CMD ["--help"]
