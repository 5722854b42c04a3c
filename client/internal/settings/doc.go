// SPDX-License-Identifier: Apache-2.0

// Package settings computes the effective settings of a client and its methods,
// each with its origin. It knows settings by name and does not depend on Go
// declarations: settings of declarations and code are passed as plain values.
//
// Settings are read level by level into one struct. A later level overrides the
// earlier ones: built-in values, client.Defaults, the global keys, the
// declaration's tag, the named configs that the client is based on, the
// client's own keys, and for a method its tag and its own keys. [Resolve] does
// all of this.
package settings
