#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fetches the vendored libraries of the console again, at exactly the versions
# of static/vendor/VENDOR.md, from the npm registry that npm is set up with.
# "vendor.sh" writes the files and checks them against SHA256SUMS;
# "vendor.sh --update" writes SHA256SUMS anew, after a change of version.
set -euo pipefail
cd "$(dirname "$0")/static/vendor"
target=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# fetch PACKAGE@VERSION, then pairs of FILE-IN-THE-PACKAGE and NAME-HERE
fetch() {
  local package=$1
  shift
  rm -rf "$work/package" "$work"/*.tgz
  (cd "$work" && npm pack --silent "$package" >/dev/null && tar -xzf ./*.tgz)
  while (($#)); do
    install -m 644 "$work/package/$1" "$target/$2"
    shift 2
  done
}

fetch uplot@1.6.32 dist/uPlot.esm.js uplot.js dist/uPlot.min.css uplot.css LICENSE uplot.LICENSE
fetch cytoscape@3.34.4 dist/cytoscape.esm.min.mjs cytoscape.js LICENSE cytoscape.LICENSE
fetch @dagrejs/dagre@3.1.3 dist/dagre.esm.js dagre.js LICENSE dagre.LICENSE dist/dagre.esm.js.LEGAL.txt dagre.esm.js.LEGAL.txt

if [[ ${1:-} == --update ]]; then
  sha256sum ./*.js ./*.css ./*.LICENSE ./*.txt | sed 's, \./, ,' >SHA256SUMS
fi
sha256sum --check --strict SHA256SUMS
