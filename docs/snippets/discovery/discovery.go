// SPDX-License-Identifier: Apache-2.0

// Package discovery holds the snippets of docs/discovery.md.
package discovery

import (
	"bufio"
	"context"
	"net/http"
	"time"

	"github.com/pyfly-go/pyfly/discovery"
)

func resolvers() []discovery.Resolver {
	fixed := discovery.Static(
		discovery.Instance{Address: "10.0.0.1:8080", Weight: 3},
		discovery.Instance{Address: "10.0.0.2:8080"},
	)
	byName := discovery.DNS(discovery.DNSConfig{Port: 8080, Interval: 10 * time.Second})
	bySRV := discovery.SRV(discovery.SRVConfig{Service: "https"})
	return []discovery.Resolver{fixed, byName, bySRV}
}

// Catalog reads the addresses of a service from a page, one a line.
type Catalog struct{ URL string }

func (c Catalog) Watch(ctx context.Context, service string, update func([]discovery.Instance)) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		instances, err := c.read(ctx, service)
		if err != nil {
			return err
		}
		update(instances)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c Catalog) read(ctx context.Context, service string) ([]discovery.Instance, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/"+service, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	var instances []discovery.Instance
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		instances = append(instances, discovery.Instance{Address: lines.Text()})
	}
	return instances, lines.Err()
}
