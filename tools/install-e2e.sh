#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what tests need, if it is missing, from the packages of Debian or what
# descends from it: a browser, prometheus and promtool, which the tests of e2e
# drive, and a C compiler, which the race detector needs. When it cannot, it says
# what to install; that is an error only where CI is set, for elsewhere the tests
# of e2e are skipped, and the others run without the race detector.
set -euo pipefail

readonly policy=/usr/sbin/policy-rc.d

has() { command -v "$1" >/dev/null 2>&1; }

missing() {
  has chromium || has chromium-browser || has google-chrome || echo chromium
  { has prometheus && has promtool; } || echo prometheus
  has "$(go env CC)" || printf '%s\n' gcc libc6-dev
}

give_up() {
  echo "install-e2e: $1; tests need: ${packages[*]} (packages of Debian; chromium, or google-chrome, prometheus with promtool, and a C compiler on the PATH)" >&2
  case "${CI:-}" in
    '' | 0 | false) exit 0 ;;
    *) exit 1 ;;
  esac
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=120 "$@" >/dev/null; }

# No service is to start: the tests start a server of their own, and port 9090
# may be somebody's.
forbid_services() {
  [[ -e $policy ]] && return
  as_root install -m 755 /dev/stdin "$policy" <<<$'#!/bin/sh\nexit 101'
  trap 'as_root rm -f "$policy"' EXIT
}

keep_from_booting() {
  if has systemctl && [[ -d /run/systemd/system ]]; then
    as_root systemctl disable --quiet --now prometheus.service || true
  fi
}

mapfile -t packages < <(missing)
((${#packages[@]})) || exit 0
has apt-get || give_up "there is no apt-get here"
((EUID == 0)) || sudo -n true 2>/dev/null || give_up "this needs root, or sudo without a password"

echo "install-e2e: installing ${packages[*]}"
forbid_services
apt update || echo "install-e2e: apt-get update failed; trying with the lists that are there" >&2
apt install --no-install-recommends "${packages[@]}" || give_up "apt-get could not install them"
[[ " ${packages[*]} " == *" prometheus "* ]] && keep_from_booting
mapfile -t packages < <(missing)
((${#packages[@]} == 0)) || give_up "they are installed, but not on the PATH"
