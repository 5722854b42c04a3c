// SPDX-License-Identifier: Apache-2.0

package simulation

// known are the kinds of findings that are not fixed yet, with what they are. They
// do not fail a run. A kind leaves this list with the change that fixes it.
var known = map[string]string{}
