// SPDX-License-Identifier: Apache-2.0

package clienttest

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pyfly-go/pyfly/client/port"
)

// answerCases are the rules for responses.
func answerCases() []conformanceCase {
	return []conformanceCase{
		{"status 200 is an answer", statusCheck(200)},
		{"status 204 is an answer", statusCheck(204)},
		{"status 404 is an answer", statusCheck(404)},
		{"status 500 is an answer", statusCheck(500)},
		{"headers and body of an answer can be read", checkBody},
		{"a body of exactly MaxResponseSize can be read", sizeCheck(1000, nil)},
		{"a body beyond MaxResponseSize is ErrTooLarge", sizeCheck(1001, port.ErrTooLarge)},
		{"a redirect to another host is an answer", checkRedirectToOtherHost},
		{"100 requests at once get each its own answer", checkConcurrent},
	}
}

func statusCheck(status int) func(*trial) error {
	return func(t *trial) error {
		adapter, err := t.serve(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }, port.PortConfig{})
		if err != nil {
			return err
		}
		got, err := t.fetch(t.ctx, adapter, "/")
		return cmp.Or(err, differs("status", got.status, status))
	}
}

func checkBody(t *trial) error {
	want := strings.Repeat("0123456789abcdef", 64<<10) // 1 MiB
	adapter, err := t.serve(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Answer", "yes")
		_, _ = io.WriteString(w, want)
	}, port.PortConfig{})
	if err != nil {
		return err
	}
	got, err := t.fetch(t.ctx, adapter, "/")
	if err == nil && got.body != want {
		err = fmt.Errorf("the body differs: got %d bytes, want %d", len(got.body), len(want))
	}
	return cmp.Or(err, differs("X-Answer", got.header.Get("X-Answer"), "yes"))
}

// sizeCheck uses a limit of 1000 bytes.
func sizeCheck(size int, want error) func(*trial) error {
	return func(t *trial) error {
		adapter, err := t.serve(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x", size))
		}, port.PortConfig{MaxResponseSize: 1000})
		if err != nil {
			return err
		}
		got, err := t.fetch(t.ctx, adapter, "/")
		if want != nil {
			return wantError(err, want)
		}
		return cmp.Or(err, differs("bytes read", len(got.body), size))
	}
}

func checkRedirectToOtherHost(t *trial) error {
	var seen atomic.Bool
	other := t.server(func(http.ResponseWriter, *http.Request) { seen.Store(true) })
	adapter, err := t.serve(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/", http.StatusFound)
	}, port.PortConfig{})
	if err != nil {
		return err
	}
	got, err := t.fetch(t.ctx, adapter, "/")
	if seen.Load() {
		return errors.New("the redirect was followed to another host")
	}
	return cmp.Or(err, differs("status", got.status, http.StatusFound))
}

func checkConcurrent(t *trial) error {
	adapter, err := t.serve(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Path)
	}, port.PortConfig{})
	if err != nil {
		return err
	}
	errs := make([]error, 100)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			path := "/" + strconv.Itoa(i)
			got, err := t.fetch(t.ctx, adapter, path)
			errs[i] = cmp.Or(err, differs("answer", got.body, path))
		})
	}
	wg.Wait()
	return cmp.Or(errs...)
}
