// SPDX-License-Identifier: Apache-2.0

// Package codegen is what the code calls that pyfly generate writes for clients
// declared as interfaces. It is not for use by hand: declare an interface and run
// pyfly generate.
//
// Generated code stays compatible with this package within a major version. Each
// generated file refers to the constant of the version that it needs, so that it
// does not compile with a package that is too old.
package codegen

// Version1 is what generated files refer to that need the first version of this
// package.
const Version1 = true
