#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copies the output of "go test" and adds how long the tests of each module of
# the workspace took. Packages are tested side by side: the sum is larger than
# the time that passes.
set -euo pipefail

modules=$(go list -m)
exec awk -F '\t' -v modules="$modules" '
  BEGIN { count = split(modules, list, /[ \n]+/) }
  { print; fflush() }
  /^(ok  |FAIL)\t/ {
    module = ""
    for (i = 1; i <= count; i++)
      if (index($2 "/", list[i] "/") == 1 && length(list[i]) > length(module)) module = list[i]
    seconds[module] += $3
  }
  END {
    print "time of the tests by module:"
    for (i = 1; i <= count; i++)
      if (list[i] in seconds) printf "%8.1fs  %s\n", seconds[list[i]], list[i]
  }'
