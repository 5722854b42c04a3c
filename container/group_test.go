// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

type route struct{ path string }

type router struct{ paths []string }

type routes struct {
	dig.In
	Routes []*route `group:"routes"`
}

func newRouter(in routes) *router {
	r := &router{}
	for _, route := range in.Routes {
		r.paths = append(r.paths, route.path)
	}
	return r
}

func newRoute(path string) func() *route { return func() *route { return &route{path} } }

func TestGroups(t *testing.T) {
	type out struct {
		dig.Out
		One  *route   `group:"routes"`
		Many []*route `group:"routes,flatten"`
	}
	type another struct {
		dig.Out
		One *route `group:"routes"`
	}
	cases := map[string]struct {
		register func(app *container.ApplicationContext)
		want     string
	}{
		"nobody": {func(*container.ApplicationContext) {}, ""},
		"by option, in order": {func(app *container.ApplicationContext) {
			app.Register(newRoute("/b"), container.Group("routes"))
			app.Register(newRoute("/other"), container.Group("others"))
			app.Register(newRoute("/a"), container.Group("routes"), container.Order(-1))
		}, "/a /b"},
		"by fields": {func(app *container.ApplicationContext) {
			app.Register(func() out { return out{One: &route{"/1"}, Many: []*route{{"/2"}, {"/3"}}} })
			app.Register(func() another { return another{One: &route{"/4"}} })
		}, "/1 /2 /3 /4"},
		"not those outside of it": {func(app *container.ApplicationContext) {
			app.Register(newRoute("/in"), container.Group("routes"))
			app.Register(newRoute("/out"))
		}, "/in"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			app := newApp()
			c.register(app)
			app.Register(newRouter)
			start(t, app)
			if got := strings.Join(container.Must(container.Get[*router](app)).paths, " "); got != c.want {
				t.Errorf("routes %q, want %q", got, c.want)
			}
		})
	}
}

func TestAMemberOfAGroupIsNotFoundByItsType(t *testing.T) {
	app := newApp()
	app.Register(newRoute("/a"), container.Group("routes"))
	app.Register(func(*route) *person { return &person{} })
	p := only(t, startFails(t, app), container.CodeMissing)
	if near := detailOf(p, "near"); !strings.Contains(near, "is found through its group only: tag the field `group:\"routes\"`") {
		t.Errorf("near: %q", near)
	}
}

func TestAGroupIsASlice(t *testing.T) {
	type wrong struct {
		dig.In
		Routes map[string]*route `group:"routes"`
	}
	app := newApp()
	app.Register(func(wrong) *person { return &person{} })
	if p := only(t, startFails(t, app), container.CodeRegistration); !strings.Contains(p.What, `takes the group "routes" as a map`) {
		t.Errorf("problem %v", p)
	}
}

func TestTheFieldsOfADigOutStructAreBeans(t *testing.T) {
	type connections struct {
		dig.Out
		Main    *car `name:"main"`
		Spare   *car `name:"spare"`
		Greeter greeter
	}
	type in struct {
		dig.In
		Spare *car `name:"spare"`
	}
	j := &journal{}
	app := newApp()
	app.RegisterPostProcessor(&processor{before: func(bean any, name string) (any, error) { j.add(name); return bean, nil }})
	app.Register(func() (connections, error) {
		j.add("constructor")
		return connections{Main: &car{}, Spare: &car{}, Greeter: &english{}}, nil
	}, container.Stereotype("connection"))
	app.Register(func(in in, g greeter) *person { return &person{name: g.Greet()} })
	start(t, app)
	j.equals(t, "constructor", "main", "spare", "greeter", "person")
	if _, err := container.Get[*car](app); !errors.Is(err, kernel.ErrAmbiguousBean) {
		t.Errorf("there are two cars: %v", err)
	}
	if _, err := container.Get[*car](app, "main"); err != nil {
		t.Error(err)
	}
	for _, b := range app.Beans() {
		if b.Name == "main" && (b.Stereotype != "connection" || !strings.HasPrefix(b.Location, "container/group_test.go:")) {
			t.Errorf("bean %+v", b)
		}
	}
}

func TestADigOutConstructorThatFailsIsReportedOnce(t *testing.T) {
	type out struct {
		dig.Out
		Car *car
		Dog *probe
	}
	boom := errors.New("boom")
	app := newApp()
	app.Register(func() (out, error) { return out{}, boom })
	app.Register(func(*car) *person { return &person{} })
	report := startFails(t, app)
	if only(t, report, container.CodeConstructor); !errors.Is(report, boom) {
		t.Errorf("report %v", report)
	}
}

func TestWrongDigOutStructsAreReported(t *testing.T) {
	type hidden struct {
		dig.Out
		car *car
	}
	app := newApp()
	app.Register(func() hidden { return hidden{car: &car{}} })
	if p := only(t, startFails(t, app), container.CodeRegistration); !strings.Contains(p.What, "hidden.car is unexported") {
		t.Errorf("problem %v", p)
	}
	type one struct {
		dig.Out
		Car *car
	}
	app = newApp()
	app.Register(func() one { return one{Car: &car{}} }, container.Prototype())
	only(t, startFails(t, app), container.CodeRegistration)
	app = newApp()
	app.Register(newCarWithHook)
	app.Override(func() one { return one{Car: &car{}} })
	only(t, startFails(t, app), container.CodeRegistration)
}

func TestFunctionsToCleanUpAreCalledLast(t *testing.T) {
	j := &journal{}
	boom := errors.New("boom")
	app := newApp()
	app.Register(func(*first) (*third, func(), error) {
		return &third{recorder{"third", j, nil}}, func() { j.add("clean third"); panic("dirty") }, nil
	})
	app.Register(func() (*first, func() error) {
		return &first{recorder{"first", j, nil}}, func() error { j.add("clean first"); return boom }
	})
	app.Register(func() (*person, func(), error) { return &person{}, nil, nil })
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	j.entries = nil
	err := app.Stop(context.Background())
	if !errors.Is(err, boom) || !strings.Contains(err.Error(), "cleanup of first failed") || !strings.Contains(err.Error(), "cleanup of third panicked: dirty") {
		t.Errorf("Stop returned %v", err)
	}
	j.equals(t, "Stop third", "Stop first", "PreDestroy third", "clean third", "PreDestroy first", "clean first")
}

func TestAFailingStartCleansUp(t *testing.T) {
	j := &journal{}
	app := newApp()
	app.Register(func() (*car, func()) { return &car{}, func() { j.add("clean") } })
	app.Register(func(*car) (*person, error) { return nil, errors.New("boom") })
	startFails(t, app)
	j.equals(t, "clean")
}

func TestInstancesOfAGenericTypeAreDifferentBeans(t *testing.T) {
	app := newApp()
	app.Register(newRepository[person])
	app.Register(newRepository[car])
	app.Register(func(p *repository[person], c *repository[car]) *probe { return &probe{} })
	start(t, app)
	if got := names(app); got != "probe repository[car] repository[person]" {
		t.Errorf("beans %q", got)
	}
}

func TestAVariadicParameterIsLeftOut(t *testing.T) {
	app := newApp()
	app.Register(newEnglish)
	app.Register(func(g greeter, options ...string) *person {
		return &person{name: strings.Join(options, "") + g.Greet()}
	})
	start(t, app)
	if p := container.Must(container.Get[*person](app)); p.name != "hello" {
		t.Errorf("got %q", p.name)
	}
}

func TestAProviderOfAGroup(t *testing.T) {
	type later struct {
		dig.In
		Routes container.Provider[[]*route] `group:"routes"`
	}
	type lateRouter struct{ routes container.Provider[[]*route] }
	app := newApp()
	app.Register(newRoute("/a"), container.Group("routes"))
	app.Register(func(in later) *lateRouter { return &lateRouter{in.Routes} })
	start(t, app)
	routes, err := container.Must(container.Get[*lateRouter](app)).routes.Get()
	if err != nil || len(routes) != 1 || routes[0].path != "/a" {
		t.Errorf("got %v, %v", routes, err)
	}
}
