// SPDX-License-Identifier: Apache-2.0

// Package logging holds the snippets of docs/logging.md.
package logging

import (
	"context"
	"log/slog"
	"os"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/logging"
)

type Orders struct{ log *slog.Logger }

func NewOrders(log *slog.Logger) *Orders { return &Orders{log: log} }

func (o *Orders) Place(ctx context.Context, customer string) {
	o.log.InfoContext(ctx, "order placed", "customer", customer)
}

func application(opts ...container.Option) *container.ApplicationContext {
	app := container.NewApplicationContext(opts...)
	app.Register(NewOrders)
	return app
}

func asDefault() *container.ApplicationContext {
	app := container.NewApplicationContext()
	slog.SetDefault(app.Logger())
	return app
}

func ofTheProgram() *container.ApplicationContext {
	app := container.NewApplicationContext(container.WithLogger(slog.New(slog.NewJSONHandler(os.Stdout, nil))))
	return app
}

func alone(cfg *config.Config) (*slog.Logger, error) {
	handler, err := logging.New(os.Stderr, cfg)
	if err != nil {
		return nil, err
	}
	return slog.New(handler), nil
}
