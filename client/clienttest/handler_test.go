// SPDX-License-Identifier: Apache-2.0

package clienttest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/clienttest"
)

func newHandlerPort(t *testing.T, cfg client.PortConfig, h http.HandlerFunc) client.HttpClientPort {
	t.Helper()
	cfg.BaseURL = "http://inventory/api"
	port, err := clienttest.HandlerFactory(h)(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func TestHandlerSeesRequestsAsAServerWould(t *testing.T) {
	port := newHandlerPort(t, client.PortConfig{Header: http.Header{"X-Tenant": {"a"}}}, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, "%s %s %s %s %s", r.Method, r.Host, r.RequestURI, r.Header.Get("X-Tenant"), body)
	})
	status, got, err := send(t.Context(), port, "POST", "/files/a%2Fb?x=y", "data")
	if want := "POST inventory /api/files/a%2Fb?x=y a data"; status != 201 || got != want || err != nil {
		t.Errorf("got %d %q, %v; want 201 %q", status, got, err, want)
	}
}

func TestHandlerFactoryRefusesWhatCannotWork(t *testing.T) {
	if _, err := clienttest.HandlerFactory(nil)(client.PortConfig{BaseURL: "http://inventory"}); err == nil {
		t.Error("a nil handler was taken")
	}
	if _, err := clienttest.HandlerFactory(http.NotFoundHandler())(client.PortConfig{Name: "a"}); err == nil {
		t.Error("no base URL was taken")
	}
}

func TestHandlerPortHeedsItsLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := client.PortConfig{Timeout: time.Minute, MaxResponseSize: 4}
		port := newHandlerPort(t, cfg, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/api/hang":
				<-r.Context().Done()
			case "/api/panic":
				panic("out of order")
			}
			_, _ = io.WriteString(w, strings.TrimPrefix(r.URL.Path, "/api/"))
		})
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for _, c := range []struct {
			ctx    context.Context
			target string
			want   error
			after  time.Duration
		}{
			{t.Context(), "/four", nil, 0},
			{t.Context(), "/fives", client.ErrTooLarge, 0},
			{t.Context(), "/panic", io.ErrUnexpectedEOF, 0},
			{short, "/hang", context.DeadlineExceeded, time.Second},
			{t.Context(), "/hang", context.DeadlineExceeded, time.Minute},
		} {
			begun := time.Now()
			if _, _, err := send(c.ctx, port, "GET", c.target, ""); !errors.Is(err, c.want) || time.Since(begun) != c.after {
				t.Errorf("%s: got %v after %s, want %v after %s", c.target, err, time.Since(begun), c.want, c.after)
			}
		}
		if err := port.Stop(t.Context()); err != nil {
			t.Errorf("Stop: %v", err)
		}
		if _, _, err := send(t.Context(), port, "GET", "/four", ""); !errors.Is(err, client.ErrStopped) {
			t.Errorf("after Stop: %v", err)
		}
	})
}
