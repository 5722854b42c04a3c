// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/kernel"
)

// BenchmarkCall is a call with retry, budget, breaker and attempt timeout on,
// over a port that answers at once. The module benchmarks compares it with
// other libraries.
func BenchmarkCall(b *testing.B) {
	body := []byte(`{"id":"42","name":"` + string(bytes.Repeat([]byte("x"), 170)) + `"}`)
	header := http.Header{"Content-Type": {"application/json"}}
	port := portFunc(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body))}, nil
	})
	type benched struct {
		client.ServiceClient `url:"http://benched.invalid"`
		Get                  func(ctx context.Context, id string) (Product, error) `get:"/products/{id}"`
	}
	p := client.NewHttpClientBeanPostProcessor(
		client.WithConfig(config.New(nil)), client.WithLogger(slog.New(slog.DiscardHandler)),
		client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return port, nil }))
	c := client.NewStub[benched]()
	if _, err := p.AfterInit(c, "benched"); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = p.Stop(context.Background()) }()
	ctx := context.Background()
	call := func() {
		if _, err := c.Get(ctx, "42"); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("serial", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			call()
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				call()
			}
		})
	})
}

// BenchmarkOpenCircuit is a call that an open circuit refuses, with retry
// configured.
func BenchmarkOpenCircuit(b *testing.B) {
	type benched struct {
		client.ServiceClient `url:"http://benched.invalid" failure-threshold:"1" recovery-timeout:"1h"`
		Get                  func(ctx context.Context, id string) (Product, error) `get:"/products/{id}"`
	}
	p := client.NewHttpClientBeanPostProcessor(
		client.WithConfig(config.New(nil)), client.WithLogger(slog.New(slog.DiscardHandler)),
		client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) {
			return portFunc(func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 500}, nil }), nil
		}))
	c := client.NewStub[benched]()
	if _, err := p.AfterInit(c, "benched"); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = p.Stop(context.Background()) }()
	_, _ = c.Get(context.Background(), "42")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Get(context.Background(), "42"); !errors.Is(err, kernel.ErrCircuitOpen) {
			b.Fatal("it was not refused")
		}
	}
}
