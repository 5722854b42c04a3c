// SPDX-License-Identifier: Apache-2.0

// Package declaration holds the rules of declared clients: what tags, path
// templates, parameters and results may be, and what they mean. The rules work on
// a model of Go types, so that both the types of a running program (by reflect)
// and those of source code (by go/types) can be checked. Whoever fills the model
// decides nothing: a [Type] says what a type is, a [Client] what it declares.
package declaration
