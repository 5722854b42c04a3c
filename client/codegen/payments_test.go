// SPDX-License-Identifier: Apache-2.0

package codegen_test

import (
	"context"
	"io"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/pyfly-go/pyfly/client"
)

type Payment struct {
	ID    string `json:"id"`
	Cents int    `json:"cents"`
}

type Search struct {
	State   string    `query:"state,omitempty"`
	Page    *int      `query:"page" default:"1"`
	Since   time.Time `query:"since,omitempty" layout:"2006-01-02"`
	Tenant  string    `header:"X-Tenant"`
	Session string    `cookie:"session,omitempty"`
	*Paging
}

type Paging struct {
	Size int `query:"size" default:"20"`
}

type Upload struct {
	ID    string        `path:"payment_id"`
	Title string        `form:"title"`
	Files []client.File `form:"file"`
}

type State string

// PaymentClient has a method for each kind of call.
//
//pyfly:service-client url:"http://payments" retry:"2" retry-base-delay:"0"
type PaymentClient interface {
	// GetPayment returns one payment.
	//
	//pyfly:get /payments/{payment_id}
	GetPayment(ctx context.Context, paymentID string) (Payment, error)
	//pyfly:get /payments
	FindPayments(ctx context.Context, states []State, page *int, minAmount float64, tags map[string]int, opts ...client.CallOption) (client.Response[[]Payment], error)
	//pyfly:get /search query:"X_From=from,inStock"
	Search(ctx context.Context, from time.Time, inStock bool, search *Search) ([]Payment, error)
	//pyfly:post /payments idempotent:"true"
	CreatePayment(ctx context.Context, body *Payment) (Payment, error)
	//pyfly:put /payments/{id}/note content-type:"text/plain"
	SetNote(ctx context.Context, id int, body string) error
	//pyfly:post /payments/{payment_id}/files
	Upload(ctx context.Context, upload Upload) (string, error)
	//pyfly:delete /payments/{id}
	DeletePayment(ctx context.Context, id string, header http.Header, more url.Values) error
	//pyfly:get /payments
	Next(ctx context.Context, link client.URL) ([]Payment, error)
	//pyfly:get /raw
	Raw(ctx context.Context) ([]byte, error)
	//pyfly:get /raw
	Open(ctx context.Context) (*http.Response, error)
	//pyfly:get /raw
	Stream(ctx context.Context) (io.ReadCloser, error)
	//pyfly:get /events reconnect:"true"
	Events(ctx context.Context) iter.Seq2[client.Event, error]
	//pyfly:get /payments
	All(ctx context.Context) iter.Seq2[Payment, error]
	//pyfly:get /labelled
	Labelled(ctx context.Context, label panicking) (Payment, error)
	//pyfly:post /stream
	Send(ctx context.Context, body io.Reader) error
}

// ItemClient has type parameters.
//
//pyfly:http-client url:"http://items" name:"items"
type ItemClient[K ~string | ~int, T any] interface {
	//pyfly:get /items/{key}
	Get(ctx context.Context, key K) (T, error)
	//pyfly:put /items/{key}
	Put(ctx context.Context, key K, body T) error
}
