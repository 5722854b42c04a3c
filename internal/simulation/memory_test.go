// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// TestReloadsLeaveNoMemory changes settings again and again. After 2,000 changes
// the heap may have grown by a megabyte; fewer are made here.
func TestReloadsLeaveNoMemory(t *testing.T) {
	const (
		reloads = 200
		most    = 1 << 20 * reloads / 2000 // bytes
	)
	settings := func(n int) *config.Config {
		return config.New(map[string]any{
			"shop.url":                "http://own",
			services + "shop.timeout": fmt.Sprintf("%ds", 1+n%2),
			services + "shop.bulkhead.max-concurrent":        1 + n%3,
			services + "shop.methods.get.bulkhead.max-queue": n % 5,
			services + "shop.hedge.delay":                    fmt.Sprintf("%dms", 10+n%3),
		})
	}
	app := container.NewApplicationContext(container.WithConfig(settings(0)), container.WithLogger(slog.New(slog.DiscardHandler)))
	app.Install(client.Module())
	client.Register[Shop](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	reload := func(n int) { lifecycle.Publish(app.Events(), config.Changed{Config: settings(n)}) }
	for n := range 50 { // until caches and pools have their size
		reload(n)
	}
	before := heap()
	for n := range reloads {
		reload(n)
	}
	grown := int64(heap()) - int64(before)
	if err := app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if what, isKnown := known["memory-grows-with-reloads"]; isKnown {
		fmt.Printf("known: memory-grows-with-reloads, by %d bytes a reload: %s\n", grown/reloads, what)
		return
	}
	if grown > most {
		t.Errorf("the heap has grown by %d bytes in %d reloads", grown, reloads)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
