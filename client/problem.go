// SPDX-License-Identifier: Apache-2.0

package client

import (
	"encoding/json"
	"mime"
	"net/http"

	"github.com/pyfly-go/pyfly/client/internal/message"
)

// Problem is the machine-readable detail of a failed answer, as RFC 9457
// defines it for application/problem+json.
type Problem struct {
	Type       string         // a URI reference that names the kind; "about:blank" when absent
	Title      string         // a short summary of the kind
	Status     int            // the status the origin server generated
	Detail     string         // what happened this time
	Instance   string         // a URI reference that names this occurrence
	Extensions map[string]any // every other member
}

// parseProblem returns the problem details of an answer, or nil when it has
// none that can be read.
func parseProblem(header http.Header, body []byte) *Problem {
	mediaType, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || mediaType != "application/problem+json" {
		return nil
	}
	var members map[string]any
	if json.Unmarshal(message.WithoutBOM(body), &members) != nil || members == nil {
		return nil
	}
	problem := &Problem{Type: "about:blank"}
	takeString(members, "type", &problem.Type)
	takeString(members, "title", &problem.Title)
	takeString(members, "detail", &problem.Detail)
	takeString(members, "instance", &problem.Instance)
	if status, ok := members["status"].(float64); ok {
		problem.Status = int(status)
		delete(members, "status")
	}
	if len(members) > 0 {
		problem.Extensions = members
	}
	return problem
}

// takeString moves a member to its field. RFC 9457, section 3.1: a member
// whose value does not have the specified type is ignored.
func takeString(members map[string]any, name string, field *string) {
	if value, ok := members[name].(string); ok {
		*field = value
		delete(members, name)
	}
}

// text says what the status alone does not.
func (p *Problem) text(status int) string {
	title := p.Title
	if title == http.StatusText(status) {
		title = ""
	}
	if title != "" && p.Detail != "" {
		return title + ": " + p.Detail
	}
	return title + p.Detail
}
