// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
)

func TestStopWaitsForTheHandlersThatItCuts(t *testing.T) {
	begun := make(chan struct{})
	var ended atomic.Bool
	l, err := listen(t.Context(), "127.0.0.1:0", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		for range 10_000 {
			runtime.Gosched()
		}
		ended.Store(true)
	}))
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	failed := make(chan error, 1)
	go func() {
		answer, err := (&http.Client{Transport: transport}).Get(l.url)
		if err == nil {
			_ = answer.Body.Close()
		}
		failed <- err
	}()
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.stop(ctx); err == nil {
		t.Error("stop does not say that it cut a request")
	}
	if !ended.Load() {
		t.Error("stop returned before the handler did")
	}
	<-failed
}
