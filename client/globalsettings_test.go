// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

type oneOfThree struct {
	client.HttpClient `url:"http://localhost"`

	Ping func(ctx context.Context) error `get:"/ping"`
}

type (
	twoOfThree   oneOfThree
	threeOfThree oneOfThree
)

func TestAWrongSettingOfAllClientsIsOneProblem(t *testing.T) {
	app := container.NewApplicationContext(container.WithConfig(config.New(map[string]any{
		"pyfly.client.default.timeout": "soon", "pyfly.client.retry.max-attempts": 0,
	})))
	app.Install(client.Module())
	client.Register[oneOfThree](app)
	client.Register[twoOfThree](app)
	client.Register[threeOfThree](app)
	var report *container.StartupError
	require.ErrorAs(t, app.Start(t.Context()), &report)
	require.Len(t, report.Problems, 2, "%v", report)
}
