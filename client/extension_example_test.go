// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

type greeterClient struct {
	client.HttpClient `name:"greeter"`

	Greet func(ctx context.Context, opts ...client.CallOption) (string, error) `get:"/greeting" accept:"text/plain"`
}

// greet calls a service with a client that configure registers.
func greet(service http.HandlerFunc, configure func(app *container.ApplicationContext), opts ...client.CallOption) (string, error) {
	server := httptest.NewServer(service)
	defer server.Close()
	ctx := context.Background()
	app := container.NewApplicationContext(
		container.WithLogger(slog.New(slog.DiscardHandler)),
		container.WithConfig(config.New(map[string]any{"pyfly.client.services.greeter.base-url": server.URL})))
	app.Install(client.Module())
	configure(app)
	if err := app.Start(ctx); err != nil {
		return "", err
	}
	defer func() { _ = app.Stop(ctx) }()
	return container.Must(container.Get[*greeterClient](app)).Greet(ctx, opts...)
}

// echo returns the header X-Name of the request.
func echo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	_, _ = fmt.Fprint(w, "Hello, "+r.Header.Get("X-Name"))
}

func refuse(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

func ExampleFallback() {
	fmt.Println(greet(refuse(http.StatusServiceUnavailable), func(app *container.ApplicationContext) {
		client.Register[greeterClient](app, client.Fallback(&greeterClient{
			Greet: func(context.Context, ...client.CallOption) (string, error) { return "Hello, whoever you are", nil },
		}))
	}, client.NoRetry()))
	// Output: Hello, whoever you are <nil>
}

func ExampleInterceptor() {
	fmt.Println(greet(echo, func(app *container.ApplicationContext) {
		client.Register[greeterClient](app)
		app.Register(func() client.Interceptor {
			return func(next client.Exchange) client.Exchange {
				return func(req *http.Request) (*http.Response, error) {
					req.Header.Set("X-Name", "Ada")
					return next(req)
				}
			}
		})
	}))
	// Output: Hello, Ada <nil>
}

func ExampleCallInterceptor() {
	fmt.Println(greet(echo, func(app *container.ApplicationContext) {
		client.Register[greeterClient](app)
		app.Register(func() client.CallInterceptor {
			return func(next client.Exchange) client.Exchange {
				return func(req *http.Request) (*http.Response, error) {
					call, _ := client.CallOf(req.Context())
					response, err := next(req)
					fmt.Println(call.Client, call.Method, err)
					return response, err
				}
			}
		})
	}, client.CallHeader("X-Name", "Ada")))
	// Output:
	// greeter Greet <nil>
	// Hello, Ada <nil>
}

func ExampleErrorDecoder() {
	errClosed := errors.New("the shop is closed")
	_, err := greet(refuse(http.StatusConflict), func(app *container.ApplicationContext) {
		client.Register[greeterClient](app)
		app.Register(func() client.ErrorDecoder {
			return func(e *client.Error) error {
				if e.Status == http.StatusConflict {
					return errClosed
				}
				return nil
			}
		})
	})
	fmt.Println(errors.Is(err, errClosed))
	// Output: true
}

func ExampleCallOption() {
	fmt.Println(greet(echo, func(app *container.ApplicationContext) {
		client.Register[greeterClient](app)
	}, client.CallHeader("X-Name", "Grace"), client.NoRetry()))
	// Output: Hello, Grace <nil>
}
