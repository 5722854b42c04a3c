// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

type pricesClient struct {
	client.ServiceClient `url:"http://prices.invalid" name:"prices" retry:"false" failure-threshold:"3"`

	Price  func(ctx context.Context, id string, opts ...client.CallOption) (string, error) `get:"/prices/{id}"`
	Update func(ctx context.Context, id string) error                                      `put:"/prices/{id}"`
}

func startPrices(t *testing.T, fallback *pricesClient, respond func() *http.Response) *pricesClient {
	t.Helper()
	port := portFunc(func(*http.Request) (*http.Response, error) { return respond(), nil })
	app := newApp(nil, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return port, nil }))
	client.Register[pricesClient](app, client.Fallback(fallback))
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return getBean[pricesClient](t, app)
}

func TestAFallbackAnswersWhenTheServiceHasFailed(t *testing.T) {
	status := 503
	var causes []error
	c := startPrices(t, &pricesClient{
		Price: func(ctx context.Context, id string, opts ...client.CallOption) (string, error) {
			causes = append(causes, client.Cause(ctx))
			return fmt.Sprint("cached ", id, len(opts)), nil
		},
	}, func() *http.Response { return answer(status, "fresh") })

	for range 5 {
		if price, err := c.Price(t.Context(), "a", client.NoRetry()); err != nil || price != "cached a1" {
			t.Errorf("got %q, %v", price, err)
		}
	}
	var e *client.Error
	if !errors.As(causes[0], &e) || e.Status != 503 || !errors.Is(causes[4], kernel.ErrCircuitOpen) {
		t.Errorf("causes %v", causes)
	}
	if err := c.Update(t.Context(), "a"); !errors.Is(err, kernel.ErrCircuitOpen) {
		t.Errorf("a method without a fallback: %v", err)
	}
	if client.Cause(t.Context()) != nil {
		t.Error("there is a cause elsewhere")
	}
}

func TestAFallbackIsNotForAnswersThatProveTheServiceAlive(t *testing.T) {
	status := 404
	c := startPrices(t, &pricesClient{
		Price: func(context.Context, string, ...client.CallOption) (string, error) { return "cached", nil },
	}, func() *http.Response { return answer(status, "fresh") })
	if _, err := c.Price(t.Context(), "a"); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("404: %v", err)
	}
	status = 200
	if price, err := c.Price(t.Context(), "a"); err != nil || price != "fresh" {
		t.Errorf("200: %q, %v", price, err)
	}
	status = 503
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Price(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := c.Price(t.Context(), ""); !errors.Is(err, client.ErrInvalidRequest) {
		t.Errorf("never sent: %v", err)
	}
}

func TestAFallbackThatPanicsIsAnErrorWithTheCause(t *testing.T) {
	c := startPrices(t, &pricesClient{
		Price: func(context.Context, string, ...client.CallOption) (string, error) { panic("empty cache") },
	}, func() *http.Response { return answer(503, "") })
	_, err := c.Price(t.Context(), "a")
	if !errors.Is(err, client.ErrUnavailable) || !strings.Contains(err.Error(), "empty cache") {
		t.Errorf("got %v", err)
	}
}

type feedClient struct {
	client.HttpClient `url:"http://feed.invalid"`

	Feed func(ctx context.Context) iter.Seq2[string, error] `get:"/feed"`
}

func TestASequenceHasNoFallback(t *testing.T) {
	app := newApp(nil)
	client.Register[feedClient](app, client.Fallback(&feedClient{Feed: func(context.Context) iter.Seq2[string, error] { return nil }}))
	if err := app.Start(t.Context()); !errors.Is(err, client.ErrDeclaration) || !strings.Contains(err.Error(), "feedClient.Feed: returns a sequence") {
		t.Errorf("got %v", err)
	}
}

func TestInterceptorsWrapEachAttempt(t *testing.T) {
	var seen []string
	noting := func(name string) client.Interceptor {
		return func(next client.Exchange) client.Exchange {
			return func(req *http.Request) (*http.Response, error) {
				call, _ := client.CallOf(req.Context())
				seen = append(seen, fmt.Sprint(name, " ", call.Client, ".", call.Method, " ", call.Attempt))
				req.Header.Set("X-"+name, "yes")
				response, err := next(req)
				seen = append(seen, name+" after")
				return response, err
			}
		}
	}
	var header http.Header
	status := 503
	port := portFunc(func(r *http.Request) (*http.Response, error) {
		header = r.Header
		status += 1000
		return answer(min(status-1000, 503), ""), nil
	})
	app := newApp(map[string]any{"pyfly.client.services.option-client.retry.base-delay": "0s"},
		client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return port, nil }))
	app.Register(func() client.Interceptor { return noting("inner") }, container.Named("inner"), container.Order(2))
	app.Register(func() client.Interceptor { return noting("outer") }, container.Named("outer"), container.Order(1))
	app.Register(func() client.Interceptor { return client.ForClients(noting("other"), "somebody") }, container.Named("other"))
	client.Register[optionClient](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := getBean[optionClient](t, app)
	_, _ = c.Get(t.Context(), "1")
	if err := app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	want := []string{
		"outer option-client.Get 1", "inner option-client.Get 1", "inner after", "outer after",
		"outer option-client.Get 2", "inner option-client.Get 2", "inner after", "outer after",
		"outer option-client.Get 3", "inner option-client.Get 3", "inner after", "outer after",
	}
	if strings.Join(seen, "\n") != strings.Join(want, "\n") {
		t.Errorf("seen\n%s\nwant\n%s", strings.Join(seen, "\n"), strings.Join(want, "\n"))
	}
	if header.Get("X-Inner") != "yes" || header.Get("X-Other") != "" {
		t.Errorf("headers %v", header)
	}
	if _, ok := client.CallOf(t.Context()); ok {
		t.Error("there is a call elsewhere")
	}
}
