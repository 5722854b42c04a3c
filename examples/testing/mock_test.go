// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
)

// mockPort is a testify mock of client.HttpClientPort.
type mockPort struct{ mock.Mock }

func (m *mockPort) Request(req *http.Request) (*http.Response, error) {
	args := m.Called(req.Method, req.URL.Path)
	response, _ := args.Get(0).(*http.Response)
	return response, args.Error(1)
}

func (m *mockPort) Start(ctx context.Context) error { return m.Called(ctx).Error(0) }
func (m *mockPort) Stop(ctx context.Context) error  { return m.Called(ctx).Error(0) }

func TestWithAMock(t *testing.T) {
	port := &mockPort{}
	port.On("Start", mock.Anything).Return(nil).Once()
	port.On("Stop", mock.Anything).Return(nil).Once()
	port.On("Request", "GET", "/products/p-1").Return(&http.Response{
		StatusCode: http.StatusOK,
		Body:       io.NopCloser(strings.NewReader(`{"name":"Bow Rake","price_cents":2490}`)),
	}, nil).Once()

	t.Run("the service", func(t *testing.T) {
		service := started(t, application(client.WithFactory(
			func(client.PortConfig) (client.HttpClientPort, error) { return port, nil })))
		quote, err := service.Quote(t.Context(), "p-1")
		require.NoError(t, err)
		require.Equal(t, "Bow Rake: 24.90 EUR", quote)
	})
	port.AssertExpectations(t)
}
