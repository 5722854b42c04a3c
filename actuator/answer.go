// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"encoding/json"
	"net/http"

	"github.com/pyfly-go/pyfly/internal/usercode"
)

// problem is an error response in the form of RFC 9457.
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func writeProblem(w http.ResponseWriter, status int, detail string) {
	writeJSON(w, status, "application/problem+json", problem{http.StatusText(status), status, detail})
}

func writeAnswer(w http.ResponseWriter, answer any) {
	writeJSON(w, http.StatusOK, "application/json", answer)
}

// writeJSON escapes HTML characters, so that a response is harmless wherever it
// is shown.
func writeJSON(w http.ResponseWriter, status int, contentType string, answer any) {
	var body []byte
	err := usercode.Call(func() (err error) { body, err = json.Marshal(answer); return err })
	if err != nil { // caused by a detail of a HealthIndicator
		status, contentType = http.StatusInternalServerError, "application/problem+json"
		body, _ = json.Marshal(problem{http.StatusText(status), status, "the response cannot be encoded as JSON: " + err.Error()})
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the caller may have disconnected
}
