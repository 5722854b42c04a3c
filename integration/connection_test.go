// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"sync"
	"testing"
)

func TestConnectionsAreUsedAgain(t *testing.T) {
	const calls = 50
	cases := map[string]func(*StatusClient, *BodyClient) error{
		"after a success":    func(s *StatusClient, _ *BodyClient) error { _, err := s.Plain(t.Context()); return err },
		"after 204":          func(s *StatusClient, _ *BodyClient) error { _, err := s.Get(t.Context(), 204); return err },
		"after 404":          func(s *StatusClient, _ *BodyClient) error { _, _ = s.Get(t.Context(), 404); return nil },
		"after wrong bodies": func(_ *StatusClient, b *BodyClient) error { _, _ = b.HTML(t.Context()); return nil },
		"after gzip":         func(_ *StatusClient, b *BodyClient) error { _, err := b.Gzip(t.Context()); return err },
	}
	for name, call := range cases {
		t.Run(name, func(t *testing.T) {
			server := serve(t)
			statuses, bodies := start[StatusClient](t, server, ""), start[BodyClient](t, server, "")
			for range calls {
				if err := call(statuses, bodies); err != nil {
					t.Fatal(err)
				}
			}
			server.wantRequests(t, calls)
			if n := server.connections.Load(); n != 1 {
				t.Errorf("%d calls one after another made %d connections", calls, n)
			}
		})
	}
}

func TestRetriesUseTheConnectionAgain(t *testing.T) {
	server := serve(t)
	c := start[UnstableClient](t, server, "")
	_ = c.Get(t.Context(), 1)
	server.wantRequests(t, 4)
	if n := server.connections.Load(); n != 1 {
		t.Errorf("four attempts made %d connections", n)
	}
}

func TestCallsSideBySideShareThePool(t *testing.T) {
	const workers, callsEach = 8, 25
	server := serve(t)
	c := start[StatusClient](t, server, "")
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range callsEach {
				if _, err := c.Plain(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	server.wantRequests(t, workers*callsEach)
	// A dial that is overtaken by a free connection goes into the pool, too.
	if n := server.connections.Load(); n > 2*workers {
		t.Errorf("%d workers made %d connections", workers, n)
	}
}
