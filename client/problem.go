// SPDX-License-Identifier: Apache-2.0

package client

import (
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
	members := message.ProblemMembers(header, body)
	if members == nil {
		return nil
	}
	problem := &Problem{Type: "about:blank"}
	message.TakeString(members, "type", &problem.Type)
	message.TakeString(members, "title", &problem.Title)
	message.TakeString(members, "detail", &problem.Detail)
	message.TakeString(members, "instance", &problem.Instance)
	if status, ok := members["status"].(float64); ok {
		problem.Status = int(status)
		delete(members, "status")
	}
	if len(members) > 0 {
		problem.Extensions = members
	}
	return problem
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
