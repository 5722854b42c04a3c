// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"log/slog"
	"math"
	"reflect"
	"slices"
	"testing"

	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

type (
	greeter interface{ Greet() string }
	english struct{}
	french  struct{}
	person  struct{ name string }
)

func (*english) Greet() string { return "hello" }
func (*french) Greet() string  { return "bonjour" }

func newEnglish() *english { return &english{} }
func newFrench() *french   { return &french{} }

func TestWhatAParameterMayBe(t *testing.T) {
	type named struct {
		dig.In
		Ada   *person `name:"ada"`
		Grace *person `name:"grace"`
	}
	type optional struct {
		dig.In
		Clock   *struct{ X int } `optional:"true"`
		Greeter greeter
	}
	cases := map[string]struct {
		register func(app *container.ApplicationContext)
		take     func(got *[]string) any
		want     []string
	}{
		"a bean's type": {
			func(app *container.ApplicationContext) { app.Register(newEnglish) },
			func(got *[]string) any {
				return func(e *english) *probe { *got = append(*got, e.Greet()); return &probe{} }
			}, []string{"hello"},
		},
		"a bean registered after its dependent": {
			func(app *container.ApplicationContext) {
				app.Register(func(g greeter) *person { return &person{g.Greet()} })
				app.Register(newFrench)
			},
			func(got *[]string) any {
				return func(p *person) *probe { *got = append(*got, p.name); return &probe{} }
			}, []string{"bonjour"},
		},
		"an interface that one bean implements": {
			func(app *container.ApplicationContext) { app.Register(newFrench) },
			func(got *[]string) any {
				return func(g greeter) *probe { *got = append(*got, g.Greet()); return &probe{} }
			}, []string{"bonjour"},
		},
		"an interface with a primary bean": {
			func(app *container.ApplicationContext) {
				app.Register(newEnglish)
				app.Register(newFrench, container.Primary())
			},
			func(got *[]string) any {
				return func(g greeter) *probe { *got = append(*got, g.Greet()); return &probe{} }
			}, []string{"bonjour"},
		},
		"a slice of all, by order": {
			func(app *container.ApplicationContext) {
				app.Register(newEnglish, container.Order(2))
				app.Register(newFrench, container.Order(1))
			},
			func(got *[]string) any {
				return func(all []greeter) *probe {
					for _, g := range all {
						*got = append(*got, g.Greet())
					}
					return &probe{}
				}
			}, []string{"bonjour", "hello"},
		},
		"a slice of all, by extreme orders": {
			func(app *container.ApplicationContext) {
				app.Register(newEnglish, container.Order(math.MaxInt))
				app.RegisterInstance(&choir{}, container.Order(-1), container.Named("b"))
				app.Register(newFrench, container.Order(math.MinInt))
				app.RegisterInstance(&choir{}, container.Order(math.MinInt+1), container.Named("a"))
			},
			func(got *[]string) any {
				return func(all []greeter) *probe {
					for _, g := range all {
						*got = append(*got, g.Greet())
					}
					return &probe{}
				}
			}, []string{"bonjour", "", "", "hello"},
		},
		"a slice of an interface that nothing implements": {
			func(*container.ApplicationContext) {},
			func(got *[]string) any {
				return func(all []greeter) *probe { *got = append(*got, "none"); return &probe{} }
			}, []string{"none"},
		},
		"a map by name": {
			func(app *container.ApplicationContext) {
				app.Register(newEnglish)
				app.Register(newFrench, container.Named("fr"))
			},
			func(got *[]string) any {
				return func(all map[string]greeter) *probe {
					*got = append(*got, all["english"].Greet(), all["fr"].Greet())
					return &probe{}
				}
			}, []string{"hello", "bonjour"},
		},
		"beans of one type by name": {
			func(app *container.ApplicationContext) {
				app.RegisterInstance(&person{"Ada"}, container.Named("ada"))
				app.RegisterInstance(&person{"Grace"}, container.Named("grace"))
			},
			func(got *[]string) any {
				return func(in named) *probe { *got = append(*got, in.Ada.name, in.Grace.name); return &probe{} }
			}, []string{"Ada", "Grace"},
		},
		"a slice of beans of one type": {
			func(app *container.ApplicationContext) {
				app.RegisterInstance(&person{"Ada"}, container.Named("ada"))
				app.RegisterInstance(&person{"Grace"}, container.Named("grace"))
			},
			func(got *[]string) any {
				return func(all []*person) *probe { *got = append(*got, all[0].name, all[1].name); return &probe{} }
			}, []string{"Ada", "Grace"},
		},
		"an optional bean that does not exist": {
			func(app *container.ApplicationContext) { app.Register(newEnglish) },
			func(got *[]string) any {
				return func(in optional) *probe {
					if in.Clock == nil {
						*got = append(*got, "no clock, "+in.Greeter.Greet())
					}
					return &probe{}
				}
			}, []string{"no clock, hello"},
		},
		"what the context offers": {
			func(*container.ApplicationContext) {},
			func(got *[]string) any {
				return func(cfg *config.Config, log *slog.Logger, app *container.ApplicationContext, ev *lifecycle.Events) *probe {
					if cfg != nil && log == app.Logger() && ev == app.Events() && cfg == app.Config() {
						*got = append(*got, "all four")
					}
					return &probe{}
				}
			}, []string{"all four"},
		},
		"a value and a function": {
			func(app *container.ApplicationContext) {
				app.RegisterInstance(person{"by value"})
				app.Register(func() func() string { return func() string { return "called" } }, container.Named("fn"))
			},
			func(got *[]string) any {
				return func(p person, fn func() string) *probe { *got = append(*got, p.name, fn()); return &probe{} }
			}, []string{"by value", "called"},
		},
		"a variadic constructor": {
			func(*container.ApplicationContext) {},
			func(got *[]string) any {
				return func(names ...string) *probe { *got = append(*got, "none"); return &probe{} }
			}, []string{"none"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string
			app := newApp()
			app.Register(c.take(&got))
			c.register(app)
			start(t, app)
			if !slices.Equal(got, c.want) {
				t.Errorf("the constructor saw %q, want %q", got, c.want)
			}
		})
	}
}

type probe struct{}

func TestABeanIsBuiltOnceHoweverManyNeedIt(t *testing.T) {
	type left struct{ g greeter }
	type right struct{ e *english }
	built := 0
	app := newApp()
	app.Register(func() *english { built++; return &english{} })
	app.Register(func(g greeter) *left { return &left{g} })
	app.Register(func(e *english, all []greeter) *right { return &right{e} })
	start(t, app)
	l, r := container.Must(container.Get[*left](app)), container.Must(container.Get[*right](app))
	if built != 1 || l.g != greeter(r.e) {
		t.Errorf("built %d times", built)
	}
}

// choir is a greeter made of all the others.
type choir struct{ voices []greeter }

func (c *choir) Greet() string {
	var all string
	for _, v := range c.voices {
		all += v.Greet() + " "
	}
	return all
}

// polite is a greeter that decorates another.
type polite struct{ greeter }

func TestABeanIsNoCandidateForItself(t *testing.T) {
	t.Run("in a collection", func(t *testing.T) {
		app := newApp()
		app.Register(newEnglish)
		app.Register(newFrench)
		app.Register(func(voices []greeter) *choir { return &choir{voices} }, container.Primary())
		start(t, app)
		if got := container.Must(container.Get[greeter](app)).Greet(); got != "hello bonjour " {
			t.Errorf("got %q", got)
		}
	})
	t.Run("as a decorator", func(t *testing.T) {
		app := newApp()
		app.Register(newEnglish)
		app.Register(func(g greeter) *polite { return &polite{g} }, container.Primary())
		start(t, app)
		if _, decorated := container.Must(container.Get[greeter](app)).(*polite); !decorated {
			t.Error("the decorator is not the primary bean")
		}
	})
	t.Run("but when there is no other it is a circle", func(t *testing.T) {
		app := newApp()
		app.Register(func(g greeter) *polite { return &polite{g} })
		only(t, startFails(t, app), container.CodeCycle)
	})
}

func TestNamesOfBeans(t *testing.T) {
	app := newApp()
	app.Register(newEnglish)
	app.Register(newFrench, container.Named("fr"))
	app.Register(func() greeter { return &english{} })
	app.Register(func() *box[person] { return &box[person]{} })
	start(t, app)
	var names []string
	for _, b := range app.Beans() {
		names = append(names, b.Name)
	}
	if want := []string{"english", "fr", "greeter", "box[person]"}; !slices.Equal(names, want) {
		t.Errorf("names %q, want %q", names, want)
	}
}

type box[T any] struct{ Content T }

func TestBeansTellWhatIsKnown(t *testing.T) {
	app := newApp()
	app.Register(func(g greeter) *person { return &person{} },
		container.Stereotype("service"), container.Order(3), container.Primary())
	app.Register(newFrench)
	start(t, app)

	beans := app.Beans()
	if len(beans) != 2 {
		t.Fatalf("%d beans, want 2: %+v", len(beans), beans)
	}
	if beans[0].Name != "french" || beans[0].Took <= 0 {
		t.Errorf("first is %+v, want french, which the other needs", beans[0])
	}
	got := beans[1]
	if got.Location[:len("container/injection_test.go:")] != "container/injection_test.go:" {
		t.Errorf("registered at %s, want this file", got.Location)
	}
	got.Location, got.Took = "", 0
	want := container.BeanInfo{
		Name: "person", Type: "*container_test.person", Scope: container.ScopeSingleton,
		Stereotype: "service", Order: 3, Primary: true, Dependencies: []string{"french"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestOverrideReplacesABean(t *testing.T) {
	cases := map[string]func(app *container.ApplicationContext){
		"after its registration": func(app *container.ApplicationContext) {
			app.Register(func() *person { return &person{"real"} })
			app.Override(func() *person { return &person{"fake"} })
		},
		"before its registration": func(app *container.ApplicationContext) {
			app.Override(func() *person { return &person{"fake"} })
			app.Register(func() *person { return &person{"real"} })
		},
		"that has a name, without naming it": func(app *container.ApplicationContext) {
			app.Register(func() *person { return &person{"real"} }, container.Named("ada"))
			app.Override(func() *person { return &person{"fake"} })
		},
		"by name, among several": func(app *container.ApplicationContext) {
			app.RegisterInstance(&person{"other"}, container.Named("other"))
			app.Register(func() *person { return &person{"real"} }, container.Named("ada"), container.Primary())
			app.Override(func() *person { return &person{"fake"} }, container.Named("ada"), container.Primary())
		},
	}
	for name, register := range cases {
		t.Run(name, func(t *testing.T) {
			app := newApp()
			register(app)
			start(t, app)
			if p := container.Must(container.Get[*person](app)); p.name != "fake" {
				t.Errorf("got the %s bean", p.name)
			}
		})
	}
}

func TestAUsersBeanSupersedesWhatTheContextOffers(t *testing.T) {
	mine := slog.New(slog.DiscardHandler)
	app := newApp()
	app.RegisterInstance(mine)
	start(t, app)
	if got := container.Must(container.Get[*slog.Logger](app)); got != mine {
		t.Error("the context's logger was not superseded")
	}
}

func TestProperties(t *testing.T) {
	type shop struct {
		Currency string `koanf:"currency"`
		Limit    int    `koanf:"limit"`
	}
	app := newApp(container.WithConfig(config.New(map[string]any{"shop": map[string]any{"currency": "EUR", "limit": 3}})))
	container.Properties[shop](app, "shop")
	app.Register(func(byPointer *shop, byValue shop) *person { return &person{byPointer.Currency + byValue.Currency} })
	start(t, app)
	if got := container.Must(container.Get[*person](app)).name; got != "EUREUR" {
		t.Errorf("got %q", got)
	}
	beans := app.Beans()
	if len(beans) != 2 || beans[0].Name != "shop" || beans[0].Prefix != "shop" || beans[1].Prefix != "" {
		t.Errorf("listed are %+v", beans)
	}
}

func TestModulesAreInstalled(t *testing.T) {
	app := newApp()
	app.Install(container.Module{Name: "greetings", Configure: func(app *container.ApplicationContext) {
		app.Register(newEnglish)
	}})
	start(t, app)
	if _, err := container.Get[greeter](app); err != nil {
		t.Error(err)
	}
}

func TestWhatIsRegisteredAfterTheStartIsIgnored(t *testing.T) {
	app := newApp()
	start(t, app)
	app.Register(newEnglish)
	if len(app.Beans()) != 0 {
		t.Error("the bean was taken")
	}
	_ = app.Stop(context.Background())
}
