// SPDX-License-Identifier: Apache-2.0

package actuator_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

func TestTheIndexLinksEveryEndpoint(t *testing.T) {
	r := run(t, nil)
	links := at(t, get(t, r.url).json(t), "_links").(map[string]any)
	for name, link := range links {
		href := at(t, link, "href").(string)
		if at(t, link, "templated") == any(true) || name == "events" {
			continue
		}
		if a := get(t, href); a.status != 200 {
			t.Errorf("%s: %d %s", href, a.status, a.body)
		}
	}
	for _, name := range []string{"self", "health", "beans", "clients", "circuitbreakers", "configprops", "events", "prometheus", "info", "startup", "console"} {
		if links[name] == nil {
			t.Errorf("%s is not linked", name)
		}
	}
}

func TestLinksLeadToWhereTheIndexWasFound(t *testing.T) {
	r := run(t, map[string]any{"pyfly.actuator.allowed-hosts": "ops.example"})
	base, err := url.Parse(r.url)
	if err != nil {
		t.Fatal(err)
	}
	own := r.url + "/health"
	for name, c := range map[string]struct {
		path  string
		edits []edit
		asked string // what the client of a proxy asked for
		want  string
	}{
		"direct":                     {"/actuator", nil, "", own},
		"direct, with a slash":       {"/actuator/", nil, "", own},
		"by name":                    {"/actuator", []edit{withHost("localhost:" + base.Port())}, "", "http://localhost:" + base.Port() + "/actuator/health"},
		"TLS":                        {"/actuator", []edit{withHost("ops.example"), withHeader("X-Forwarded-Proto", "https")}, "https://ops.example/actuator", "https://ops.example/actuator/health"},
		"TLS, with a slash":          {"/actuator/", []edit{withHost("ops.example"), withHeader("Forwarded", "proto=https")}, "https://ops.example/actuator/", "https://ops.example/actuator/health"},
		"TLS, below a prefix":        {"/actuator", []edit{withHeader("X-Forwarded-Proto", "https")}, "https://ops.example/shop/actuator", "https://ops.example/shop/actuator/health"},
		"TLS that tells nothing":     {"/actuator", []edit{withHost("ops.example")}, "https://ops.example/actuator", "https://ops.example/actuator/health"},
		"a tunnel from another port": {"/actuator", []edit{withHost("localhost:8443")}, "https://localhost:8443/actuator", "https://localhost:8443/actuator/health"},
		"a host that is made up":     {"/actuator", []edit{withHeader("X-Forwarded-Host", "evil.example")}, "https://ops.example/actuator", "https://ops.example/actuator/health"},
	} {
		t.Run(name, func(t *testing.T) {
			a := get(t, strings.TrimSuffix(r.url, "/actuator")+c.path, append(c.edits, withToken)...)
			href := at(t, a.json(t), "_links", "health", "href").(string)
			if c.asked != "" {
				asked, _ := url.Parse(c.asked)
				link, err := asked.Parse(href)
				if err != nil {
					t.Fatal(err)
				}
				href = link.String()
			}
			if href != c.want || strings.Contains(a.body, "evil") || c.asked != "" && strings.Contains(a.body, "http:") {
				t.Errorf("the link leads to %s, want %s: %s", href, c.want, a.body)
			}
		})
	}
}

type shelf struct{}

func newShelf(*StockClient) *shelf { return &shelf{} }

func TestBeansAreToldAsSpringBootDoes(t *testing.T) {
	r := run(t, nil, func(app *container.ApplicationContext) { app.Register(newShelf, container.Stereotype("service")) })
	answer := get(t, r.url+"/beans").json(t)
	bean := at(t, answer, "contexts", "application", "beans", "shelf")
	if at(t, bean, "scope") != "singleton" || at(t, bean, "type") != "*actuator_test.shelf" || at(t, bean, "stereotype") != "service" {
		t.Errorf("shelf: %v", bean)
	}
	if resource := at(t, bean, "resource").(string); !strings.Contains(resource, "endpoints_test.go:") {
		t.Errorf("shelf comes from %q", resource)
	}
	if needs := at(t, bean, "dependencies").([]any); len(needs) != 1 || needs[0] != "stockClient" {
		t.Errorf("shelf needs %v", needs)
	}
	found := false
	for _, edge := range at(t, answer, "graph", "edges").([]any) {
		found = found || at(t, edge, "from") == "shelf" && at(t, edge, "to") == "stockClient" && at(t, edge, "kind") == "needs"
	}
	if !found {
		t.Error("the graph has no edge from shelf to stockClient")
	}
}

func TestTheStartIsToldAsSpringBootDoes(t *testing.T) {
	r := run(t, nil)
	answer := get(t, r.url+"/startup").json(t)
	parts := map[string]bool{}
	for _, event := range at(t, answer, "timeline", "events").([]any) {
		step := at(t, event, "startupStep")
		tags := at(t, step, "tags").([]any)
		switch {
		case len(tags) == 0:
			parts[at(t, step, "name").(string)] = true
		case at(t, tags[0], "value") == "stockClient":
			parts["stockClient "+at(t, step, "name").(string)] = true
		}
		if duration := at(t, event, "duration").(string); !strings.HasPrefix(duration, "PT") || !strings.HasSuffix(duration, "S") {
			t.Errorf("%q is no ISO 8601 duration", duration)
		}
	}
	for _, want := range []string{"settings and graph", "build", "start", "stockClient constructor"} {
		if !parts[want] {
			t.Errorf("%q is missing of %v", want, parts)
		}
	}
}

type shelfProperties struct {
	Width    int    `koanf:"width"`
	Password string `koanf:"password"`
}

func TestSettingsAreToldWithOriginAndWithoutSecrets(t *testing.T) {
	r := run(t, map[string]any{"shelf.width": 7, "shelf.password": "sesame"},
		func(app *container.ApplicationContext) { container.Properties[shelfProperties](app, "shelf") })
	answer := get(t, r.url+"/configprops")
	if strings.Contains(answer.body, "sesame") || strings.Contains(answer.body, token) {
		t.Error("a secret is shown")
	}
	bean := at(t, answer.json(t), "contexts", "application", "beans", "shelfProperties")
	if at(t, bean, "prefix") != "shelf" || at(t, bean, "properties", "width") != "7" || at(t, bean, "inputs", "width", "origin") != "code" ||
		at(t, bean, "properties", "password") != "******" {
		t.Errorf("shelfProperties: %v", bean)
	}
	if settings := at(t, answer.json(t), "settings").([]any); len(settings) < 4 {
		t.Errorf("only %v are listed", settings)
	}
}

func TestSettingsThatChangedAreTold(t *testing.T) {
	r := run(t, map[string]any{"shelf.width": 7})
	lifecycle.Publish(r.app.Events(), config.Changed{Config: config.New(map[string]any{"shelf.width": 8})})
	if a := get(t, r.url+"/configprops"); !strings.Contains(a.body, `{"key":"shelf.width","value":"8","origin":"code"}`) {
		t.Errorf("%s", a.body)
	}
}

func TestClientsAreToldWithDeclarationSettingsAndCounters(t *testing.T) {
	r := run(t, map[string]any{"pyfly.client.services.stock-client.auth.bearer.token": "sesame"})
	if _, err := r.Get(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	answer := get(t, r.url+"/clients")
	if strings.Contains(answer.body, "sesame") {
		t.Error("a secret is shown")
	}
	list := at(t, answer.json(t), "clients").([]any)
	if len(list) != 1 {
		t.Fatalf("%d clients", len(list))
	}
	c := list[0]
	if at(t, c, "name") != "stock-client" || at(t, c, "type") != "StockClient" || at(t, c, "stats", "calls") != 1.0 {
		t.Errorf("%v", c)
	}
	method := at(t, c, "declaration", "methods").([]any)[0]
	if at(t, method, "name") != "Get" || at(t, method, "verb") != "GET" || at(t, method, "path") != "/products/{id}" {
		t.Errorf("the method is %v", method)
	}
	origins := map[string]string{}
	for _, s := range at(t, c, "settings").([]any) {
		origins[at(t, s, "name").(string)] = at(t, s, "origin").(string)
	}
	for name, want := range map[string]string{"base-url": "code", "retry.max-attempts": "tag of StockClient.ServiceClient", "timeout": "default"} {
		if origins[name] != want {
			t.Errorf("%s comes from %q, want %q", name, origins[name], want)
		}
	}
}

func TestInfoTellsProgramAndProcess(t *testing.T) {
	r := run(t, map[string]any{"pyfly.app.name": "shop", "info.team": "stock"})
	info := get(t, r.url+"/info").json(t)
	if at(t, info, "app", "name") != "shop" || at(t, info, "info", "team") != "stock" || at(t, info, "process", "pid").(float64) < 1 {
		t.Errorf("%v", info)
	}
}

func TestANameWithHTMLInItIsHarmless(t *testing.T) {
	const name = "<img src=x onerror=alert(1)>"
	r := run(t, nil, func(app *container.ApplicationContext) { app.Register(newShelf, container.Named(name)) })
	for _, path := range []string{"/beans", "/startup"} {
		a := get(t, r.url+path)
		if strings.Contains(a.body, "<img") || a.header.Get("Content-Type") != "application/json" || a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s could be taken for HTML: %v", path, a.header)
		}
	}
}

func TestWhatIsNotThereIsAProblem(t *testing.T) {
	r := run(t, nil)
	for _, path := range []string{"/heapdump", "/health/nothing", "/circuitbreakers/nothing"} {
		a := get(t, r.url+path)
		if a.status != 404 || a.header.Get("Content-Type") != "application/problem+json" || at(t, a.json(t), "detail") == "" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

func TestOnlyCircuitBreakersCanBeChanged(t *testing.T) {
	r := run(t, nil)
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
		for _, path := range []string{"/beans", "/configprops", "/health", "/clients", "/console"} {
			if a := ask(t, method, r.url+path, "{}", withToken); a.status != 405 && a.status != 404 || a.status == 405 && a.header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d %s", method, path, a.status, a.body)
			}
		}
	}
}

func TestWithoutTheActuatorNothingIsServed(t *testing.T) {
	app := newApp(map[string]any{"pyfly.actuator.enabled": false})
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, b := range app.Beans() {
		if b.Name == "actuatorServer" {
			t.Error("the server is there")
		}
	}
	if err := app.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

type stockCache struct{}

func (*stockCache) CacheStats(string) (client.CacheStats, bool) {
	return client.CacheStats{Hits: 3, Revalidations: 2, Stale: 1, Misses: 4}, true
}

func TestClientsAreToldWithTheCountersOfTheirCache(t *testing.T) {
	plain := at(t, get(t, run(t, nil).url+"/clients").json(t), "clients").([]any)[0]
	if _, ok := at(t, plain, "stats").(map[string]any)["cache"]; ok {
		t.Error("a client without a cache has counters of one")
	}
	r := run(t, nil, func(app *container.ApplicationContext) { app.RegisterInstance(&stockCache{}) })
	c := at(t, get(t, r.url+"/clients").json(t), "clients").([]any)[0]
	for name, want := range map[string]float64{"hits": 3, "revalidations": 2, "stale": 1, "misses": 4} {
		if got := at(t, c, "stats", "cache", name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
