// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/kernel"
)

// generated is what a generator would write for a method of catalog: no
// reflection, the same engine.
type generated struct{ get *client.Operation }

func (g generated) Get(ctx context.Context, id string) (p Product, err error) {
	err = g.get.Do(ctx, client.Message{Path: "/products/" + id}, func(_ int, _ http.Header, body []byte) error {
		return json.Unmarshal(body, &p)
	})
	return p, err
}

func TestAnOperationRunsWithoutItsFunction(t *testing.T) {
	requests := 0
	c := wire[catalog](t, map[string]any{"pyfly.client.services.catalog.retry.base-delay": "0s"}, portFunc(func(r *http.Request) (*http.Response, error) {
		requests++
		switch {
		case r.URL.Path == "/products/missing":
			return answer(404, ""), nil
		case requests < 3:
			return answer(503, ""), nil
		case r.Body != nil:
			body, _ := io.ReadAll(r.Body)
			return answer(200, string(body)+" "+r.Header.Get("Content-Type")+" "+r.Header.Get("X-A")), nil
		}
		return answer(200, `{"name":"rake"}`), nil
	}))
	op, err := c.Operation("Get")
	if err != nil {
		t.Fatal(err)
	}
	g := generated{op}
	if p, err := g.Get(t.Context(), "1"); err != nil || p.Name != "rake" || requests != 3 {
		t.Errorf("got %v, %v after %d requests", p, err, requests)
	}
	var failed *client.Error
	if _, err := g.Get(t.Context(), "missing"); !errors.Is(err, client.ErrNotFound) || !errors.As(err, &failed) || failed.Method != "Get" {
		t.Errorf("got %v", err)
	}
	broken := errors.New("no product")
	err = op.Do(t.Context(), client.Message{Path: "/"}, func(int, http.Header, []byte) error { return broken })
	if !errors.Is(err, broken) || !errors.Is(err, client.ErrDecode) {
		t.Errorf("got %v", err)
	}

	create, err := c.Operation("Create")
	if err != nil {
		t.Fatal(err)
	}
	response, err := create.Open(t.Context(), client.Message{Path: "/", Body: []byte("data"), ContentType: "text/x", Header: http.Header{"X-A": {"1"}}})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(response.Body); string(text) != "data text/x 1" || err != nil {
		t.Errorf("read %q, %v", text, err)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
}

func TestAnOperationRefusesWhatCannotBeSent(t *testing.T) {
	c := wire[catalog](t, nil, portFunc(func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return answer(200, ""), nil
	}))
	op, err := c.Operation("Get")
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]client.Message{
		"no slash": {Path: "products"}, "dots": {Path: "/a/../b"}, "escaped dots": {Path: "/%2e%2E/b"}, "a query": {Path: "/a?b"},
		"a line break": {Path: "/a\r\nb"}, "a header": {Path: "/", Header: http.Header{"A b": {"1"}}}, "a value": {Path: "/", Header: http.Header{"A": {"1\n"}}},
		"a fragment": {Path: "/", Query: "a#b"},
	} {
		if err := op.Do(t.Context(), m, nil); !errors.Is(err, client.ErrInvalidRequest) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := op.Open(t.Context(), m); !errors.Is(err, client.ErrInvalidRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var none context.Context
	if err := op.Do(none, client.Message{Path: "/"}, nil); !errors.Is(err, client.ErrInvalidRequest) {
		t.Errorf("no context: %v", err)
	}
	if _, err := c.Operation("Nothing"); !errors.Is(err, client.ErrDeclaration) || !strings.Contains(err.Error(), "Nothing") {
		t.Errorf("an unknown method: %v", err)
	}
	var notWired *kernel.NotWiredError
	if _, err := (&catalog{}).Operation("Get"); !errors.As(err, &notWired) {
		t.Errorf("a client that is not wired: %v", err)
	}
	if _, err := client.NewStub[catalog]().Operation("Get"); !errors.As(err, &notWired) {
		t.Errorf("a stub: %v", err)
	}
}
