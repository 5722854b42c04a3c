// SPDX-License-Identifier: Apache-2.0

// Package kernel holds what every other package of PyFly shares: the sentinel
// errors that callers compare with [errors.Is], and the few error types that
// cross package borders. It imports nothing of the project.
package kernel
