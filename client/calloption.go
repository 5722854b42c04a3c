// SPDX-License-Identifier: Apache-2.0

package client

import (
	"net/http"
	"reflect"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/message"
)

// CallOption changes one call. A method takes them as its last parameter:
//
//	GetProduct func(ctx context.Context, id string, opts ...client.CallOption) (Product, error) `get:"/products/{id}"`
type CallOption func(*callOptions)

type callOptions struct {
	timeout time.Duration // 0: the method's
	header  http.Header
	noRetry bool
}

var callOptionsType = reflect.TypeFor[[]CallOption]()

// CallTimeout limits each attempt of the call, instead of the setting timeout;
// it may be longer, unless the client's port ignores [port.TimeoutApplies]. Zero
// or less is no limit but the context's.
func CallTimeout(limit time.Duration) CallOption {
	return func(o *callOptions) {
		if limit <= 0 {
			limit = -1
		}
		o.timeout = limit
	}
}

// CallHeader sends a header with the call, in place of what else would be sent
// under the name. Given twice, both values are sent.
func CallHeader(name, value string) CallOption {
	return func(o *callOptions) {
		if o.header == nil {
			o.header = http.Header{}
		}
		o.header.Add(name, value)
	}
}

// NoRetry makes one attempt only.
func NoRetry() CallOption { return func(o *callOptions) { o.noRetry = true } }

// apply takes the options, the last of the arguments, into a message.
func apply(msg *message.Message, options []CallOption) error {
	o := callOptions{}
	for _, option := range options {
		if option != nil {
			option(&o)
		}
	}
	msg.Timeout, msg.NoRetry = o.timeout, msg.NoRetry || o.noRetry
	if len(o.header) == 0 {
		return nil
	}
	if err := checkHeader(o.header); err != nil {
		return err
	}
	msg.Header = msg.Header.Clone()
	if msg.Header == nil {
		msg.Header = http.Header{}
	}
	for name, values := range o.header {
		msg.Header[http.CanonicalHeaderKey(name)] = values
	}
	return nil
}
