// SPDX-License-Identifier: Apache-2.0

package benchmarks_test

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

// A start that has to wait: levels of beans whose Start sleeps, each of which
// needs one of the level below.
const (
	levels   = 10
	perLevel = 100
	pause    = time.Millisecond
	critical = levels * pause // what no start can be faster than
)

// BenchmarkLevels measures Start alone, as time and in critical paths: neither
// has registration and Stop in it.
func BenchmarkLevels(b *testing.B) {
	for _, parallelism := range []int{levels * perLevel, 16} {
		b.Run(fmt.Sprintf("pyfly, start-parallelism %d", parallelism), func(b *testing.B) {
			measureStart(b, func() (time.Duration, error) { return startLevels(levels, perLevel, pause, parallelism) })
		})
	}
	b.Run("floor, a WaitGroup for each level", func(b *testing.B) {
		measureStart(b, func() (time.Duration, error) { return waitLevels(levels, perLevel, pause), nil })
	})
}

func measureStart(b *testing.B, start func() (time.Duration, error)) {
	var took time.Duration
	for b.Loop() {
		d, err := start()
		if err != nil {
			b.Fatal(err)
		}
		took += d
	}
	each := float64(took) / float64(b.N)
	b.ReportMetric(each, "ns/op")
	b.ReportMetric(each/float64(critical), "x-critical-path")
}

func startLevels(levels, perLevel int, pause time.Duration, parallelism int) (time.Duration, error) {
	settings := map[string]any{"pyfly.context.start-parallelism": parallelism}
	app := container.NewApplicationContext(
		container.WithConfig(config.New(settings)), container.WithLogger(slog.New(slog.DiscardHandler)))
	sleep := container.OnStart(func(context.Context, any) error { time.Sleep(pause); return nil })
	for i := range levels * perLevel {
		app.Register(levelConstructor(i, perLevel), container.Named(serviceName(i)), sleep)
	}
	begun := time.Now()
	if err := app.Start(context.Background()); err != nil {
		return 0, err
	}
	took := time.Since(begun)
	return took, app.Stop(context.Background())
}

func waitLevels(levels, perLevel int, pause time.Duration) time.Duration {
	begun := time.Now()
	for range levels {
		var wg sync.WaitGroup
		for range perLevel {
			wg.Go(func() { time.Sleep(pause) })
		}
		wg.Wait()
	}
	return time.Since(begun)
}

// levelConstructor makes a func(*below) *bean, or a func() *bean for the first
// level.
func levelConstructor(i, perLevel int) any {
	if i < perLevel {
		return reflect.MakeFunc(reflect.FuncOf(nil, []reflect.Type{beanType(i)}, false), func([]reflect.Value) []reflect.Value {
			return []reflect.Value{reflect.New(beanType(i).Elem())}
		}).Interface()
	}
	return constructor(i, func(i int) int { return i - perLevel })
}
