// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

var update = flag.Bool("update", false, "write the golden files anew")

type (
	engine  struct{}
	gearbox struct{}
	car     struct{}
	starter interface {
		Crank(volts int) error
		Release()
	}
	weakStarter struct{}
	badHook     struct{}
	house       struct{}
)

func (*weakStarter) Crank(volts string) error { return nil }
func (*weakStarter) Release()                 {}
func (*badHook) PostConstruct()               {}

func newEngine(*gearbox) *engine             { return &engine{} }
func newGearbox(*car) *gearbox               { return &gearbox{} }
func newCar(*engine) *car                    { return &car{} }
func newPanicking() *car                     { panic("no fuel") }
func newFailing() (*car, error)              { return nil, errors.New("the tank is empty") }
func newNil() *car                           { return nil }
func newDriver(s starter) *person            { return &person{} }
func newPassenger(e *english, c *car) *probe { return &probe{} }
func newChoir(g greeter) *person             { return &person{} }
func validate(_ *config.Config) error        { return errors.Join(errDeclaration, errOther) }
func newWithPointer(p person) *probe         { return &probe{} }
func twoResults() (*car, *engine)            { return nil, nil }

var (
	errDeclaration = errors.New("CarClient.Drive: the path has a variable {speed} that no argument gives")
	errOther       = errors.New("CarClient.Stop: unknown tag \"brake\"")
)

// TestReports compares the whole text of every kind of report with a golden
// file in testdata.
func TestReports(t *testing.T) {
	cases := map[string]struct {
		register func(app *container.ApplicationContext)
		codes    string
		is       error
	}{
		"missing": {func(app *container.ApplicationContext) {
			app.Register(newPassenger)
			app.Register(newEnglish)
		}, "DI001", kernel.ErrNoSuchBean},
		"missing interface, near miss": {func(app *container.ApplicationContext) {
			app.Register(newDriver)
			app.Register(func() *weakStarter { return nil })
		}, "DI001", kernel.ErrNoSuchBean},
		"missing value, near miss": {func(app *container.ApplicationContext) {
			app.Register(newWithPointer)
			app.Register(func() *person { return nil })
		}, "DI001", kernel.ErrNoSuchBean},
		"ambiguous": {func(app *container.ApplicationContext) {
			app.Register(newEnglish)
			app.Register(newFrench)
			app.Register(newChoir)
		}, "DI002", kernel.ErrAmbiguousBean},
		"cycle": {func(app *container.ApplicationContext) {
			app.Register(newEngine)
			app.Register(newGearbox)
			app.Register(newCar)
		}, "DI003", kernel.ErrCircularDependency},
		"duplicate": {func(app *container.ApplicationContext) {
			app.Register(newEnglish)
			app.Register(newFrench, container.Named("english"))
		}, "DI004", kernel.ErrBeanCreation},
		"missing of many, with the chain": {func(app *container.ApplicationContext) {
			app.Register(func(*probe) *house { return nil })
			app.Register(newPassenger)
			app.Register(newEnglish)
		}, "DI001", kernel.ErrNoSuchBean},
		"missing, kept out by a condition": {func(app *container.ApplicationContext) {
			app.Register(newChoir)
			app.Register(newEnglish, container.Profile("prod & !eu"))
			app.Register(newFrench, container.OnProperty("greeting.language", "fr"))
			app.Register(newPassenger, container.DependsOn("french"))
			app.Register(newCarWithHook)
			app.Register(newEnglish, container.Named("another"), container.OnMissingBean[*car]())
		}, "DI001 DI001 DI001", kernel.ErrNoSuchBean},
		"missing in a module": {func(app *container.ApplicationContext) {
			app.Install(container.Module{Name: "garage", Configure: func(app *container.ApplicationContext) {
				app.Install(container.Module{Name: "pit", Configure: func(app *container.ApplicationContext) {
					app.Register(newDriver)
				}})
			}})
		}, "DI001", kernel.ErrNoSuchBean},
		"failing constructor with the chain": {func(app *container.ApplicationContext) {
			app.Register(func(*gearbox) *house { return nil })
			app.Register(newGearbox)
			app.Register(newFailing)
		}, "DI005", kernel.ErrBeanCreation},
		"circle through a provider": {func(app *container.ApplicationContext) {
			app.Register(func(engines container.Provider[*engine]) (*gearbox, error) {
				_, err := engines.Get()
				return &gearbox{}, err
			})
			app.Register(func(*gearbox) *engine { return &engine{} })
		}, "DI003", kernel.ErrCircularDependency},
		"failing constructor": {func(app *container.ApplicationContext) { app.Register(newFailing) },
			"DI005", kernel.ErrBeanCreation},
		"constructor returning nil": {func(app *container.ApplicationContext) { app.Register(newNil) },
			"DI005", kernel.ErrBeanCreation},
		"panicking constructor": {func(app *container.ApplicationContext) { app.Register(newPanicking) },
			"DI006", kernel.ErrBeanCreation},
		"failing hook": {func(app *container.ApplicationContext) {
			app.RegisterInstance(&hooked{start: func(context.Context) error { return errors.New("port 80 is taken") }})
		}, "DI007", kernel.ErrBeanCreation},
		"refusing processor": {func(app *container.ApplicationContext) {
			app.RegisterPostProcessor(&processor{before: onlyEnglish(func(any, string) (any, error) {
				return nil, errors.New("no English here")
			})})
			app.Register(newEnglish)
		}, "DI008", kernel.ErrBeanCreation},
		"wrong replacement": {func(app *container.ApplicationContext) {
			app.RegisterPostProcessor(&processor{after: shout})
			app.Register(newEnglish)
		}, "DI009", kernel.ErrBeanCreation},
		"wrong registrations": {func(app *container.ApplicationContext) {
			app.Register(nil)
			app.Register((func() *car)(nil))
			app.Register("a text")
			app.Register(twoResults)
			app.Register(func() {})
			app.Register(func() error { return nil })
			app.RegisterInstance(nil)
			app.RegisterInstance((*car)(nil))
			app.Register(newEnglish, container.As[starter](), container.As[person]())
			app.Register(func() *badHook { return nil })
			app.Override(newFrench)
			app.Register(newCarWithHook, container.OnStart(func(context.Context, *engine) error { return nil }))
		}, "DI010 DI010 DI010 DI010 DI010 DI010 DI010 DI010 DI010 DI010 DI010 DI010 DI010", kernel.ErrBeanCreation},
		"wrong setting": {func(app *container.ApplicationContext) {
			app.AddValidator(func(cfg *config.Config) error {
				return cfg.Bind("car", &struct {
					Doors int `koanf:"doors"`
				}{})
			})
		}, "DI011", kernel.ErrConfig},
		"all at once": {func(app *container.ApplicationContext) {
			app.AddValidator(validate)
			app.Register(nil)
			app.Register(newChoir)
			app.Register(newPassenger)
		}, "DI012 DI012 DI010 DI001 DI001 DI001", errOther},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			app := newApp(container.WithConfig(config.New(map[string]any{"car.doors": "many"})))
			c.register(app)
			report := startFails(t, app)
			var codes []string
			for _, p := range report.Problems {
				codes = append(codes, string(p.Code))
			}
			if got := strings.Join(codes, " "); got != c.codes {
				t.Errorf("codes %s, want %s", got, c.codes)
			}
			if !errors.Is(report, c.is) {
				t.Errorf("the report is not %v", c.is)
			}
			golden(t, report.Error())
		})
	}
}

func TestReportsOfWhatHangs(t *testing.T) {
	cases := map[string]func(app *container.ApplicationContext, release chan struct{}){
		"hanging hook": func(app *container.ApplicationContext, release chan struct{}) {
			app.RegisterInstance(&stuck{release: release})
		},
		"hanging constructor": func(app *container.ApplicationContext, release chan struct{}) {
			app.Register(func() *person { return standStill(release) })
		},
	}
	for name, register := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				app := newApp()
				register(app, release)
				report := startFails(t, app)
				if !errors.Is(report, context.DeadlineExceeded) {
					t.Errorf("the report is no %v", context.DeadlineExceeded)
				}
				golden(t, report.Error())
			})
		})
	}
}

func newCarWithHook() *car { return &car{} }

// golden compares text with the file named for the test. Line numbers, times
// and the folder of the sources are made equal first.
func golden(t *testing.T, text string) {
	t.Helper()
	text = regexp.MustCompile(`\.go:\d+`).ReplaceAllString(text, ".go:N")
	text = regexp.MustCompile(`\(/\S*/(\w+/\w+\.go)`).ReplaceAllString(text, "($1")
	text = regexp.MustCompile(`(?m)^ +\S+ \((container|testing)/.*\n`).ReplaceAllString(text, "") // further frames
	text = regexp.MustCompile(`after \d\S*s:`).ReplaceAllString(text, "after Ns:")
	_, name, _ := strings.Cut(t.Name(), "/")
	goldenFile(t, filepath.Join("reports", strings.NewReplacer("_", "-", ",", "").Replace(name)+".txt"), text)
}

// goldenFile compares text with a file below testdata.
func goldenFile(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update", err)
	}
	if text != string(want) {
		t.Errorf("got\n%s\nwant (%s)\n%s", text, path, want)
	}
}

func TestNothingIsBuiltWhenTheGraphIsWrong(t *testing.T) {
	built := false
	app := newApp()
	app.Register(func() *english { built = true; return &english{} })
	app.Register(newWithPointer)
	startFails(t, app)
	if built {
		t.Error("a constructor ran although the graph is wrong")
	}
}

func TestEveryFailingConstructorIsReportedAndRunsOnce(t *testing.T) {
	runs := 0
	app := newApp()
	app.Register(func() (*english, error) { runs++; return nil, errors.New("first") })
	app.Register(func() (*french, error) { return nil, errors.New("second") })
	app.Register(func(*english) *person { t.Error("built from nothing"); return &person{} })
	app.Register(func(*english) *probe { t.Error("built from nothing"); return &probe{} })
	report := startFails(t, app)
	if len(report.Problems) != 2 || runs != 1 {
		t.Errorf("%d problems, want 2; ran %d times, want once:\n%v", len(report.Problems), runs, report)
	}
}

func TestAReportAsJSON(t *testing.T) {
	app := newApp()
	app.Register(newFailing)
	data, err := json.Marshal(startFails(t, app))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Problems []struct{ Code, What, Bean, Cause string }
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	p := got.Problems[0]
	if p.Code != "DI005" || p.Bean != "car" || p.Cause != "the tank is empty" || p.What == "" {
		t.Errorf("got %+v from %s", p, data)
	}
}

func TestAPanicShowsTheUsersFramesOnly(t *testing.T) {
	app := newApp()
	app.Register(newPanicking)
	problem := only(t, startFails(t, app), container.CodePanic)
	var panicked *kernel.PanicError
	if !errors.As(problem, &panicked) || len(panicked.Frames) == 0 || !strings.Contains(panicked.Frames[0], "newPanicking") {
		t.Fatalf("frames: %+v", panicked)
	}
	for _, frame := range panicked.Frames {
		if strings.Contains(frame, "reflect.") || strings.Contains(frame, "dig.") {
			t.Errorf("a frame that is not the user's: %s", frame)
		}
	}
}

func TestAConfigurationThatCannotBeReadIsReported(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("pyfly.yaml", []byte("pyfly:\n  client: [unclosed\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	app := container.NewApplicationContext()
	report := startFails(t, app)
	if report.Problems[0].Code != container.CodeConfig || !errors.Is(report, kernel.ErrConfig) || !strings.Contains(report.Error(), "pyfly.yaml") {
		t.Error(report)
	}
}

type (
	phrases     map[string]string
	greetFunc   func() string
	nilGreeters struct {
		dig.Out
		Greeter greeter
	}
)

func (g phrases) Greet() string   { return g["hello"] }
func (f greetFunc) Greet() string { return f() }

// TestANilInsideAnInterfaceIsANil lets constructors return nils that are not the
// nil interface. A processor that uses the bean must not get it.
func TestANilInsideAnInterfaceIsANil(t *testing.T) {
	constructors := map[string]any{
		"a pointer":            func() greeter { return (*english)(nil) },
		"a map":                func() greeter { return phrases(nil) },
		"a function":           func() greeter { return greetFunc(nil) },
		"with an error result": func() (greeter, error) { return (*english)(nil), nil },
		"with a cleanup":       func() (greeter, func()) { return (*english)(nil), func() {} },
		"any":                  func() any { return (*english)(nil) },
		"the nil interface":    func() greeter { return nil },
		"a plain pointer":      func() *english { return nil },
		"a field of dig.Out":   func() nilGreeters { return nilGreeters{Greeter: (*english)(nil)} },
	}
	using := &processor{before: func(bean any, _ string) (any, error) {
		if g, ok := bean.(greeter); ok {
			_ = *g.(*english)
		}
		return bean, nil
	}}
	for name, constructor := range constructors {
		t.Run(name, func(t *testing.T) {
			app := newApp()
			app.RegisterPostProcessor(using)
			app.Register(constructor)
			if p := only(t, startFails(t, app), container.CodeConstructor); !strings.Contains(p.What, "returned nil") {
				t.Errorf("problem %v", p)
			}
		})
		if name == "with a cleanup" {
			continue // no prototype has one
		}
		t.Run(name+", late", func(t *testing.T) {
			scope := container.Prototype()
			if name == "a field of dig.Out" {
				scope = container.Lazy()
			}
			app := newApp()
			app.RegisterPostProcessor(using)
			app.Register(constructor, scope)
			start(t, app)
			all, err := container.All[greeter](app)
			if name == "any" {
				_, err = container.Get[any](app, "interface {}")
			}
			var p *container.Problem
			if !errors.As(err, &p) || p.Code != container.CodeConstructor || !strings.Contains(p.What, "returned nil") {
				t.Errorf("got %v, %v", all, err)
			}
		})
	}
}
