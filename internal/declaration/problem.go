// SPDX-License-Identifier: Apache-2.0

package declaration

import "fmt"

// Problem is one mistake of a declaration. Its text holds no secret.
type Problem struct {
	Type  string // the client's Go type
	Field string // the method or the marker that is wrong; "" for the whole client
	Param string // the parameter of the method, if its name is known and it is concerned
	What  string // what is wrong and what would be right
}

// Where is the type, with the field if there is one: "PaymentClient.Charge".
func (p Problem) Where() string {
	if p.Field == "" {
		return p.Type
	}
	return p.Type + "." + p.Field
}

// Error implements error.
func (p Problem) Error() string { return p.Where() + ": " + p.What }

func (c *Client) fail(field, format string, args ...any) {
	c.Problems = append(c.Problems, Problem{Type: c.Type, Field: field, What: fmt.Sprintf(format, args...)})
}
