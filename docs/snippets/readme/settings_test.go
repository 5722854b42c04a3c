// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/clienttest"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

type PaymentClient struct {
	client.ServiceClient

	Charge func(ctx context.Context, body NewProduct) error `post:"/payments"`
}

func TestTheSettingsOfTheReadmeAreUnderstood(t *testing.T) {
	cfg, err := config.Load(config.File("testdata/pyfly.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	port := clienttest.NewPort()
	app := container.NewApplicationContext(container.WithConfig(cfg), container.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	app.Install(client.Module(client.WithFactory(port.Factory())))
	client.Register[PaymentClient](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if strings.Contains(log.String(), "level=WARN") {
		t.Errorf("a setting is not known:\n%s", &log)
	}
	if made := port.Configs(); len(made) != 1 || made[0].BaseURL != "http://localhost:8081" || made[0].Timeout != 5*time.Second {
		t.Errorf("%+v", made)
	}
}
