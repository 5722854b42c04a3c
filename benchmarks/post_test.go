// SPDX-License-Identifier: Apache-2.0

package benchmarks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-resty/resty/v2"

	"github.com/pyfly-go/pyfly/client"
)

// BenchmarkPostOfStub sends 1 KiB of JSON and reads 200 bytes of it.
func BenchmarkPostOfStub(b *testing.B) { both(b, postsOfStub(b)) }

// description makes the body of a POST about 1 KiB.
var description = strings.Repeat("Forged steel head, ash handle. ", 30)

// OrderClient is the declared client of a POST; retry, budget, circuit breaker
// and attempt timeout are on.
type OrderClient struct {
	client.ServiceClient `url:"http://stub.invalid" name:"product-client"`

	Create func(ctx context.Context, body Product) (Product, error) `post:"/products"`
}

func postsOfStub(tb testing.TB) []subject {
	const base = "http://stub.invalid"
	stub := newStubTransport()
	baseURL, err := url.Parse(base)
	if err != nil {
		tb.Fatal(err)
	}
	port := stubPort{stub}
	withClient := clientPort{port, baseURL, &http.Client{Transport: stub}}
	hand := &handWritten{base: base, client: &http.Client{Transport: stub}}
	rest := resty.New().SetTransport(stub).SetBaseURL(base).SetTimeout(timeout).SetRetryCount(attempts - 1)
	ctx, body := context.Background(), Product{ID: "42", Name: "Bow rake", Description: description, Tags: []string{"garden"}}
	return []subject{
		{name: "pyfly", call: declaredPost(tb, base, body, overTransport(stub))},
		{name: "pyfly on a port", call: declaredPost(tb, base, body, client.WithFactory(portFactory(port)))},
		{name: "pyfly on http.Client", call: declaredPost(tb, base, body, client.WithFactory(portFactory(withClient)))},
		{name: "net-http by hand", call: func() error {
			p, err := hand.post(ctx, body)
			if err != nil {
				return err
			}
			return check(p)
		}},
		{name: "resty", call: func() error {
			var p Product
			response, err := rest.R().SetContext(ctx).SetBody(body).SetResult(&p).Post("/products")
			if err != nil {
				return err
			}
			if response.IsError() {
				return errors.New(response.Status())
			}
			return check(p)
		}},
	}
}

func declaredPost(tb testing.TB, base string, body Product, opts ...client.Option) func() error {
	orders := startClient[OrderClient](tb, base, opts...)
	ctx := context.Background()
	return func() error {
		p, err := orders.Create(ctx, body)
		if err != nil {
			return err
		}
		return check(p)
	}
}

// post is the hand-written twin.
func (h *handWritten) post(ctx context.Context, body Product) (p Product, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	encoded, err := json.Marshal(body)
	if err != nil {
		return p, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.base+"/products", bytes.NewReader(encoded))
	if err != nil {
		return p, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	response, err := h.client.Do(req)
	if err != nil {
		return p, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return p, errors.New(response.Status)
	}
	buffer, ok := h.buffers.Get().(*bytes.Buffer)
	if !ok {
		buffer = new(bytes.Buffer)
	}
	defer h.buffers.Put(buffer)
	buffer.Reset()
	if _, err := buffer.ReadFrom(io.LimitReader(response.Body, 10<<20)); err != nil {
		return p, err
	}
	return p, json.Unmarshal(buffer.Bytes(), &p)
}
