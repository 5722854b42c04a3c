// SPDX-License-Identifier: Apache-2.0

// Package configuration holds the snippets of docs/configuration.md.
package configuration

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
	"github.com/pyfly-go/pyfly/resilience"
)

func load() (*config.Config, error) {
	cfg, err := config.Load(
		config.File("deploy/shop.yaml"),
		config.Profiles("prod", "eu"),
		config.Env("SHOP"),
		config.Map(map[string]any{"shop.currency": "EUR"}),
	)
	return cfg, err
}

type ShopSettings struct {
	Currency string            `koanf:"currency" default:"EUR"`
	Timeout  time.Duration     `koanf:"timeout" default:"2s"`
	MaxSize  config.ByteSize   `koanf:"max-size"`
	Markets  []string          `koanf:"markets"`
	Labels   map[string]string `koanf:"labels"`
}

func bind(cfg *config.Config) error {
	var shop ShopSettings
	if err := cfg.Bind("shop", &shop); err != nil {
		return err
	}
	fmt.Println(shop.Currency, shop.Timeout)

	timeout, ok, err := config.Value[time.Duration](cfg, "shop.timeout")
	fmt.Println(timeout, ok, err, "from", cfg.Origin("shop.timeout"))
	return err
}

func watch(events *lifecycle.Events) {
	lifecycle.Subscribe(events, func(change config.Changed) {
		slog.Info("settings changed", "keys", change.Keys, "currency", change.Config.String("shop.currency", "EUR"))
	})
}

type PaymentClient struct {
	client.ServiceClient

	Charge     func(ctx context.Context, body map[string]string) error `post:"/payments"`
	GetPayment func(ctx context.Context, id string) error              `get:"/payments/{id}"`
}

func registerWithDefaults(app *container.ApplicationContext) {
	client.Register[PaymentClient](app, client.Defaults(client.Settings{
		BaseURL:        "${payment.url:http://localhost:8081}",
		Timeout:        5 * time.Second,
		Retry:          resilience.RetryConfig{MaxAttempts: 5},
		CircuitBreaker: resilience.CircuitBreakerConfig{FailureThreshold: 10},
		Bulkhead:       resilience.BulkheadConfig{MaxConcurrent: 20},
		StaleIfError:   client.StaleIfError{MaxAge: time.Hour},
		Methods:        map[string]client.MethodSettings{"Charge": {Timeout: 2 * time.Second, RetryEnabled: client.Off}},
	}))
}

func inTests() *container.ApplicationContext {
	app := container.NewApplicationContext(container.WithConfig(config.New(map[string]any{
		"pyfly.client.services.payment-client": map[string]any{"base-url": "http://localhost:9999"},
		"pyfly.client.retry.base-delay":        "0s",
	})))
	return app
}
