// SPDX-License-Identifier: Apache-2.0

package nethttp_test

import (
	"net/url"
	"testing"

	"github.com/pyfly-go/pyfly/client/clienttest"
	"github.com/pyfly-go/pyfly/client/internal/nethttp"
	"github.com/pyfly-go/pyfly/client/port"
)

func TestTheAdapterConforms(t *testing.T) {
	clienttest.RunPortSuite(t, func(cfg port.PortConfig) (port.HttpClientPort, error) {
		base, err := url.Parse(cfg.BaseURL)
		if err != nil {
			return nil, err
		}
		return nethttp.New(base, cfg)
	})
}
