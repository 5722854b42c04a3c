// SPDX-License-Identifier: Apache-2.0

package clienttest_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/clienttest"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/discovery"
)

type shopClient struct {
	client.HttpClient `url:"http://shop.invalid/api" name:"shop"`

	Get func(ctx context.Context, id string) (string, error) `get:"/products/{id}"`
}

// forbidden is a resolver that must not be asked.
type forbidden struct{ t *testing.T }

func (f forbidden) Watch(context.Context, string, func([]discovery.Instance)) error {
	f.t.Error("the resolver is asked")
	return nil
}

func TestAPortStartsNoResolver(t *testing.T) {
	port := clienttest.NewPort()
	port.On("GET", "/products/{id}").Respond(200, "rake")
	p := client.NewHttpClientBeanPostProcessor(
		client.WithFactory(port.Factory()), client.WithResolver("registry", forbidden{t}),
		client.WithConfig(config.New(map[string]any{"pyfly.client.services.shop.discovery": "registry"})))
	bean, err := p.AfterInit(client.NewStub[shopClient](), "shop")
	require.NoError(t, err)
	got, err := bean.(*shopClient).Get(t.Context(), "1")
	require.NoError(t, err)
	require.Equal(t, "rake", got)
	require.Equal(t, "/products/1", port.Requests()[0].Path)
	require.NoError(t, p.Stop(t.Context()))
}
