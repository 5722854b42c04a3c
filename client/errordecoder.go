// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"fmt"

	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/kernel"
)

// ErrorDecoder makes an error of the user's own of an answer that is not of the
// 2xx: of its status, its body (the first 64 KiB) and its problem details. Each
// bean of this type is asked about each such answer of every client, in order
// (see container.Order), until one returns an error; nil means that the answer
// is none of its concern. e.Client tells the client.
//
//	app.Register(func() client.ErrorDecoder {
//		return func(e *client.Error) error {
//			var refusal Refusal
//			if e.Client == "payment-client" && json.Unmarshal(e.Body, &refusal) == nil {
//				return &refusal
//			}
//			return nil
//		}
//	})
//
// errors.Is and errors.As find it in the *[Error] that the call returns, which
// stays what it is. It must be safe for concurrent use.
type ErrorDecoder func(e *Error) error

// decodeErrorBody asks the decoders. One that panics is no reason to lose the error.
func decodeErrorBody(decoders []ErrorDecoder, e *Error) (decoded error) {
	defer func() {
		if r := recover(); r != nil {
			decoded = fmt.Errorf("an ErrorDecoder panicked: %w", usercode.Error(kernel.NewPanicError(r)))
		}
	}()
	for _, decode := range decoders {
		if decode == nil {
			continue
		}
		if err := decode(e); err != nil {
			return usercode.Error(err)
		}
	}
	return nil
}

// As finds the error that an [ErrorDecoder] has made.
func (e *Error) As(target any) bool {
	if o, ok := target.(**engine.Outcome); ok {
		*o = e.outcome
		return e.outcome != nil
	}
	return e.decoded != nil && errors.As(e.decoded, target)
}
