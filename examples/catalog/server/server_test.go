// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/pyfly-go/pyfly/examples/catalog/server"
)

func TestTheServiceListensOnALoopbackPort(t *testing.T) {
	s, client := started(t)
	if !strings.HasPrefix(s.URL(), "http://127.0.0.1:") {
		t.Errorf("URL %q", s.URL())
	}
	r, err := client.Get(s.URL() + "/products/p-1001")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	wantStatus(t, r, 200)
	if got := decode[server.Product](t, r).ID; got != "p-1001" {
		t.Errorf("got %s", got)
	}
}

func TestStartReportsAnAddressThatCannotBeHad(t *testing.T) {
	s, _ := started(t)
	taken := strings.TrimPrefix(s.URL(), "http://")
	other := server.New(server.WithAddress(taken))
	if err := other.Start(t.Context()); !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), taken) {
		t.Errorf("a port that is taken: %v", err)
	}
	var wrong *net.OpError
	if err := server.New(server.WithAddress("nonsense")).Start(t.Context()); !errors.As(err, &wrong) {
		t.Errorf("an address without a port: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := server.New().Start(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("started although cancelled: %v", err)
	}
	if got := other.URL(); got != "" {
		t.Errorf("URL %q of a service that does not run", got)
	}
}

func TestStartTwiceIsAnError(t *testing.T) {
	s, _ := started(t)
	url := s.URL()
	if err := s.Start(t.Context()); err == nil {
		t.Error("no error")
	}
	if s.URL() != url {
		t.Errorf("moved to %q", s.URL())
	}
}

func TestStopWithoutStartAndTwice(t *testing.T) {
	s := server.New()
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("before start: %v", err)
	}
	for round := range 2 {
		if err := s.Start(t.Context()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		address := strings.TrimPrefix(s.URL(), "http://")
		for range 2 {
			if err := s.Stop(t.Context()); err != nil {
				t.Errorf("round %d: %v", round, err)
			}
		}
		if _, err := net.Dial("tcp", address); err == nil || s.URL() != "" {
			t.Errorf("round %d: it still listens", round)
		}
	}
}

func TestTheContextOfStartIsForStartingOnly(t *testing.T) {
	s := server.New()
	ctx, cancel := context.WithCancel(t.Context())
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	setFault(t, s, server.Fault{Mode: server.ModeSlow, Delay: "1ms"}) // looks at the request's context
	transport := &http.Transport{}
	r, err := (&http.Client{Transport: transport}).Get(s.URL() + "/products")
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	if total := r.Header.Get("X-Total-Count"); total != "240" {
		t.Errorf("the request was given up: X-Total-Count %q", total)
	}
	transport.CloseIdleConnections()
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStopByManyAtOnce(t *testing.T) {
	s, _ := started(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := s.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
