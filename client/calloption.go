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

type callOptions = message.Options

var callOptionsType = reflect.TypeFor[[]CallOption]()

// CallTimeout limits each attempt of the call, instead of the setting timeout;
// it may be longer, unless the client's port ignores [port.TimeoutApplies]. Zero
// or less is no limit but the context's.
func CallTimeout(limit time.Duration) CallOption {
	return func(o *callOptions) {
		if limit <= 0 {
			limit = -1
		}
		o.Timeout = limit
	}
}

// CallHeader sends a header with the call, in place of what else would be sent
// under the name. Given twice, both values are sent.
func CallHeader(name, value string) CallOption {
	return func(o *callOptions) {
		if o.Header == nil {
			o.Header = http.Header{}
		}
		o.Header.Add(name, value)
	}
}

// NoRetry makes one attempt only.
func NoRetry() CallOption { return func(o *callOptions) { o.NoRetry = true } }

// optionsOf returns what the options of a call say.
func optionsOf(options []CallOption) message.Options {
	o := callOptions{}
	for _, option := range options {
		if option != nil {
			option(&o)
		}
	}
	return o
}
