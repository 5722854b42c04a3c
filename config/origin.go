// SPDX-License-Identifier: Apache-2.0

package config

import "strconv"

// Origin is where a setting was written. Origins can be compared; the zero
// Origin means nowhere.
type Origin struct {
	File string // the file as it was named or found, "config/pyfly.yaml"
	Line int    // the line of the key in File, from 1; 0 for the file as a whole
	Env  string // the name of the environment variable
	Code bool   // given to Map or New
}

// IsZero reports whether o is nowhere.
func (o Origin) IsZero() bool { return o == Origin{} }

// String returns "pyfly.yaml:12", "environment variable PYFLY_SHOP_NAME",
// "code", or "unknown" for the zero Origin.
func (o Origin) String() string {
	switch {
	case o.File != "" && o.Line > 0:
		return o.File + ":" + strconv.Itoa(o.Line)
	case o.File != "":
		return o.File
	case o.Env != "":
		return "environment variable " + o.Env
	case o.Code:
		return "code"
	}
	return "unknown"
}
