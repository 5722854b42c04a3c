// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/examples/catalog/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ask sends one request to the service's handler. The header is names and
// values by turns.
func ask(s *server.Server, method, path, body string, header ...string) *http.Response {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w.Result()
}

func decode[T any](t *testing.T, r *http.Response) (v T) {
	t.Helper()
	if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func wantStatus(t *testing.T, r *http.Response, want int) {
	t.Helper()
	if r.StatusCode != want {
		t.Errorf("status %d, want %d", r.StatusCode, want)
	}
}

func setFault(t *testing.T, s *server.Server, f server.Fault) {
	t.Helper()
	if err := s.SetFault(f); err != nil {
		t.Fatal(err)
	}
}

// started returns a service that runs, and a client of its own.
func started(t *testing.T) (*server.Server, *http.Client) {
	t.Helper()
	s := server.New()
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := s.Stop(t.Context()); s.URL() != "" {
			t.Errorf("the service runs on: %v", err)
		}
	})
	return s, &http.Client{Transport: transport}
}
