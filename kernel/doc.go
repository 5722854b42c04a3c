// SPDX-License-Identifier: Apache-2.0

// Package kernel holds the sentinel errors that callers compare with
// [errors.Is], and the error types that several packages share. It imports no
// other package of the project.
package kernel
