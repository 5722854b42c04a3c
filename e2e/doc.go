// SPDX-License-Identifier: Apache-2.0

// Package e2e has nothing but tests of applications as their users meet them: the
// console in a real browser, the metrics in a real Prometheus, processes of
// examples/service that are restarted under load. It is a module of its own, so
// that what drives a browser reaches nobody else.
//
// The tests need chromium, prometheus and promtool; tools/install-e2e.sh installs
// them on Debian and what descends from it. A test whose program is missing is
// skipped, but fails where CI is true.
package e2e
