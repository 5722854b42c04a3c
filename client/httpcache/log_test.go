// SPDX-License-Identifier: Apache-2.0

package httpcache_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/httpcache"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

// TestTheModuleIsQuiet checks that its beans and settings are known.
func TestTheModuleIsQuiet(t *testing.T) {
	var log bytes.Buffer
	app := container.NewApplicationContext(
		container.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))),
		container.WithConfig(config.New(map[string]any{
			"pyfly.client.services.docs.cache.max-size":           "1MiB",
			"pyfly.client.default.cache.stale-if-error":           "1s",
			"pyfly.client.configs.a.cache.stale-while-revalidate": "1s",
			"pyfly.client.services.docs.base":                     "a",
		})))
	app.Install(httpcache.Module(), client.Module(client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return numbered(), nil })))
	client.Register[docClient](app)
	require.NoError(t, app.Start(t.Context()))
	require.NoError(t, app.Stop(context.Background()))
	assert.Empty(t, log.String())
}
