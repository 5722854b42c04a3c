// SPDX-License-Identifier: Apache-2.0

package message

import (
	"encoding/json"
	"mime"
	"net/http"
)

// ProblemMembers returns the members of the problem details (RFC 9457) in a response,
// or nil if it has none that can be read.
func ProblemMembers(header http.Header, body []byte) map[string]any {
	mediaType, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || mediaType != "application/problem+json" {
		return nil
	}
	var members map[string]any
	if json.Unmarshal(WithoutBOM(body), &members) != nil {
		return nil
	}
	return members
}

// TakeString moves a member to its field. RFC 9457, section 3.1: a member
// whose value does not have the specified type is ignored.
func TakeString(members map[string]any, name string, field *string) {
	if value, ok := members[name].(string); ok {
		*field = value
		delete(members, name)
	}
}
