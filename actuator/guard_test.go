// SPDX-License-Identifier: Apache-2.0

package actuator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client"
)

const forceOpen = `{"updateState":"FORCE_OPEN"}`

func TestOnlyTheTokenForcesACircuitOpen(t *testing.T) {
	for name, c := range map[string]struct {
		settings map[string]any
		edits    []edit
		status   int
	}{
		"with the token":           {nil, []edit{withToken}, 200},
		"in another case":          {nil, []edit{withHeader("Authorization", "bearer "+token)}, 200},
		"without":                  {nil, nil, 401},
		"with another":             {nil, []edit{withHeader("Authorization", "Bearer "+token+"x")}, 401},
		"with its beginning":       {nil, []edit{withHeader("Authorization", "Bearer "+token[:20])}, 401},
		"with an empty one":        {nil, []edit{withHeader("Authorization", "Bearer ")}, 401},
		"as basic authentication":  {nil, []edit{withHeader("Authorization", "Basic "+token)}, 401},
		"when none is configured":  {map[string]any{"pyfly.actuator.token": ""}, []edit{withHeader("Authorization", "Bearer ")}, 403},
		"from another site":        {nil, []edit{withToken, withHeader("Sec-Fetch-Site", "cross-site")}, 403},
		"from another port":        {nil, []edit{withToken, withHeader("Sec-Fetch-Site", "same-site")}, 403},
		"from an old browser":      {nil, []edit{withToken, withHeader("Origin", "https://evil.example")}, 403},
		"by a name that leads us":  {nil, []edit{withToken, withHost("evil.example")}, 421},
		"from the console":         {nil, []edit{withToken, withHeader("Sec-Fetch-Site", "same-origin")}, 200},
		"by a navigation's method": {nil, []edit{withHeader("Sec-Fetch-Site", "cross-site"), withHeader("Sec-Fetch-Mode", "navigate")}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, c.settings)
			a := ask(t, http.MethodPost, r.url+"/circuitbreakers/stock-client", forceOpen, c.edits...)
			if a.status != c.status {
				t.Errorf("%d %s, want %d", a.status, a.body, c.status)
			}
			if wasForced := r.CircuitBreaker().State() != client.StateClosed; wasForced != (c.status == 200) {
				t.Errorf("the circuit is %s", r.CircuitBreaker().State())
			}
			if c.status >= 400 && at(t, a.json(t), "detail") == "" {
				t.Error("nobody is told what to do")
			}
			if c.status == 401 && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
				t.Error("WWW-Authenticate is missing")
			}
		})
	}
}

func TestOperatorsForceCloseDisableAndReset(t *testing.T) {
	r := run(t, nil)
	for _, c := range []struct{ update, state string }{
		{"FORCE_OPEN", "FORCED_OPEN"}, {"CLOSE", "CLOSED"}, {"DISABLE", "DISABLED"}, {"RESET", "CLOSED"},
	} {
		a := ask(t, http.MethodPost, r.url+"/circuitbreakers/stock-client", `{"updateState":"`+c.update+`"}`, withToken)
		if at(t, a.json(t), "currentState") != c.state || at(t, a.json(t), "circuitBreakerName") != "stock-client" {
			t.Errorf("%s: %d %s", c.update, a.status, a.body)
		}
		if a := get(t, r.url+"/circuitbreakers"); at(t, a.json(t), "circuitBreakers", "stock-client", "state") != c.state {
			t.Errorf("%s: %s", c.update, a.body)
		}
	}
	for body, status := range map[string]int{"": 400, "FORCE_OPEN": 400, `{"updateState":"EXPLODE"}`: 400, `{"updateState":"` + strings.Repeat("x", 8<<10) + `"}`: 400} {
		if a := ask(t, http.MethodPost, r.url+"/circuitbreakers/stock-client", body, withToken); a.status != status || len(a.body) > 1000 {
			t.Errorf("%.50s: %d %s", body, a.status, a.body)
		}
	}
	if a := ask(t, http.MethodPost, r.url+"/circuitbreakers/nothing", forceOpen, withToken); a.status != 404 || !strings.Contains(a.body, "stock-client") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestEveryEndpointShowsAnOpenCircuitAlike compares the places that show one.
func TestEveryEndpointShowsAnOpenCircuitAlike(t *testing.T) {
	r := run(t, nil)
	r.openCircuit(t)
	statistics := at(t, at(t, get(t, r.url+"/clients").json(t), "clients").([]any)[0], "stats", "circuitBreakers").([]any)
	for name, shown := range map[string]any{
		"/circuitbreakers":              at(t, get(t, r.url+"/circuitbreakers").json(t), "circuitBreakers", "stock-client"),
		"/circuitbreakers/stock-client": get(t, r.url+"/circuitbreakers/stock-client").json(t),
		"/health":                       at(t, get(t, r.url+"/health").json(t), "components", "circuitBreakers", "details", "stock-client", "details"),
		"/clients":                      statistics[0],
	} {
		text, _ := at(t, shown, "retryAfter").(string)
		if d, err := time.ParseDuration(text); err != nil || d <= 0 || d > time.Hour {
			t.Errorf("%s: retryAfter is %q", name, text)
		}
		if at(t, shown, "name") != "stock-client" || at(t, shown, "openings") != 1.0 || strings.ToUpper(at(t, shown, "state").(string)) != "OPEN" {
			t.Errorf("%s: %v", name, shown)
		}
	}
}

func TestOnlyOwnHostNamesAreAnswered(t *testing.T) {
	local := run(t, map[string]any{"pyfly.actuator.allowed-hosts": "ops.example, other.example"})
	wide := run(t, map[string]any{"pyfly.actuator.address": "0.0.0.0"})
	for _, c := range []struct {
		host            string
		onLocal, onWide int
		what            string
	}{
		{"localhost", 200, 200, "the machine"}, {"localhost:9464", 200, 200, ""}, {"127.0.0.1", 200, 200, ""}, {"[::1]:80", 200, 200, ""},
		{"LOCALHOST.", 200, 200, "the same, fully qualified"}, {"ops.example", 200, 421, "allowed"}, {"OPS.example:1", 200, 421, ""},
		{"evil.example", 421, 421, "rebound to us"}, {"localhost.evil.example", 421, 421, ""}, {"127.0.0.1.evil.example", 421, 421, ""},
		{"10.1.2.3:9464", 421, 200, "a pod's address"},
	} {
		if a := get(t, local.url+"/health", withHost(c.host)); a.status != c.onLocal {
			t.Errorf("%s on loopback: %d, want %d", c.host, a.status, c.onLocal)
		}
		if a := get(t, wide.url+"/health", withHost(c.host)); a.status != c.onWide {
			t.Errorf("%s on all interfaces: %d, want %d", c.host, a.status, c.onWide)
		}
	}
}

func TestAnotherSiteReadsNothing(t *testing.T) {
	r := run(t, nil)
	for _, site := range []string{"cross-site", "same-site"} {
		a := get(t, r.url+"/beans", withHeader("Sec-Fetch-Site", site), withHeader("Sec-Fetch-Mode", "no-cors"))
		if a.status != 403 {
			t.Errorf("%s: %d", site, a.status)
		}
	}
	if a := get(t, r.url+"/console", withHeader("Sec-Fetch-Site", "cross-site"), withHeader("Sec-Fetch-Mode", "navigate")); a.status != 200 {
		t.Errorf("a link to the console: %d %s", a.status, a.body)
	}
	a := get(t, r.url+"/beans", withHeader("Origin", "https://evil.example"))
	if a.header.Get("Access-Control-Allow-Origin") != "" || a.header.Get("Cross-Origin-Resource-Policy") != "same-origin" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("another site could read it: %v", a.header)
	}
}

func TestBeyondLoopbackReadingNeedsTheToken(t *testing.T) {
	r := run(t, map[string]any{"pyfly.actuator.address": "0.0.0.0", "pyfly.actuator.public-endpoints": "health, prometheus"})
	for path, want := range map[string]int{
		"": 200, "/health": 200, "/health/readiness": 200, "/prometheus": 200, "/console": 200,
		"/health/circuitBreakers": 401, "/beans": 401, "/clients": 401, "/configprops": 401, "/info": 401, "/startup": 401,
		"/circuitbreakers": 401, "/circuitbreakers/stock-client": 401, "/history": 401, "/events": 401,
	} {
		if a := get(t, r.url+path); a.status != want {
			t.Errorf("%s: %d, want %d", path, a.status, want)
		}
		if path != "/events" {
			if a := get(t, r.url+path, withToken); a.status != 200 {
				t.Errorf("%s with the token: %d %s", path, a.status, a.body)
			}
		}
	}
	if a := get(t, r.url+"/health"); strings.Contains(a.body, "components") {
		t.Errorf("details are shown to everybody: %s", a.body)
	}
	if a := get(t, r.url+"/health", withToken); !strings.Contains(a.body, "components") {
		t.Errorf("details are not shown: %s", a.body)
	}
}
