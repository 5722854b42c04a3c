// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

// gate holds a constructor or processor up until it is opened.
type gate chan struct{}

func (g gate) wait() { <-g }

// held registers a recorder in the making of which something waits at a gate, by
// where that is.
var held = map[string]func(app *container.ApplicationContext, j *journal, g gate, opts ...container.BeanOption){
	"constructor": func(app *container.ApplicationContext, j *journal, g gate, opts ...container.BeanOption) {
		app.Register(func() *recorder { g.wait(); return &recorder{"held", j, nil} }, opts...)
	},
	"BeforeInit": func(app *container.ApplicationContext, j *journal, g gate, opts ...container.BeanOption) {
		app.RegisterPostProcessor(&processor{before: waiting(g)})
		app.Register(func() *recorder { return &recorder{"held", j, nil} }, opts...)
	},
	"AfterInit": func(app *container.ApplicationContext, j *journal, g gate, opts ...container.BeanOption) {
		app.RegisterPostProcessor(&processor{after: waiting(g)})
		app.Register(func() *recorder { return &recorder{"held", j, nil} }, opts...)
	},
	"Customize": func(app *container.ApplicationContext, j *journal, g gate, opts ...container.BeanOption) {
		app.Register(func() *recorder { return &recorder{"held", j, nil} },
			append(opts, container.Customize(func(*recorder) error { g.wait(); return nil }))...)
	},
}

func waiting(g gate) func(bean any, name string) (any, error) {
	return func(bean any, _ string) (any, error) {
		if r, ok := bean.(*recorder); ok && r.name == "held" {
			g.wait()
		}
		return bean, nil
	}
}

// discarded is what happens to the bean that is held: what it may have taken is let
// go of.
func discarded(where string) []string {
	if where == "AfterInit" {
		return []string{"PostConstruct held", "PreDestroy held"}
	}
	return []string{"PreDestroy held"}
}

func TestABeanThatIsMadeAfterItsStartWasGivenUpIsDiscarded(t *testing.T) {
	for where, register := range held {
		for _, end := range []string{"by its limit", "by the total limit", "by its context", "by Stop"} {
			t.Run(where+" "+end, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					j, g := &journal{}, make(gate)
					opts := []container.Option{container.WithStartTimeout(20 * time.Second)}
					if end == "by the total limit" {
						opts = append(opts, container.WithTotalStartTimeout(10*time.Second))
					}
					app, log := loggingApp(j, opts...)
					register(app, j, g, container.Named("held"), container.DependsOn("recorder"))
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					time.AfterFunc(10*time.Second, func() {
						switch end {
						case "by its context":
							cancel()
						case "by Stop":
							_ = app.Stop(context.Background())
						}
					})
					if err := app.Start(ctx); !errors.Is(err, kernel.ErrBeanCreation) {
						t.Fatalf("Start returned %v", err)
					}
					ended := len(j.entries)
					close(g)
					synctest.Wait()
					if got, want := strings.Join(j.entries[ended:], ", "), discarded(where)[len(discarded(where))-1]; !strings.HasSuffix(got, want) || strings.Contains(got, "Start") {
						t.Errorf("after the start: %s, want %s", got, want)
					}
					if log.count("it has been discarded") != 1 || log.count("bean=held") != 1 {
						t.Errorf("logged: %s", log.text.String())
					}
				})
			})
		}
	}
}

// lateScopes are the scopes of beans that are made later than the start.
var lateScopes = map[string]container.BeanOption{"lazy": container.Lazy(), "prototype": container.Prototype()}

func TestLateBeansHaveTheLimitOfAStart(t *testing.T) {
	for scope, option := range lateScopes {
		for where, register := range held {
			t.Run(scope+" "+where, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					j, g := &journal{}, make(gate)
					log := &lines{}
					app := newLoggedApp(log, container.WithStartTimeout(20*time.Second))
					register(app, j, g, container.Named("held"), option)
					start(t, app)
					begun := time.Now()
					var waiting sync.WaitGroup
					for range 3 {
						waiting.Go(func() {
							_, err := container.Get[*recorder](app)
							var p *container.Problem
							if !errors.As(err, &p) || p.Bean != "held" || p.Code != container.CodeConstructor || !errors.Is(err, context.DeadlineExceeded) {
								t.Errorf("Get returned %v", err)
							} else if at := detailOf(p, "stands at"); !strings.Contains(at, "container_test.gate.wait (container/outlive_test.go:") {
								t.Errorf("it stands at %q", at)
							}
						})
					}
					waiting.Wait()
					if took := time.Since(begun); took != 20*time.Second {
						t.Errorf("Get took %s", took)
					}
					made := len(j.entries)
					close(g)
					synctest.Wait()
					constructions := 1
					if scope == "prototype" {
						constructions = 3
					}
					if got := strings.Count(strings.Join(j.entries[made:], " "), "PreDestroy held"); got != constructions {
						t.Errorf("%d were destroyed: %q", got, j.entries)
					}
					if log.count("it has been discarded") != constructions {
						t.Errorf("logged: %s", log.text.String())
					}
					if _, err := container.Get[*recorder](app); err != nil {
						t.Errorf("the next Get returned %v", err)
					}
				})
			})
		}
	}
}

func TestTheLimitOfALateBeanCountsItsOwnWorkOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(container.WithStartTimeout(10 * time.Second))
		app.Register(func() *english { time.Sleep(6 * time.Second); return &english{} }, container.Lazy())
		app.Register(func() *french { time.Sleep(6 * time.Second); return &french{} }, container.Prototype())
		app.Register(func(_ *english, _ *french, p container.Provider[*french]) (*slowInit, error) {
			time.Sleep(3 * time.Second)
			_, err := p.Get()
			time.Sleep(3 * time.Second)
			return &slowInit{}, err
		}, container.Lazy())
		start(t, app)
		begun := time.Now()
		if _, err := container.Get[*slowInit](app); err != nil || time.Since(begun) != 33*time.Second {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
	})
}

func TestTheLimitOfABeanHoldsAfterItHasGotAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := make(gate)
		defer close(g)
		app := newApp(container.WithStartTimeout(10 * time.Second))
		app.Register(func(p container.Provider[*english]) *person {
			container.Must(p.Get())
			g.wait()
			return &person{}
		})
		app.Register(func(*french) *english { return &english{} })
		app.Register(newFrench, container.Lazy())
		begun := time.Now()
		if p := only(t, startFails(t, app), container.CodeConstructor); p.Bean != "person" || time.Since(begun) != 10*time.Second {
			t.Errorf("after %s: %v", time.Since(begun), p)
		}
	})
}

func TestALazyBeanThatIsMadeAfterTheStopIsDiscarded(t *testing.T) {
	for scope, option := range lateScopes {
		for where, register := range held {
			t.Run(scope+" "+where, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					j, g := &journal{}, make(gate)
					log := &lines{}
					app := newLoggedApp(log, container.WithStopTimeout(5*time.Second))
					app.RegisterInstance(&first{recorder{"needed", j, nil}}, container.Named("needed"))
					register(app, j, g, container.Named("held"), option, container.DependsOn("needed"))
					if err := app.Start(t.Context()); err != nil {
						t.Fatal(err)
					}
					got := make(chan error, 1)
					go func() { _, err := container.Get[*recorder](app); got <- err }()
					synctest.Wait()
					begun := time.Now()
					err := app.Stop(context.Background())
					if took := time.Since(begun); took != 5*time.Second || err == nil || !strings.Contains(err.Error(), "held was not built within") {
						t.Errorf("after %s Stop returned %v", took, err)
					}
					if err := <-got; err == nil {
						t.Error("Get returned no error")
					}
					stopped := len(j.entries)
					for range 2 { // a run to come does not know of it
						if err := app.Start(t.Context()); err != nil {
							t.Fatal(err)
						}
						if g != nil {
							close(g)
							g = nil
						}
						synctest.Wait()
						if err := app.Stop(context.Background()); err != nil {
							t.Fatal(err)
						}
					}
					var held []string
					for _, entry := range j.entries[stopped:] {
						if strings.HasSuffix(entry, "held") {
							held = append(held, entry)
						}
					}
					if len(held) != 1 || held[0] != "PreDestroy held" || log.count("it has been discarded") != 1 {
						t.Errorf("after the stop: %q; logged: %s", held, log.text.String())
					}
				})
			})
		}
	}
}

func TestACleanupIsCalledForADiscardedBean(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, g := &journal{}, make(gate)
		app := newApp(container.WithStartTimeout(time.Second))
		app.Register(func() (*person, func()) { g.wait(); return &person{}, func() { j.add("cleanup") } }, container.Lazy())
		start(t, app)
		if _, err := container.Get[*person](app); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Get returned %v", err)
		}
		close(g)
		synctest.Wait()
		j.equals(t, "cleanup")
	})
}

func TestAConstructorThatFailsAfterItWasGivenUpIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, g := &lines{}, make(gate)
		app := newLoggedApp(log, container.WithStartTimeout(time.Second))
		app.Register(func() (*person, error) { g.wait(); return nil, errors.New("boom") }, container.Lazy())
		start(t, app)
		_, _ = container.Get[*person](app)
		close(g)
		synctest.Wait()
		if log.count("boom") != 1 {
			t.Errorf("logged: %s", log.text.String())
		}
	})
}

func TestLateBeansWhoseMakersEndTheirGoroutineAreErrors(t *testing.T) {
	exit := func(bean any, name string) (any, error) {
		if name == "held" {
			runtime.Goexit()
		}
		return bean, nil
	}
	for scope, option := range lateScopes {
		cases := map[string]struct {
			register func(app *container.ApplicationContext)
			code     container.ProblemCode
		}{
			"constructor": {func(app *container.ApplicationContext) {
				app.Register(func() *person { runtime.Goexit(); return nil }, container.Named("held"), option)
			}, container.CodeConstructor},
			"processor": {func(app *container.ApplicationContext) {
				app.RegisterPostProcessor(&processor{before: exit})
				app.Register(func() *person { return &person{} }, container.Named("held"), option)
			}, container.CodeProcessor},
		}
		for name, c := range cases {
			t.Run(scope+" "+name, func(t *testing.T) {
				app := newApp()
				c.register(app)
				start(t, app)
				_, err := container.Get[*person](app)
				var p *container.Problem
				if !errors.As(err, &p) || p.Code != c.code || !strings.Contains(err.Error(), "runtime.Goexit") {
					t.Errorf("Get returned %v", err)
				}
			})
		}
	}
	t.Run("eager, within another", func(t *testing.T) {
		app := newApp()
		app.Register(func(p container.Provider[*english]) *person { _, _ = p.Get(); return &person{} })
		app.Register(func(*french) *english { runtime.Goexit(); return nil })
		app.Register(newFrench, container.Lazy())
		if p := only(t, startFails(t, app), container.CodeConstructor); p.Bean != "english" {
			t.Errorf("problem %v", p)
		}
	})
}
