// SPDX-License-Identifier: Apache-2.0

package actuator_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

// served is a bean that must not be started when the actuator cannot be.
type served struct{ t *testing.T }

func (s *served) Start(context.Context) error { s.t.Error("something is served"); return nil }

func TestWrongSettingsAreToldBeforeAnythingIsServed(t *testing.T) {
	for name, c := range map[string]struct {
		settings map[string]any
		want     string
	}{
		"no token beyond loopback": {map[string]any{"pyfly.actuator.address": "0.0.0.0"},
			"pyfly.actuator.token: it is not set, but 0.0.0.0 can be reached from other machines: set PYFLY_ACTUATOR_TOKEN, or listen on 127.0.0.1"},
		"no token on IPv6":     {map[string]any{"pyfly.actuator.address": "::"}, "pyfly.actuator.token: it is not set"},
		"a token to guess":     {map[string]any{"pyfly.actuator.token": "sesame"}, "pyfly.actuator.token: it is too short or has invalid characters"},
		"a token with a space": {map[string]any{"pyfly.actuator.token": "open sesame open sesame"}, "has invalid characters"},
		"a name as address":    {map[string]any{"pyfly.actuator.address": "ops.example"}, `pyfly.actuator.address: "ops.example" is not an address of this machine`},
		"a port too high":      {map[string]any{"pyfly.actuator.port": 70000}, "pyfly.actuator.port: 70000 is not a valid port"},
		"a port in words":      {map[string]any{"pyfly.actuator.port": "http"}, `pyfly.actuator.port: "http"`},
		"an endpoint unknown":  {map[string]any{"pyfly.actuator.public-endpoints": "heapdump"}, `there is no endpoint "heapdump"`},
		"health in words":      {map[string]any{"pyfly.actuator.health.circuit-breakers": "sick"}, `pyfly.actuator.health.circuit-breakers: "sick" is not valid: write degraded, down, ignore`},
		"an allowed URL":       {map[string]any{"pyfly.actuator.allowed-hosts": "ops.example, https://ops.example/x"}, `pyfly.actuator.allowed-hosts: "https://ops.example/x"`},
		"everything allowed":   {map[string]any{"pyfly.actuator.allowed-hosts": "*"}, `pyfly.actuator.allowed-hosts: "*" allows too much or nothing`},
		"no limit":             {map[string]any{"pyfly.actuator.health.timeout": "0s"}, "pyfly.actuator.health.timeout"},
		"no connection":        {map[string]any{"pyfly.actuator.max-connections": 0}, "pyfly.actuator.max-connections: 0 is too few"},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp(c.settings)
			app.RegisterInstance(&served{t})
			err := app.Start(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, kernel.ErrConfig) {
				t.Fatalf("%v\nwant %s", err, c.want)
			}
			for _, secret := range []string{"sesame", token} {
				if strings.Contains(err.Error(), secret) {
					t.Error("the report shows the token")
				}
			}
			var report *container.StartupError
			if errors.As(err, &report); len(report.Problems) != 1 || report.Problems[0].Code != container.CodeConfig || strings.Contains(report.Problems[0].What, "\n") {
				t.Errorf("the report is not of one line: %v", report.Problems)
			}
		})
	}
}

func TestWithoutAListenerTheHandlerServes(t *testing.T) {
	app := newApp(map[string]any{"pyfly.actuator.port": -1, "pyfly.actuator.token": token})
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	server := serverOf(app)
	if server.URL() != "" {
		t.Errorf("URL is %q, want none", server.URL())
	}
	for authorization, want := range map[string]int{"": http.StatusUnauthorized, "Bearer " + token: http.StatusOK} {
		request := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/actuator/beans", nil)
		request.Header.Set("Authorization", authorization)
		recorder := httptest.NewRecorder()
		server.Handler().ServeHTTP(recorder, request)
		if recorder.Code != want {
			t.Errorf("with the header Authorization %q: %d, want %d", authorization, recorder.Code, want)
		}
	}
	if err := app.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := app.Stop(t.Context()); err != nil {
		t.Errorf("the second stop: %v", err)
	}
}

func TestWithoutAListenerATokenIsRequired(t *testing.T) {
	err := newApp(map[string]any{"pyfly.actuator.port": -1}).Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "token: it is not set, but with port -1") {
		t.Error(err)
	}
}

func TestAPortThatIsTakenIsTold(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	port := taken.Addr().(*net.TCPAddr).Port
	path := filepath.Join(t.TempDir(), "pyfly.yaml")
	if err := os.WriteFile(path, []byte("pyfly:\n  actuator:\n    port: "+strconv.Itoa(port)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.File(path))
	if err != nil {
		t.Fatal(err)
	}
	app := newApp(nil, container.WithConfig(cfg))
	app.RegisterInstance(&served{t})
	err = app.Start(t.Context())
	want := path + ":3: pyfly.actuator.port: the actuator cannot listen at 127.0.0.1:" + strconv.Itoa(port)
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "write a free port, or 0 for any") {
		t.Fatalf("%v\nwant %s", err, want)
	}
	if !errors.Is(err, kernel.ErrConfig) {
		t.Error("it is no ErrConfig")
	}
}

func TestAnAddressOfAnotherMachineIsTold(t *testing.T) {
	app := newApp(map[string]any{"pyfly.actuator.address": "192.0.2.1", "pyfly.actuator.token": token})
	err := app.Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "pyfly.actuator.address: the actuator cannot listen at 192.0.2.1:0") {
		t.Error(err)
	}
}
