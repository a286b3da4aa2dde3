#!/usr/bin/env bash
# Installs what holds the recipe for Argo Rollouts against its types, into the folder that ROLLOUT_TEST_PARTS names.
set -euo pipefail
parts=${ROLLOUT_TEST_PARTS:?name a folder}
mkdir -p "$parts"
npm install --prefix "$parts" --ignore-scripts --no-audit --no-fund --loglevel error \
  @kubernetes-models/argo-rollouts@2.0.0 typescript@7.0.2
