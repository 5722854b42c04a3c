// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"fmt"
	"strings"
)

// QueryName is one entry of the tag query of a method of an interface: the name of
// a query parameter that is spelt otherwise than its parameter.
type QueryName struct {
	Name      string // as it is sent: "inStock", "X-From"
	Parameter string // the Go parameter, "" for the one that Name fits
}

// ParseQueryNames reads the tag query: "inStock,pageSize", "X-From=from".
func ParseQueryNames(value string) ([]QueryName, error) {
	var names []QueryName
	for entry := range strings.SplitSeq(value, ",") {
		name, parameter, isExplicit := strings.Cut(entry, "=")
		n := QueryName{strings.TrimSpace(name), strings.TrimSpace(parameter)}
		switch {
		case n.Name == "":
			return nil, fmt.Errorf("query %q: a name is missing: write names with a comma between, or name=parameter", value)
		case isExplicit && n.Parameter == "":
			return nil, fmt.Errorf("query %q: write the parameter that is sent as %s: %s=parameter", value, n.Name, n.Name)
		}
		names = append(names, n)
	}
	return names, nil
}

// names reports whether an entry is that of a parameter.
func (n QueryName) names(parameter string) bool {
	if n.Parameter != "" {
		return n.Parameter == parameter
	}
	return Fits(parameter, n.Name)
}
