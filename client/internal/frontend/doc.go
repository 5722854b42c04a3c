// SPDX-License-Identifier: Apache-2.0

// Package frontend holds what the front-ends of clients have in common: functions
// in the fields of a struct, which are made by reflect, and generated
// implementations of interfaces. A front-end knows how arguments get into a draft
// and what type the result has; a [Caller] does everything else.
package frontend
