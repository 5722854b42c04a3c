// SPDX-License-Identifier: Apache-2.0

// Package message holds what clients send and receive: arguments become a
// [Message], and a [Response] becomes the caller's value. It knows nothing of
// attempts and policies.
package message

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/coding"
	"github.com/pyfly-go/pyfly/client/port"
)

// ErrDecode is the error of a response that is not what the method's result says.
var ErrDecode = coding.ErrDecode

// Message is what one call sends. All attempts of the call read it; none changes
// it.
type Message struct {
	Path        string // escaped
	Query       string // escaped, without the question mark
	Header      http.Header
	Body        []byte
	HasBody     bool
	ContentType string
	Streamed    *StreamedBody // instead of Body
	Link        string        // that has taken the place of path and query; "": none
	Elsewhere   *url.URL      // scheme and host of an allowed host to which the link leads; nil: the client's own

	// IsComplete says that Header holds the declared headers too, as far as a
	// call interceptor has left them.
	IsComplete bool

	Timeout time.Duration // of one attempt, instead of the operation's; 0: that one; less: none
	NoRetry bool
}

// Owned returns a copy that shares no header and no body with the caller of the
// method, who may change both as soon as the call has ended.
func (m *Message) Owned() *Message {
	copied := *m
	copied.Header, copied.Body = m.Header.Clone(), bytes.Clone(m.Body)
	return &copied
}

// SetHeader sets a header. The message's header may be the caller's, so that it is
// copied.
func (m *Message) SetHeader(name, value string) {
	if m.Header = m.Header.Clone(); m.Header == nil {
		m.Header = http.Header{}
	}
	m.Header.Set(name, value)
}

// Check refuses a message that its caller has escaped and that would not arrive as
// it is. Header names that differ in case become one.
func (m *Message) Check() error {
	if err := checkPath(m.Path); err != nil {
		return err
	}
	if strings.ContainsAny(m.Query, " #\r\n") {
		return fmt.Errorf("%w: its query is not escaped", port.ErrInvalidRequest)
	}
	if err := CheckHeader(m.Header); err != nil {
		return err
	}
	m.Header = CanonicalHeader(m.Header)
	return nil
}

// stream makes the body of what is read while it is sent.
func (m *Message) stream(b *StreamedBody, contentType string) {
	m.HasBody, m.Streamed, m.ContentType = true, b, contentType
	m.NoRetry = m.NoRetry || !b.IsReplayable()
}

// IsEmpty reports whether the body has no bytes.
func (m *Message) IsEmpty() bool {
	if m.Streamed != nil {
		return m.Streamed.size == 0
	}
	return len(m.Body) == 0
}

// Base is where the message goes: to own, the client's service, or to an allowed
// host.
func (m *Message) Base(own *url.URL) *url.URL {
	if m.Elsewhere != nil {
		return m.Elsewhere
	}
	return own
}

// Response is a response with a status of 2xx, or 304, whose body has been read whole. The
// body is valid until the sink returns.
type Response struct {
	Status int
	Header http.Header
	Body   []byte

	IsCut      bool     // the body may not be whole: nobody wants it
	Redirected *url.URL // where a redirect has led to; nil: there was none
	Location   *url.URL // that has responded; nil: nobody asks for it
}

// ErrNotModified is the error of a sink that has no place for a response with the
// status 304, which has no body.
var ErrNotModified = errors.New("not modified")

// Sink takes a response into what the caller wants of it. Its error is an
// [ErrDecode] or [ErrNotModified].
type Sink interface{ Take(*Response) error }

// Take keeps a copy of another response: a Response is a [Sink] that decodes
// nothing.
func (r *Response) Take(other *Response) error {
	*r = *other
	r.Body = bytes.Clone(other.Body)
	return nil
}

// MaxDrained is how much of a body that nobody wants is read so that its
// connection can be used again.
const MaxDrained = coding.MaxDrained
