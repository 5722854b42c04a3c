// SPDX-License-Identifier: Apache-2.0

package container

// Scope says how many instances of a bean there are, and when they are made.
type Scope string

// The scopes of a bean.
const (
	ScopeSingleton     Scope = "singleton"      // one, made by the start
	ScopeLazySingleton Scope = "lazy singleton" // one, made when it is first needed; see [Lazy]
	ScopePrototype     Scope = "prototype"      // one for each injection point and each [Get]; see [Prototype]
)
