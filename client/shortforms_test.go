// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// shortClient is a plain client: its policies are on only if its settings say so.
type shortClient struct {
	client.HttpClient `url:"http://short.invalid" name:"short"`

	Get func(ctx context.Context) (Product, error) `get:"/x"`
}

// started is what an application says about its clients after the start.
type started struct {
	app *container.ApplicationContext
	log *bytes.Buffer
	err error
}

// start starts an application in a folder with the given files.
func start(t *testing.T, files map[string]string, opts ...config.Option) started {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range files {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(append(opts, config.Map(map[string]any{"pyfly.config.watch": false}))...)
	if err != nil {
		t.Fatal(err)
	}
	s := started{log: &bytes.Buffer{}}
	s.app = container.NewApplicationContext(container.WithConfig(cfg), container.WithLogger(slog.New(slog.NewTextHandler(s.log, nil))))
	s.app.Install(client.Module())
	client.Register[shortClient](s.app)
	s.err = s.app.Start(t.Context())
	t.Cleanup(func() { _ = s.app.Stop(context.Background()) })
	return s
}

// settings are the effective settings of the client by name, as "value from
// origin".
func (s started) settings(t *testing.T) map[string]string {
	t.Helper()
	if s.err != nil {
		t.Fatal(s.err)
	}
	infos := client.Clients(s.app)
	if len(infos) != 1 {
		t.Fatalf("%d clients", len(infos))
	}
	all := map[string]string{}
	for _, setting := range infos[0].Settings {
		all[setting.Name] = setting.Value + " from " + setting.Origin
	}
	return all
}

// shortFormsOfPolicies are short forms with the long ones that they stand for.
var shortFormsOfPolicies = map[string][]string{
	"retry: true":            {"retry.enabled: true"},
	"retry: false":           {"retry.enabled: false"},
	"retry: 4":               {"retry.enabled: true", "retry.max-attempts: 4"},
	"circuit-breaker: true":  {"circuit-breaker.enabled: true"},
	"circuit-breaker: false": {"circuit-breaker.enabled: false"},
	"bulkhead: 5":            {"bulkhead.enabled: true", "bulkhead.max-concurrent: 5"},
	"bulkhead: true":         {"bulkhead.enabled: true"},
	"rate-limit: 10":         {"rate-limit.enabled: true", "rate-limit.per-second: 10"},
	"rate-limit: 0.5":        {"rate-limit.enabled: true", "rate-limit.per-second: 0.5"},
	"rate-limit: false":      {"rate-limit.enabled: false"},
	"adaptive-limit: true":   {"adaptive-limit.enabled: true"},
	"hedge: 10ms":            {"hedge.enabled: true", "hedge.delay: 10ms"},
	"hedge: true":            {"hedge.enabled: true"},
	"hedge: false":           {"hedge.enabled: false"},
	"retry: ${n:4}":          {"retry.enabled: true", "retry.max-attempts: 4"},
	"bulkhead: ${n:false}":   {"bulkhead.enabled: false"},
}

// TestShortFormsMeanWhatLongFormsDo compares the effective settings, at every
// level at which a policy has settings.
func TestShortFormsMeanWhatLongFormsDo(t *testing.T) {
	values := func(settings map[string]string) map[string]string {
		all := map[string]string{}
		for name, s := range settings {
			all[name], _, _ = strings.Cut(s, " from ")
		}
		return all
	}
	for level, prefix := range map[string]string{
		"client": "pyfly.client.services.short.", "method": "pyfly.client.services.short.methods.get.",
		"base": "pyfly.client.configs.shared.", "all clients": "pyfly.client.",
	} {
		for short, long := range shortFormsOfPolicies {
			policy, _, _ := strings.Cut(short, ":")
			if level == "all clients" && (policy == "retry" || policy == "circuit-breaker") {
				continue
			}
			t.Run(level+" "+short, func(t *testing.T) {
				base := "pyfly.client.services.short.base: shared\npyfly.client.configs.shared.connect-timeout: 3s"
				var longLines []string
				for _, line := range long {
					longLines = append(longLines, prefix+line)
				}
				got := start(t, map[string]string{"pyfly.yaml": base + "\n\n" + prefix + short})
				settings := got.settings(t)
				want := start(t, map[string]string{"pyfly.yaml": base + "\n\n" + strings.Join(longLines, "\n")}).settings(t)
				if got, want := values(settings), values(want); !maps.Equal(got, want) {
					t.Errorf("got\n%v\nwant\n%v", got, want)
				}
				for _, line := range longLines {
					name := strings.TrimPrefix(line, prefix)
					name, _, _ = strings.Cut(name, ":")
					if level == "method" {
						name = "methods.get." + name
					}
					if !strings.HasSuffix(settings[name], " from pyfly.yaml:4") {
						t.Errorf("%s is %q", name, settings[name])
					}
				}
				if strings.Contains(got.log.String(), "level=WARN") {
					t.Errorf("warned:\n%s", got.log)
				}
			})
		}
	}
}

func TestAShortFormLeavesWhatLowerLayersSay(t *testing.T) {
	s := start(t, map[string]string{
		"pyfly.yaml":      "pyfly:\n  client:\n    services:\n      short:\n        retry: {base-delay: 5s, max-attempts: 9}\n        bulkhead: {max-queue: 3}\n        rate-limit: 7\n",
		"pyfly-prod.yaml": "pyfly.client.services.short.retry: 3\npyfly.client.services.short.rate-limit: {burst: 2}\n",
	}, config.Profiles("prod"), config.Map(map[string]any{"pyfly.client.services.short.bulkhead": 5}))
	got := s.settings(t)
	for name, want := range map[string]string{
		"retry.enabled": "true from pyfly-prod.yaml:1", "retry.max-attempts": "3 from pyfly-prod.yaml:1", "retry.base-delay": "5s from pyfly.yaml:5",
		"bulkhead.max-concurrent": "5 from code", "bulkhead.max-queue": "3 from pyfly.yaml:6",
		"rate-limit.per-second": "7 from pyfly.yaml:7", "rate-limit.burst": "2 from pyfly-prod.yaml:2",
	} {
		if got[name] != want {
			t.Errorf("%s is %s, want %s", name, got[name], want)
		}
	}
}

func TestShortFormsInTheEnvironment(t *testing.T) {
	const retry = "environment variable PYFLY_CLIENT_SERVICES_SHORT_RETRY"
	t.Setenv("PYFLY_CLIENT_SERVICES_SHORT_RETRY", "3")
	t.Setenv("PYFLY_CLIENT_SERVICES_SHORT_HEDGE", "20ms")
	t.Setenv("PYFLY_CLIENT_SERVICES_SHORT_METHODS_GET_BULKHEAD", "2")
	t.Setenv("PYFLY_CLIENT_SERVICES_SHORT_CIRCUIT_BREAKER", "true")
	s := start(t, map[string]string{"pyfly.yaml": "pyfly.client.services.short.retry: {base-delay: 5s, max-attempts: 9}"})
	got := s.settings(t)
	for name, want := range map[string]string{
		"retry.enabled": "true from " + retry, "retry.max-attempts": "3 from " + retry, "retry.base-delay": "5s from pyfly.yaml:1",
		"hedge.delay":                         "20ms from environment variable PYFLY_CLIENT_SERVICES_SHORT_HEDGE",
		"methods.get.bulkhead.max-concurrent": "2 from environment variable PYFLY_CLIENT_SERVICES_SHORT_METHODS_GET_BULKHEAD",
		"circuit-breaker.enabled":             "true from environment variable PYFLY_CLIENT_SERVICES_SHORT_CIRCUIT_BREAKER",
	} {
		if got[name] != want {
			t.Errorf("%s is %s, want %s", name, got[name], want)
		}
	}
	if log := s.log.String(); strings.Contains(log, "level=WARN") {
		t.Errorf("warned:\n%s", log)
	}
}

func TestShortFormsInAReload(t *testing.T) {
	s := start(t, map[string]string{"pyfly.yaml": "pyfly.client.services.short: {retry: 3, bulkhead: 5}\n"})
	if got := s.settings(t); got["retry.max-attempts"] != "3 from pyfly.yaml:1" || got["bulkhead.max-concurrent"] != "5 from pyfly.yaml:1" {
		t.Fatal(got)
	}
	if err := os.WriteFile("pyfly.yaml", []byte("\npyfly.client.services.short: {retry: 5, bulkhead: false}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	changed, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	lifecycle.Publish(s.app.Events(), config.Changed{Config: changed})
	if got := s.settings(t); got["retry.max-attempts"] != "5 from pyfly.yaml:2" || got["bulkhead.enabled"] != "false from pyfly.yaml:2" {
		t.Error(got)
	}
}

// Settings that cannot be understood stop the start and are told with file, line,
// key and value. None is passed over.
func TestWhatIsNoShortFormStopsTheStart(t *testing.T) {
	const own = "pyfly.client.services.short."
	cases := map[string]string{ // what is written on line 2, and the error
		own + "retry: soon":                                 `pyfly.yaml:2: ` + own + `retry: "soon" is not a whole number: write true, false or a number of attempts`,
		own + "retry: 0":                                    `pyfly.yaml:2: ` + own + `retry: "0" is not allowed: write a number of attempts, the first included, of at least 1`,
		own + "retry: ${n:soon}":                            `pyfly.yaml:2: ` + own + `retry: "soon" is not a whole number (it comes from ${n:...}): write true`,
		own + "retry: [1, 2]":                               `pyfly.yaml:2: ` + own + `retry: a list is where a group of keys is needed`,
		own + "bulkhead: -1":                                `pyfly.yaml:2: ` + own + `bulkhead: "-1" is not allowed: write a number of at least 1`,
		own + "bulkhead: 1.5":                               `pyfly.yaml:2: ` + own + `bulkhead: "1.5" is not a whole number: write true, false or a number of calls at a time`,
		own + "rate-limit: fast":                            `pyfly.yaml:2: ` + own + `rate-limit: "fast" is not a number: write true, false or a number of calls a second`,
		own + "rate-limit: 0":                               `pyfly.yaml:2: ` + own + `rate-limit: "0" is not allowed: write a number of calls above 0`,
		own + "rate-limit: true":                            own + `rate-limit.per-second: it is not set: write how many calls a second there may be`,
		own + "hedge: later":                                `pyfly.yaml:2: ` + own + `hedge: "later" is not a valid duration: write true, false or a delay such as 100ms`,
		own + "hedge: -1s":                                  `pyfly.yaml:2: ` + own + `hedge: "-1s" is not allowed`,
		own + "hedge: 40s":                                  `pyfly.yaml:2: ` + own + `hedge: "40s" is not allowed: the delay of a hedge, 40s, must be shorter than the timeout of an attempt, 30s`,
		own + "circuit-breaker: 5":                          `pyfly.yaml:2: ` + own + `circuit-breaker: "5" is not a bool: write true or false`,
		own + "adaptive-limit: 20":                          `pyfly.yaml:2: ` + own + `adaptive-limit: "20" is not a bool: write true or false`,
		own + "methods.get.retry: soon":                     `pyfly.yaml:2: ` + own + `methods.get.retry: "soon" is not a whole number`,
		own + "tls: true":                                   `pyfly.yaml:2: ` + own + `tls: "true" is where a group of keys is needed: write keys and values below it`,
		own + "pool: 5":                                     `pyfly.yaml:2: ` + own + `pool: "5" is where a group of keys is needed`,
		own + "auth: sesame":                                `pyfly.yaml:2: ` + own + `auth: a secret is where a group of keys is needed`,
		own + "auth.basic: sesame":                          `pyfly.yaml:2: ` + own + `auth.basic: a secret is where a group of keys is needed`,
		own + "auth.oauth2: ${n:sesame}":                    `pyfly.yaml:2: ` + own + `auth.oauth2: a secret is where a group of keys is needed`,
		own + "headers: X-Tenant":                           `pyfly.yaml:2: ` + own + `headers: "X-Tenant" is where a group of keys is needed`,
		own + "retry.budget: 0.5":                           `pyfly.yaml:2: ` + own + `retry.budget: "0.5" is where a group of keys is needed`,
		own + "methods: 5":                                  `pyfly.yaml:2: ` + own + `methods: "5" is where a group of keys is needed`,
		own + "methods.get: 5":                              `pyfly.yaml:2: ` + own + `methods.get: "5" is where a group of keys is needed`,
		own + "methods.get.retry.budget: 1":                 `pyfly.yaml:2: ` + own + `methods.get.retry.budget: "1" is where a group of keys is needed`,
		"pyfly.client.services.short: 5":                    `pyfly.yaml:2: pyfly.client.services.short: "5" is where a group of keys is needed`,
		"pyfly.client.services: 5":                          `pyfly.yaml:2: pyfly.client.services: "5" is where a group of keys is needed`,
		"pyfly.client: 5":                                   `pyfly.yaml:2: pyfly.client: "5" is where a group of keys is needed`,
		"pyfly.client.configs: 5":                           `pyfly.yaml:2: pyfly.client.configs: "5" is where a group of keys is needed`,
		"pyfly.client.default: 5":                           `pyfly.yaml:2: pyfly.client.default: "5" is where a group of keys is needed`,
		"pyfly.client.default.tls: 5":                       `pyfly.yaml:2: pyfly.client.default.tls: "5" is where a group of keys is needed`,
		"pyfly.client.retry: true":                          `pyfly.yaml:2: pyfly.client.retry: "true" is where a group of keys is needed: write keys below it, which are the defaults of all clients; to switch it for one client, set pyfly.client.services.<name>.retry`,
		"pyfly.client.retry: 3":                             `set pyfly.client.services.<name>.retry`,
		"pyfly.client.retry: ${n:3}":                        `set pyfly.client.services.<name>.retry`,
		"pyfly.client.circuit-breaker: true":                `pyfly.yaml:2: pyfly.client.circuit-breaker: "true" is where a group of keys is needed: write keys below it, which are the defaults of all clients; to switch it for one client, set pyfly.client.services.<name>.circuit-breaker`,
		"pyfly.client.bulkhead: none":                       `pyfly.yaml:2: pyfly.client.bulkhead: "none" is not a whole number`,
		own + "base: b\npyfly.client.configs.b.retry: soon": `pyfly.yaml:3: pyfly.client.configs.b.retry: "soon" is not a whole number`,
		own + "base: b\npyfly.client.configs.b: 1":          `pyfly.yaml:3: pyfly.client.configs.b: "1" is where a group of keys is needed`,
	}
	for _, written := range slices.Sorted(maps.Keys(cases)) {
		t.Run(written, func(t *testing.T) {
			s := start(t, map[string]string{"pyfly.yaml": "\n" + written})
			if s.err == nil {
				t.Fatal("it starts")
			}
			report := fmt.Sprint(s.err)
			var texts []string
			for _, p := range s.err.(*container.StartupError).Problems {
				texts = append(texts, p.What+": "+p.Remedy)
			}
			if !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, cases[written]) }) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(texts, "\n"), cases[written])
			}
			if strings.Contains(report, "sesame") {
				t.Errorf("a secret is shown: %s", report)
			}
		})
	}
	for name, value := range map[string]string{
		"PYFLY_CLIENT_SERVICES_SHORT_TLS": "true", "PYFLY_CLIENT_RETRY": "3", "PYFLY_CLIENT_SERVICES_SHORT_RETRY": "soon",
		"PYFLY_CLIENT_SERVICES_SHORT_HEADERS": "x", "PYFLY_CLIENT_SERVICES_SHORT_METHODS": "x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			s := start(t, map[string]string{"pyfly.yaml": "pyfly.client: {retry: {base-delay: 1s}, services: {short: {tls: {min-version: '1.2'}, headers: {x: y}}}}"})
			if want := "environment variable " + name + ": pyfly.client."; s.err == nil || !strings.Contains(s.err.Error(), want) {
				t.Errorf("got %v, want it to name %s", s.err, want)
			}
		})
	}
}

// A variable may set a key of one client, and have the name of another client.
func TestVariablesThatMayMeanTwoClients(t *testing.T) {
	t.Setenv("PYFLY_CLIENT_SERVICES_SHORT", "x")
	t.Setenv("PYFLY_CLIENT_SERVICES_SHORT_METHODS_GET", "x")
	s := start(t, nil)
	if s.err != nil {
		t.Fatal(s.err)
	}
	for _, key := range []string{"pyfly.client.services.short ", "pyfly.client.services.short.methods.get "} {
		if log := s.log.String(); !strings.Contains(log, "key="+key) {
			t.Errorf("%s is not warned of:\n%s", key, log)
		}
	}
}

// A group may be shared by a placeholder.
func TestAPlaceholderOfAGroupOfSettings(t *testing.T) {
	s := start(t, map[string]string{"pyfly.yaml": `shared:
  connect-timeout: 7s
  retry: 4
  tls: {min-version: "1.3"}
  headers: {X-Tenant: shop}
  auth: {bearer: {token: sesame}}
pyfly.client.services.short: ${shared}
`})
	got := s.settings(t)
	for name, want := range map[string]string{
		"connect-timeout": "7s", "retry.max-attempts": "4", "tls.min-version": "1.3", "headers.X-Tenant": "shop", "auth.bearer.token": "******",
	} {
		if got[name] != want+" from pyfly.yaml:7" {
			t.Errorf("%s is %s, want %s", name, got[name], want)
		}
	}
}

func TestHeadersMayBeWrittenAsInATag(t *testing.T) {
	const key = "pyfly:\n  client:\n    services:\n      short:\n        headers: "
	for name, c := range map[string]struct {
		yaml string
		opts []config.Option
		want map[string]string
	}{
		"two":           {yaml: key + `"X-Client: shop; X-Time: 12:30"`, want: map[string]string{"headers.X-Client": "shop from pyfly.yaml:5", "headers.X-Time": "12:30 from pyfly.yaml:5"}},
		"of one name":   {yaml: key + `"X-Client: a; x-client: b;"`, want: map[string]string{"headers.X-Client": "a, b from pyfly.yaml:5"}},
		"a placeholder": {yaml: key + `"X-Client: ${nowhere:a;b: c}"`, want: map[string]string{"headers.X-Client": "a;b: c from pyfly.yaml:5"}},
		"a secret":      {yaml: key + `"X-Client: ${my.api-key:sesame}; Authorization: Bearer x"`, want: map[string]string{"headers.X-Client": "****** from pyfly.yaml:5", "headers.Authorization": "****** from pyfly.yaml:5"}},
		"a dollar":      {yaml: key + `"X-Client: $${a}"`, want: map[string]string{"headers.X-Client": "${a} from pyfly.yaml:5"}},
		"code":          {yaml: "a: b", opts: []config.Option{config.Map(map[string]any{"pyfly.client.services.short.headers": "X-Client: shop"})}, want: map[string]string{"headers.X-Client": "shop from code"}},
		"the defaults":  {yaml: "pyfly:\n  client:\n    default:\n      headers: 'X-Client: shop'", want: map[string]string{"headers.X-Client": "shop from pyfly.yaml:4"}},
	} {
		t.Run(name, func(t *testing.T) {
			settings := start(t, map[string]string{"pyfly.yaml": c.yaml}, c.opts...).settings(t)
			for name, want := range c.want {
				if settings[name] != want {
					t.Errorf("%s is %q, want %q", name, settings[name], want)
				}
			}
		})
	}
	t.Run("a variable", func(t *testing.T) {
		t.Setenv("PYFLY_CLIENT_SERVICES_SHORT_HEADERS", "X-Client: shop; X-Tenant: acme")
		settings := start(t, nil).settings(t)
		for name, want := range map[string]string{"headers.X-Client": "shop", "headers.X-Tenant": "acme"} {
			if !strings.HasPrefix(settings[name], want+" from environment variable PYFLY_CLIENT_SERVICES_SHORT_HEADERS") {
				t.Errorf("%s is %q, want %q", name, settings[name], want)
			}
		}
	})
	for _, wrong := range []string{"shop", "5", "X-Client shop", "'X Client: shop'", "': shop'"} {
		err := start(t, map[string]string{"pyfly.yaml": key + wrong}).err
		if err == nil || !strings.Contains(err.Error(), "pyfly.yaml:5: pyfly.client.services.short.headers") || !strings.Contains(err.Error(), "write Name: value") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}
