// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
)

// stopping wires a guarded client over a port, begins a call, and stops the
// processor half a second later, while the call waits for its second attempt.
func stopping(t *testing.T, port *script, limit time.Duration) (c *guarded, stopTook time.Duration, callErr error) {
	t.Helper()
	p := client.NewHttpClientBeanPostProcessor(
		client.WithConfig(config.New(nil)), client.WithLogger(slog.New(slog.DiscardHandler)),
		client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return port, nil }))
	c = client.NewStub[guarded]()
	if _, err := p.AfterInit(c, "guarded"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { _, callErr = c.Get(context.Background()) })
	time.Sleep(500 * time.Millisecond) // virtual
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	begun := time.Now()
	if err := p.Stop(ctx); err != nil {
		t.Error(err)
	}
	stopTook = time.Since(begun)
	wg.Wait()
	return c, stopTook, callErr
}

func TestACallThatWaitsForAnotherAttemptMayFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := newScript(t, status(503), status(200))
		c, took, err := stopping(t, port, time.Minute)
		if err != nil || len(port.asked) != 2 || took != 500*time.Millisecond {
			t.Errorf("the call ended with %v after %d attempts, Stop took %s", err, len(port.asked), took)
		}
		if _, err := c.Get(t.Context()); !errors.Is(err, client.ErrStopped) || len(port.asked) != 2 {
			t.Errorf("a call after Stop: %v", err)
		}
	})
}

func TestACallThatWaitsBeyondTheLimitIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := newScript(t, status(503), status(200))
		_, took, err := stopping(t, port, 100*time.Millisecond)
		if !errors.Is(err, client.ErrStopped) || len(port.asked) != 1 || took != 100*time.Millisecond {
			t.Errorf("the call ended with %v after %d attempts, Stop took %s", err, len(port.asked), took)
		}
	})
}

func TestStoppingUnderLoadLosesNoCall(t *testing.T) {
	p := client.NewHttpClientBeanPostProcessor(
		client.WithConfig(config.New(nil)), client.WithLogger(slog.New(slog.DiscardHandler)),
		client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return newCountedPort(), nil }))
	c := client.NewStub[catalog]()
	if _, err := p.AfterInit(c, "catalog"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	begun := make(chan struct{}, 8)
	for range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				_, err := c.Get(context.Background(), "1")
				if i == 0 {
					begun <- struct{}{}
				}
				if errors.Is(err, client.ErrStopped) {
					return
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 8 {
		<-begun
	}
	if err := p.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	wg.Wait()
}
