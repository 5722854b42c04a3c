// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/container"
)

// store is implemented by diskCache, which is given several names.
type (
	store      interface{ Cache() }
	diskCache  struct{ journal *journal }
	diskCaches struct {
		dig.Out
		A *diskCache `name:"a"`
		B *diskCache `name:"b"`
		C store      `name:"c"`
	}
)

func (d *diskCache) Cache()                           {}
func (d *diskCache) Start(context.Context) error      { d.journal.add("Start"); return nil }
func (d *diskCache) Stop(context.Context) error       { d.journal.add("Stop"); return nil }
func (d *diskCache) PreDestroy(context.Context) error { d.journal.add("PreDestroy"); return nil }

func TestAnObjectHasOneLifecycleHoweverItGotItsNames(t *testing.T) {
	for name, register := range map[string]func(app *container.ApplicationContext, j *journal){
		"fields of a dig.Out struct": func(app *container.ApplicationContext, j *journal) {
			d := &diskCache{j}
			app.Register(func() diskCaches { return diskCaches{A: d, B: d, C: d} })
		},
		"instances": func(app *container.ApplicationContext, j *journal) {
			d := &diskCache{j}
			app.RegisterInstance(d, container.Named("a"))
			app.RegisterInstance(d, container.Named("b"), container.As[store]())
			app.RegisterInstance(d, container.Named("c"), container.Lazy())
		},
		"a group and a list": func(app *container.ApplicationContext, j *journal) {
			app.Register(func() *diskCache { return &diskCache{j} })
			app.Register(func(d *diskCache) store { return d }, container.Group("caches"))
			app.Register(func(d *diskCache) store { return d }, container.Named("x"))
			app.Register(func([]store) *person { return &person{} })
		},
	} {
		t.Run(name, func(t *testing.T) {
			j := &journal{}
			app := newApp()
			register(app, j)
			require.NoError(t, app.Start(t.Context()))
			require.NoError(t, app.Stop(context.Background()))
			j.equals(t, "Start", "Stop", "PreDestroy")
		})
	}
}

func TestWhatAConstructorMakesAfterItsLimitIsDiscarded(t *testing.T) {
	for name, register := range map[string]func(app *container.ApplicationContext, j *journal, release chan struct{}){
		"a dig.Out struct": func(app *container.ApplicationContext, j *journal, release chan struct{}) {
			app.Register(func() (diskCaches, func()) {
				<-release
				d := &diskCache{j}
				return diskCaches{A: d, C: d}, func() { j.add("cleanup") }
			})
		},
		"of a bean that needs another": func(app *container.ApplicationContext, j *journal, release chan struct{}) {
			app.Register(newEnglish)
			app.Register(func(*english) (*diskCache, func()) { <-release; return &diskCache{j}, func() { j.add("cleanup") } })
		},
		"that a Provider gets": func(app *container.ApplicationContext, j *journal, release chan struct{}) {
			app.Register(func(p container.Provider[*diskCache]) (*person, error) { _, err := p.Get(); return &person{}, err })
			app.Register(func() (*diskCache, func()) { <-release; return &diskCache{j}, func() { j.add("cleanup") } }, container.Lazy())
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				j, log := &journal{}, &lines{}
				app := newLoggedApp(log, container.WithStartTimeout(time.Second))
				register(app, j, release)
				require.Error(t, app.Start(t.Context()))
				close(release)
				time.Sleep(time.Minute)
				j.equals(t, "PreDestroy", "cleanup")
				assert.Equal(t, 1, log.count("it has been discarded"), log.text.String())
			})
		})
	}
}
