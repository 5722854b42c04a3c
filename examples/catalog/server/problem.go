// SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// problem is a problem detail by RFC 9457.
type problem struct {
	Type   string      `json:"type"`
	Title  string      `json:"title"`
	Status int         `json:"status"`
	Detail string      `json:"detail,omitempty"`
	Errors fieldErrors `json:"errors,omitempty"`
}

func writeProblem(w http.ResponseWriter, status int, detail string) {
	writeFieldProblem(w, status, detail, nil)
}

func writeFieldProblem(w http.ResponseWriter, status int, detail string, fields fieldErrors) {
	w.Header().Set("Content-Type", "application/problem+json")
	write(w, status, problem{"about:blank", http.StatusText(status), status, detail, fields})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	write(w, status, v)
}

func write(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone: nobody to tell
}

// readJSON decodes the body, or writes an error response.
func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	body, ok := readBody(w, r)
	if !ok {
		return false
	}
	err := json.Unmarshal(body, v)
	if err == nil {
		return true
	}
	fields := fieldErrors{}
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) && wrongType.Field != "" {
		fields[wrongType.Field] = fmt.Sprintf("must be of type %s, not %s", wrongType.Type, wrongType.Value)
	}
	writeFieldProblem(w, http.StatusBadRequest, "the body is not the JSON that is expected: "+err.Error(), fields)
	return false
}

// readBody reads the whole body, or writes an error response.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return body, true
	case errors.As(err, &tooLarge):
		writeProblem(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than %d bytes", tooLarge.Limit))
	default:
		writeProblem(w, http.StatusBadRequest, "the body cannot be read: "+err.Error())
	}
	return nil, false
}
