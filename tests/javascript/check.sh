#!/bin/sh
# Checks the style and the types of all JavaScript, as `make check` does.
set -e
tools=tests/javascript/node_modules/.bin
$tools/biome check --config-path=tests/javascript $(git ls-files '*.js')
$tools/tsc --project tests/javascript
$tools/tsc --project tests/javascript/tsconfig.worker.json  # a service worker has other globals than a page
