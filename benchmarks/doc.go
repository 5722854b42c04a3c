// SPDX-License-Identifier: Apache-2.0

// Package benchmarks holds no code, only benchmarks that measure PyFly and other
// libraries side by side, in one run. See README.md for how to run them and
// what they showed. TestEverySubjectWorks runs each of them once.
package benchmarks
