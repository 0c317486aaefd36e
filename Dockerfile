# Two stages: the first builds, the second has what runs, and no compiler. The wheel is installed, not the checkout.
ARG PYTHON=3.11

FROM python:${PYTHON}-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/cpor
COPY requirements/base.txt /src/requirements/base.txt
RUN /opt/cpor/bin/pip install --require-hashes -r /src/requirements/base.txt
COPY . /src
RUN /opt/cpor/bin/pip wheel --no-deps --wheel-dir /wheels /src \
    && /opt/cpor/bin/pip install --no-deps /wheels/*.whl

FROM python:${PYTHON}-slim-bookworm
# The number is named, so that files of secrets can be given to this user from outside.
RUN groupadd --system --gid 10001 cpor \
    && useradd --system --uid 10001 --gid cpor --home-dir /var/lib/cpor --create-home cpor
COPY --from=build /opt/cpor /opt/cpor
ENV PATH=/opt/cpor/bin:$PATH PYTHONUNBUFFERED=1 CPOR_DATA_DIR=/var/lib/cpor CPOR_HOST=0.0.0.0
USER 10001:10001
WORKDIR /var/lib/cpor
VOLUME /var/lib/cpor
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["cpor"]
CMD ["web"]
