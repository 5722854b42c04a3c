// SPDX-License-Identifier: Apache-2.0

// Package settings works out the effective settings of a client and its methods,
// each with its origin. It knows settings by name and nothing of Go declarations:
// what a declaration or code says arrives as plain values.
//
// Settings are read level by level into one struct, a later level over the ones
// before it: built-in, client.Defaults, the global keys, the declaration's tag, the
// named configs that the client is based on, the client's own keys, and for a
// method its tag and its own keys. [Resolve] does all of that.
package settings
