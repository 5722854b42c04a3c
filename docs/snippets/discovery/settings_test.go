// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/clienttest"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

type PaymentClient struct {
	client.ServiceClient

	Get func(ctx context.Context, id string) (string, error) `get:"/payments/{id}"`
}

type CatalogClient struct {
	client.HttpClient

	Get func(ctx context.Context, id string) (string, error) `get:"/products/{id}"`
}

func TestTheSettingsOfTheGuideAreUnderstood(t *testing.T) {
	cfg, err := config.Load(config.File("testdata/pyfly.yaml"))
	require.NoError(t, err)
	app := container.NewApplicationContext(container.WithConfig(cfg))
	app.Install(client.Module(client.WithFactory(clienttest.NewPort().Factory())))
	client.Register[PaymentClient](app)
	client.Register[CatalogClient](app)
	require.NoError(t, app.Start(t.Context()))
	defer func() { require.NoError(t, app.Stop(context.Background())) }()
	assert.Empty(t, cfg.UnknownKeys("pyfly"))
}
