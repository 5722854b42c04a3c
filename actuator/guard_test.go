// SPDX-License-Identifier: Apache-2.0

package actuator_test

import (
	"bufio"
	"io"
	"net"
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
	for body, status := range map[string]int{"": 400, "FORCE_OPEN": 400, `{"updateState":"EXPLODE"}`: 400, `{"updateState":"` + strings.Repeat("x", 8<<10) + `"}`: 400,
		forceOpen + "x": 400, forceOpen + forceOpen: 400, forceOpen + "\x00": 400, "[" + forceOpen + "]": 400, "null": 400, forceOpen + " \n": 200} {
		if a := ask(t, http.MethodPost, r.url+"/circuitbreakers/stock-client", body, withToken); a.status != status || len(a.body) > 1000 {
			t.Errorf("%.50s: %d %s", body, a.status, a.body)
		}
		if wasForced := r.CircuitBreaker().State() != client.StateClosed; wasForced != (status == 200) {
			t.Errorf("%.50s: the circuit is %s", body, r.CircuitBreaker().State())
		}
		r.CircuitBreaker().Reset()
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

func TestAllowedHostsHavePortsAddressesAndWildcards(t *testing.T) {
	r := run(t, map[string]any{"pyfly.actuator.allowed-hosts": "ops.example:8443, *.pods.example, [2001:db8::1]:9464, 192.0.2.1, web.example:443"})
	for host, want := range map[string]int{
		"ops.example:8443": 200, "ops.example": 421, "ops.example:80": 421, "OPS.example.:8443": 200,
		"a.pods.example": 200, "a.b.pods.example:9464": 200, "pods.example": 421, "evilpods.example": 421,
		"[2001:db8::1]:9464": 200, "[2001:DB8:0::1]:9464": 200, "[2001:db8::1]": 421, "[2001:db8::2]:9464": 421,
		"192.0.2.1": 200, "192.0.2.1:81": 200, "192.0.2.2": 421, "web.example": 200, "web.example:443": 200, "web.example:8443": 421,
		"[::1]": 200, "[::1]:9464": 200, "[::ffff:127.0.0.1]:1": 200, "127.0.0.2": 200, "127.1": 421, "": 400,
	} {
		request := "GET /actuator/health HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"
		if host == "" {
			request = "GET /actuator/health HTTP/1.1\r\nConnection: close\r\n\r\n"
		}
		if got := rawStatus(t, r.url, request); got != want {
			t.Errorf("%s: %d, want %d", host, got, want)
		}
	}
}

// rawStatus sends a request as it is written.
func rawStatus(t *testing.T, url, request string) int {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/actuator"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func TestWhatCameThroughAProxyIsNotLocal(t *testing.T) {
	withTheToken := run(t, nil)
	without := run(t, map[string]any{"pyfly.actuator.token": ""})
	public := run(t, map[string]any{"pyfly.actuator.public-endpoints": "health, info"})
	for _, header := range []string{
		"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Forwarded", "X-Real-IP", "Via", "True-Client-IP",
		"CF-Connecting-IP", "X-Client-IP", "X-Envoy-External-Address", "X-Original-Forwarded-For", "X_Forwarded_For",
	} {
		forwarded := func(r *http.Request) { r.Header[header] = []string{"127.0.0.1"} }
		if a := ask(t, http.MethodHead, withTheToken.url+"/events", "", forwarded); a.status != 401 {
			t.Errorf("/events with %s: %d", header, a.status)
		}
		for _, path := range []string{"/beans", "/clients", "/configprops", "/prometheus", "/info", "/health/circuitBreakers"} {
			if a := get(t, withTheToken.url+path, forwarded); a.status != 401 {
				t.Errorf("%s with %s: %d", path, header, a.status)
			}
			if a := get(t, without.url+path, forwarded); a.status != 403 || !strings.Contains(a.body, "PYFLY_ACTUATOR_TOKEN") {
				t.Errorf("%s with %s and without a token: %d %s", path, header, a.status, a.body)
			}
			if a := get(t, withTheToken.url+path, forwarded, withToken); a.status != 200 {
				t.Errorf("%s with %s and the token: %d", path, header, a.status)
			}
		}
		if a := get(t, withTheToken.url+"/health", forwarded); a.status != 200 || strings.Contains(a.body, "components") {
			t.Errorf("health with %s: %d %s", header, a.status, a.body)
		}
		if a := get(t, public.url+"/info", forwarded); a.status != 200 {
			t.Errorf("a public endpoint with %s: %d %s", header, a.status, a.body)
		}
	}
	if a := get(t, without.url+"/beans", withHeader("X-Request-Id", "1")); a.status != 200 {
		t.Errorf("without a proxy: %d %s", a.status, a.body)
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
