// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/pyfly-go/pyfly/container"
)

// TestIntrospectionIsSafeAtAnyTime looks into a context while it starts, makes lazy
// beans and prototypes, stops and starts again: the race detector watches.
func TestIntrospectionIsSafeAtAnyTime(t *testing.T) {
	app := newApp(withParallelism(8))
	j := &journal{}
	for i := range 20 {
		name := fmt.Sprint("bean", i)
		app.Register(func() *phased { return &phased{recorder{name, j, nil}, i % 3} }, container.Named(name))
		lazy := fmt.Sprint("lazy", i)
		app.Register(func() (*first, error) {
			if i%5 == 4 {
				return nil, errors.New("boom")
			}
			return &first{recorder{lazy, j, nil}}, nil
		}, container.Named(lazy), container.Lazy())
	}
	app.Register(func() *second { return &second{recorder{"prototype", j, nil}} }, container.Prototype())
	app.RegisterPostProcessor(&undertaker{name: "processor", journal: j})

	ended := make(chan struct{})
	var watching sync.WaitGroup
	for range 4 {
		watching.Go(func() {
			for {
				select {
				case <-ended:
					return
				default:
				}
				if _, err := json.Marshal([]any{app.Beans(), app.Report(), app.Graph()}); err != nil {
					t.Error(err)
				}
				_ = app.Report().String() + app.Graph().DOT()
				app.Ready()
			}
		})
	}
	for range 5 {
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		var using sync.WaitGroup
		for i := range 20 {
			using.Go(func() {
				_, _ = container.Get[*first](app, fmt.Sprint("lazy", i))
				_, _ = container.Get[*second](app)
			})
			if i == 10 {
				using.Go(func() { _ = app.Stop(context.Background()) })
			}
		}
		using.Wait()
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}
	close(ended)
	watching.Wait()
}
