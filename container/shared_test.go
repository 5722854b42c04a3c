// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

type (
	cacher interface{ cache() }
	queuer interface{ queue() }
)

// server is a bean with all hooks, which is several things.
type server struct{ recorder }

func (*server) cache()        {}
func (*server) queue()        {}
func (*server) Greet() string { return "hello" }
func (s *server) SetApplicationContext(*container.ApplicationContext) {
	s.journal.add("aware " + s.name)
}
func (s *server) Run(context.Context) error { s.journal.add("Run " + s.name); return nil }

// wholeLife is what happens to one server.
var wholeLife = []string{
	"aware server", "BeforeInit p server", "PostConstruct server", "AfterInit p server",
	"Start server", "Run server", "Stop server", "p buries server", "PreDestroy server",
}

// serverProcessor notes the servers that it sees.
type serverProcessor struct{ journal *journal }

func (p *serverProcessor) BeforeInit(bean any, _ string) (any, error) {
	return p.note("BeforeInit p ", bean)
}
func (p *serverProcessor) AfterInit(bean any, _ string) (any, error) {
	return p.note("AfterInit p ", bean)
}
func (p *serverProcessor) BeforeDestroy(bean any, _ string) error {
	_, err := p.note("p buries ", bean)
	return err
}

func (p *serverProcessor) note(step string, bean any) (any, error) {
	if s, ok := bean.(*server); ok {
		p.journal.add(step + s.name)
	}
	return bean, nil
}

type holders struct {
	dig.Out
	Cache cacher
	Queue queuer
}

func TestOneObjectHasOneLifecycle(t *testing.T) {
	newServer := func(j *journal) func() *server {
		return func() *server { return &server{recorder{"server", j, nil}} }
	}
	asCache := func(s *server) cacher { return s }
	cases := map[string]func(app *container.ApplicationContext, j *journal){
		"under one name": func(app *container.ApplicationContext, j *journal) {
			app.Register(newServer(j))
		},
		"bound to an interface": func(app *container.ApplicationContext, j *journal) {
			app.Register(newServer(j))
			app.Register(asCache)
		},
		"bound before it is registered": func(app *container.ApplicationContext, j *journal) {
			app.Register(asCache)
			app.Register(newServer(j))
		},
		"bound to two interfaces": func(app *container.ApplicationContext, j *journal) {
			app.Register(asCache)
			app.Register(func(s *server) queuer { return s })
			app.Register(newServer(j))
		},
		"bound in a chain": func(app *container.ApplicationContext, j *journal) {
			app.Register(func(c cacher) queuer { return c.(queuer) })
			app.Register(asCache, container.Primary())
			app.Register(newServer(j))
		},
		"registered twice": func(app *container.ApplicationContext, j *journal) {
			s := newServer(j)()
			app.RegisterInstance(s, container.Named("server"))
			app.RegisterInstance(s, container.Named("another"))
			app.RegisterInstance(s, container.Named("third"), container.As[cacher]())
		},
		"made twice by one constructor": func(app *container.ApplicationContext, j *journal) {
			s := newServer(j)()
			app.Register(func() *server { return s }, container.Named("server"))
			app.Register(func() (cacher, error) { return s, nil })
		},
		"in two fields of dig.Out": func(app *container.ApplicationContext, j *journal) {
			app.Register(func() holders { s := newServer(j)(); return holders{Cache: s, Queue: s} })
		},
		"got from a Provider": func(app *container.ApplicationContext, j *journal) {
			app.Register(newServer(j))
			app.Register(func(p container.Provider[*server]) (cacher, error) { return p.Get() })
		},
		"bound by a lazy bean": func(app *container.ApplicationContext, j *journal) {
			app.Register(newServer(j))
			app.Register(asCache, container.Lazy())
			app.RegisterInstance(&hooked{start: func(context.Context) error {
				_, err := container.Get[cacher](app, "cacher")
				return err
			}}, container.Phase(100))
		},
		"bound by a prototype": func(app *container.ApplicationContext, j *journal) {
			app.Register(newServer(j))
			app.Register(asCache, container.Prototype())
			type user struct{}
			app.Register(func(in struct {
				dig.In
				A, B cacher `name:"cacher"`
			}) *user {
				return &user{}
			})
		},
		"a prototype that a singleton is": func(app *container.ApplicationContext, j *journal) {
			app.Register(newServer(j), container.Prototype())
			app.Register(asCache, container.Named("bound"))
		},
	}
	for name, register := range cases {
		t.Run(name, func(t *testing.T) {
			j := &journal{}
			app := newApp(withParallelism(1))
			app.RegisterPostProcessor(&serverProcessor{j})
			register(app, j)
			for range 2 { // instances, too, live anew
				j.entries = nil
				if err := app.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				if err := app.Stop(context.Background()); err != nil {
					t.Fatal(err)
				}
				j.equals(t, wholeLife...)
			}
		})
	}
}

// TestOneObjectIsStartedBeforeAndStoppedAfterThoseThatNeedIt lets beans need one
// object by each of its names.
func TestOneObjectIsStartedBeforeAndStoppedAfterThoseThatNeedIt(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		j := &journal{}
		app := newApp()
		registrations := []func(){}
		object := &server{recorder{"object", j, nil}}
		names := []string{"a", "b", "c"}
		for i, name := range names {
			opts := []container.BeanOption{container.Named(name)}
			if r.IntN(2) == 0 {
				opts = append(opts, container.Phase(r.IntN(5)-2))
			}
			if i == 0 || r.IntN(2) == 0 {
				registrations = append(registrations, func() { app.RegisterInstance(object, opts...) })
			} else {
				needed := names[r.IntN(i)]
				registrations = append(registrations, func() {
					app.Register(func() queuer { return object }, append(opts, container.DependsOn(needed))...)
				})
			}
			registrations = append(registrations, func() {
				app.RegisterInstance(&recorder{"user of " + name, j, nil}, container.Named("user of "+name),
					container.DependsOn(name), container.Phase(r.IntN(5)-2))
			})
		}
		for _, i := range r.Perm(len(registrations)) {
			registrations[i]()
		}
		lifeOf(t, app, j)
		for _, name := range names {
			checkBefore(t, seed, j, "Start object", "Start user of "+name)
			checkBefore(t, seed, j, "Stop user of "+name, "Stop object")
			checkBefore(t, seed, j, "PreDestroy user of "+name, "PreDestroy object")
		}
	}
}

// checkBefore checks that both happened once, in this order.
func checkBefore(t *testing.T, seed uint64, j *journal, first, second string) {
	t.Helper()
	for _, entry := range []string{first, second} {
		if n := strings.Count(strings.Join(j.entries, "\n")+"\n", entry+"\n"); n != 1 {
			t.Errorf("seed %d: %s happened %d times: %q", seed, entry, n, j.entries)
		}
	}
	if slices.Index(j.entries, first) > slices.Index(j.entries, second) {
		t.Errorf("seed %d: %s happened after %s: %q", seed, first, second, j.entries)
	}
}

func TestWhatIsRegisteredWithEachNameOfAnObjectIsDone(t *testing.T) {
	j := &journal{}
	app := newApp(withParallelism(1))
	options := func(name string) []container.BeanOption {
		return []container.BeanOption{
			container.Named(name),
			container.Customize(func(cacher) error { j.add("Customize " + name); return nil }),
			container.OnStart(func(context.Context, cacher) error { j.add("OnStart " + name); return nil }),
			container.OnStop(func(context.Context, cacher) error { j.add("OnStop " + name); return nil }),
		}
	}
	app.Register(func() (*recordingCache, func()) {
		return &recordingCache{recorder{"object", j, nil}}, func() { j.add("cleanup a") }
	}, options("a")...)
	app.Register(func(c *recordingCache) (cacher, func()) { return c, func() { j.add("cleanup b") } }, options("b")...)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	j.equals(t, "Customize a", "PostConstruct object", "Customize b", "Start object", "OnStart a", "OnStart b",
		"OnStop b", "OnStop a", "Stop object", "cleanup b", "PreDestroy object", "cleanup a")
}

type recordingCache struct{ recorder }

func (*recordingCache) cache() {}

// TestObjectsOfAllKindsAreRecognised binds objects that are not pointers to
// structs.
func TestObjectsOfAllKindsAreRecognised(t *testing.T) {
	var starts atomic.Int32
	started := func(context.Context) error { starts.Add(1); return nil }
	cases := map[string]func(app *container.ApplicationContext){
		"a map": func(app *container.ApplicationContext) {
			app.RegisterInstance(startingMap{"": started})
			app.Register(func(m startingMap) cacher { return m })
		},
		"a channel": func(app *container.ApplicationContext) {
			c := make(startingChan, 1)
			c <- started
			app.RegisterInstance(c)
			app.Register(func(c startingChan) cacher { return c })
		},
		"a value": func(app *container.ApplicationContext) {
			app.RegisterInstance(startingValue{&started})
			app.Register(func(v startingValue) cacher { return v })
		},
		"a pointer to what has no size": func(app *container.ApplicationContext) {
			countStarts = started
			app.Register(func() *startingNothing { return &startingNothing{} })
			app.Register(func(n *startingNothing) cacher { return n })
		},
	}
	for name, register := range cases {
		t.Run(name, func(t *testing.T) {
			starts.Store(0)
			app := newApp()
			register(app)
			start(t, app)
			if n := starts.Load(); n != 1 {
				t.Errorf("started %d times", n)
			}
		})
	}
	t.Run("two that have no size are two", func(t *testing.T) {
		starts.Store(0)
		countStarts = started
		app := newApp()
		app.Register(func() *startingNothing { return &startingNothing{} }, container.Named("a"))
		app.Register(func() *startingNothing { return &startingNothing{} }, container.Named("b"))
		start(t, app)
		if n := starts.Load(); n != 2 {
			t.Errorf("started %d times", n)
		}
	})
	t.Run("two equal values are two", func(t *testing.T) {
		starts.Store(0)
		app := newApp()
		app.RegisterInstance(startingValue{&started}, container.Named("a"))
		app.RegisterInstance(startingValue{&started}, container.Named("b"))
		start(t, app)
		if n := starts.Load(); n != 2 {
			t.Errorf("started %d times", n)
		}
	})
}

type (
	startFunc       = func(context.Context) error
	startingMap     map[string]startFunc
	startingChan    chan startFunc
	startingValue   struct{ start *startFunc }
	startingNothing struct{}
)

// countStarts is what beans without a size call.
var countStarts startFunc

func (startingMap) cache()                               {}
func (startingChan) cache()                              {}
func (startingValue) cache()                             {}
func (*startingNothing) cache()                          {}
func (m startingMap) Start(ctx context.Context) error    { return m[""](ctx) }
func (c startingChan) Start(ctx context.Context) error   { return (<-c)(ctx) }
func (v startingValue) Start(ctx context.Context) error  { return (*v.start)(ctx) }
func (*startingNothing) Start(ctx context.Context) error { return countStarts(ctx) }

func TestAnObjectThatWasReplacedIsItsReplacementUnderEachName(t *testing.T) {
	j := &journal{}
	replaced := 0
	app := newApp()
	app.RegisterPostProcessor(&processor{after: func(bean any, _ string) (any, error) {
		if s, ok := bean.(*server); ok {
			replaced++
			return &cacheProxy{s}, nil
		}
		return bean, nil
	}})
	object := &server{recorder{"object", j, nil}}
	app.RegisterInstance(object, container.Named("a"), container.As[cacher]())
	app.Register(func() cacher { return object }, container.Named("b"))
	app.RegisterInstance(object, container.Named("c")) // cannot be the replacement
	app.Register(func(in struct {
		dig.In
		A cacher `name:"a"`
	}) queuer {
		return in.A.(queuer)
	}, container.Named("d"))
	start(t, app)
	a, b := container.Must(container.Get[cacher](app, "a")), container.Must(container.Get[cacher](app, "b"))
	d := container.Must(container.Get[queuer](app, "d"))
	if _, isProxy := a.(*cacheProxy); !isProxy || a != b || a != d.(cacher) || replaced != 1 {
		t.Errorf("a is %T, b %T, d %T; replaced %d times", a, b, d, replaced)
	}
	if c := container.Must(container.Get[*server](app, "c")); c != object {
		t.Errorf("c is %v", c)
	}
	_ = app.Stop(context.Background())
	checkBefore(t, 0, j, "Start object", "Stop object")
}

// cacheProxy has none of the hooks.
type cacheProxy struct {
	inner interface {
		cacher
		queuer
	}
}

func (p *cacheProxy) cache() { p.inner.cache() }
func (p *cacheProxy) queue() { p.inner.queue() }

// TestBeansThatAreReplacedByOneObject lets a processor put one bean in the place of
// another.
func TestBeansThatAreReplacedByOneObject(t *testing.T) {
	j := &journal{}
	app := newApp(withParallelism(1))
	var first any
	app.RegisterPostProcessor(&processor{after: func(bean any, _ string) (any, error) {
		if _, ok := bean.(cacher); !ok {
			return bean, nil
		}
		if first == nil {
			first = bean
		}
		return first, nil
	}})
	app.Register(func() cacher { return &recordingCache{recorder{"one", j, nil}} }, container.Named("one"))
	app.Register(func() cacher { return &recordingCache{recorder{"two", j, nil}} }, container.Named("two"))
	lifeOf(t, app, j)
	j.equals(t, "PostConstruct one", "PostConstruct two", "Start one", "Stop one", "PreDestroy one")
}

func TestOptionsTakeTheOriginalOfWhatWasReplaced(t *testing.T) {
	for name, c := range map[string]struct {
		replace func(*recordingCache) any
		want    string
	}{
		"by a proxy":             {func(*recordingCache) any { return &cacheProxy{} }, "original"},
		"by another of its type": {func(r *recordingCache) any { return &recordingCache{recorder{"other", r.journal, nil}} }, "other"},
		"by nothing":             {func(r *recordingCache) any { return r }, "original"},
	} {
		t.Run(name, func(t *testing.T) {
			j := &journal{}
			app := newApp()
			app.RegisterPostProcessor(&processor{after: func(bean any, _ string) (any, error) {
				if r, ok := bean.(*recordingCache); ok {
					return c.replace(r), nil
				}
				return bean, nil
			}})
			app.Register(func() cacher { return &recordingCache{recorder{"original", &journal{}, nil}} },
				container.OnStart(func(_ context.Context, r *recordingCache) error { j.add("OnStart " + r.name); return nil }),
				container.OnStop(func(_ context.Context, r *recordingCache) error { j.add("OnStop " + r.name); return nil }),
				container.OnStop(func(_ context.Context, c cacher) error { j.add("OnStop " + c.(*recordingCache).name); return nil }))
			lifeOf(t, app, j)
			j.equals(t, "OnStart "+c.want, "OnStop "+c.want, "OnStop "+c.want)
		})
	}
}

func TestTheEndOfOneNameDoesNotEndTheObject(t *testing.T) {
	j := &journal{}
	app := newApp()
	boom := errors.New("boom")
	app.Register(func() *recordingCache { return &recordingCache{recorder{"object", j, nil}} })
	app.Register(func(c *recordingCache) (cacher, func()) { return c, func() { j.add("cleanup") } }, container.Lazy(),
		container.OnStart(func(context.Context, cacher) error { return boom }),
		container.OnStop(func(context.Context, cacher) error { j.add("OnStop"); return nil }))
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := container.Get[cacher](app, "cacher"); !errors.Is(err, boom) {
			t.Errorf("got %v", err)
		}
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	j.equals(t, "PostConstruct object", "Start object", "cleanup", "cleanup", "Stop object", "PreDestroy object")
}

func TestLazyBeansOfOneObjectThatAreMadeSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		object := &recordingCache{recorder{"object", j, nil}}
		app := newApp()
		app.RegisterPostProcessor(&processor{before: slowlyFor(object)})
		for i := range 5 {
			app.Register(func() *recordingCache { return object }, container.Lazy(), container.Named(fmt.Sprint("name", i)))
		}
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		var getting sync.WaitGroup
		for i := range 5 {
			getting.Go(func() {
				if got, err := container.Get[*recordingCache](app, fmt.Sprint("name", i)); err != nil || got != object {
					t.Errorf("got %v, %v", got, err)
				}
				j.add("got")
			})
		}
		getting.Wait()
		if err := app.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		j.equals(t, "PostConstruct object", "Start object", "got", "got", "got", "got", "got", "Stop object", "PreDestroy object")
	})
}

func slowlyFor(object any) func(any, string) (any, error) {
	return func(bean any, _ string) (any, error) {
		if bean == object {
			time.Sleep(time.Second)
		}
		return bean, nil
	}
}

func TestWhatTheContextOffersCanBeABean(t *testing.T) {
	for name, constructor := range map[string]func(app *container.ApplicationContext) any{
		"taken": func(*container.ApplicationContext) any {
			return func(app *container.ApplicationContext) lifecycle.Starter { return app }
		},
		"known otherwise": func(app *container.ApplicationContext) any {
			return func() lifecycle.Starter { return app }
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp()
			app.Register(constructor(app))
			start(t, app)
			if s, err := container.Get[lifecycle.Starter](app); err != nil || s != app {
				t.Errorf("got %v, %v", s, err)
			}
		})
	}
}

func TestAStartThatFailsDestroysOneObjectOnce(t *testing.T) {
	for hook, want := range map[string][]string{
		"PostConstruct": {"PostConstruct object", "PreDestroy object"},
		"Start":         {"PostConstruct object", "Start object", "PreDestroy object"},
	} {
		t.Run(hook, func(t *testing.T) {
			j := &journal{}
			app := newApp()
			object := &recordingCache{recorder{"object", j, map[string]error{hook: errors.New("boom")}}}
			app.RegisterInstance(object, container.Named("a"))
			app.RegisterInstance(object, container.Named("b"), container.As[cacher]())
			app.Register(func() cacher { return object }, container.Named("c"))
			app.Register(func(all []cacher) *person { return &person{} })
			only(t, startFails(t, app), container.CodeHook)
			j.equals(t, want...)
		})
	}
}

// TestAnObjectThatFailsIsDestroyedOnce lets an object that is two beans fail, as
// which of the two it is made first.
func TestAnObjectThatFailsIsDestroyedOnce(t *testing.T) {
	for hook, want := range map[string][]string{
		"PostConstruct": {"PostConstruct object", "PreDestroy object", "cleanup"},
		"Start":         {"PostConstruct object", "Start object", "PreDestroy object", "cleanup"},
	} {
		for name, opts := range map[string][]container.BeanOption{"lazy": {container.Lazy()}, "eager": nil} {
			t.Run(name+" "+hook, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					j := &journal{}
					object := &recordingCache{recorder{"object", j, map[string]error{hook: errors.New("boom")}}}
					app := newApp(withParallelism(1))
					app.RegisterPostProcessor(&processor{before: slowlyFor(object)})
					app.Register(func() *recordingCache { return object }, append(opts, container.Named("one"))...)
					app.Register(func() (cacher, func()) {
						if opts != nil {
							time.Sleep(time.Millisecond) // the other comes first
						}
						return object, func() { j.add("cleanup") }
					}, append(opts, container.Named("other"))...)
					err := app.Start(t.Context())
					var getting sync.WaitGroup
					for _, name := range []string{"one", "other"} {
						if err != nil {
							break
						}
						getting.Go(func() {
							if _, err := container.Get[any](app, name); err == nil {
								t.Errorf("%s was handed out", name)
							}
						})
					}
					getting.Wait()
					if err := app.Stop(context.Background()); err != nil {
						t.Error(err)
					}
					slices.Sort(j.entries)
					wanted := slices.Sorted(slices.Values(want))
					j.equals(t, wanted...)
				})
			})
		}
	}
}
