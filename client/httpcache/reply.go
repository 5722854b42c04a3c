// SPDX-License-Identifier: Apache-2.0

package httpcache

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/pyfly-go/pyfly/client"
)

// reply is what has come of a request that was sent: a response, read whole, or an
// error. A response whose status is neither of the 2xx nor 304 is an error too, which
// hides the values of secret headers.
type reply struct {
	status     int // 0: there was no response
	header     http.Header
	body       []byte
	isComplete bool
	response   *http.Response // nil: there was an error
	err        error
	sent       *sent
	requested  time.Time
	received   time.Time
}

// newReply reads a response.
func newReply(response *http.Response, err error) *reply {
	if err != nil {
		return failedReply(err)
	}
	r := &reply{status: response.StatusCode, header: response.Header, response: response}
	if response.Body != nil {
		r.body, r.err = io.ReadAll(response.Body)
		_ = response.Body.Close()
	}
	if r.err != nil {
		return failedReply(r.err)
	}
	r.isComplete = response.ContentLength == int64(len(r.body)) && r.fitsHeader()
	return r
}

// failedReply is a response with another status than 2xx, or none.
func failedReply(err error) *reply {
	r := &reply{err: err}
	var failed *client.Error
	if errors.As(err, &failed) && failed.Err == nil && failed.Status != 0 {
		r.status, r.header, r.body = failed.Status, failed.Header.Clone(), bytes.Clone(failed.Body)
		r.isComplete = len(r.body) < client.MaxErrorBody && r.fitsHeader()
	}
	return r
}

// fitsHeader reports whether the body is as long as the header says.
func (r *reply) fitsHeader() bool {
	length := r.header.Get("Content-Length")
	return length == "" || r.header.Get("Content-Encoding") != "" || length == strconv.Itoa(len(r.body))
}

// result is what the caller gets.
func (r *reply) result() (*http.Response, error) {
	if r.err != nil {
		return nil, r.err
	}
	response := *r.response
	response.Body = io.NopCloser(bytes.NewReader(r.body))
	return &response, nil
}

// isFailure reports whether the service has failed: there is no response, or one
// that says so (RFC 5861, section 4).
func (r *reply) isFailure() bool {
	switch r.status {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case 0:
		return !slices.ContainsFunc(notOfService, func(target error) bool { return errors.Is(r.err, target) })
	}
	return false
}

// notOfService are errors that say nothing about the service, or nothing bad.
var notOfService = []error{client.ErrInvalidRequest, client.ErrStopped, client.ErrTooLarge, client.ErrDecode}

// isShareable reports whether another caller may be given the failure: not an error
// that has the headers of a response that was not used, which its caller owns.
func (r *reply) isShareable() bool {
	var failed *client.Error
	return r.err != nil && (r.status != 0 || !errors.As(r.err, &failed) || failed.Header == nil)
}

// forAnother is what another caller gets of a failure. It shares nothing that a
// caller may change.
func (r *reply) forAnother(req *http.Request) (*http.Response, error) {
	if r.status == 0 {
		return nil, r.err
	}
	return newResponse(req, r.status, r.header, r.body), nil
}
