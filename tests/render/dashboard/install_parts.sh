#!/usr/bin/env bash
# Installs what holds a dashboard against the types that Grafana publishes, into the folder that GRAFANA_TEST_PARTS names.
set -euo pipefail
parts=${GRAFANA_TEST_PARTS:?name a folder}
mkdir -p "$parts"
npm install --prefix "$parts" --ignore-scripts --no-audit --no-fund --loglevel error \
  @grafana/schema@11.6.16 typescript@7.0.2
