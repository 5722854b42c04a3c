// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/examples/catalog/server"
)

// What is shown here needs a real connection.

func TestDropClosesTheConnectionWithoutAnAnswer(t *testing.T) {
	s, client := started(t)
	setFault(t, s, server.Fault{Mode: server.ModeDrop, Count: 1})
	_, err := client.Post(s.URL()+"/payments", "application/json", strings.NewReader(order))
	if !errors.Is(err, io.EOF) {
		t.Errorf("error %v, want EOF", err)
	}
	if len(s.Payments()) != 0 {
		t.Errorf("executed %v", s.Payments())
	}
	r, err := client.Post(s.URL()+"/payments", "application/json", strings.NewReader(order))
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	wantStatus(t, r, 201)
}

func TestDropSendsNotAByte(t *testing.T) {
	s, _ := started(t)
	setFault(t, s, server.Fault{Mode: server.ModeDrop})
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET /products HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(conn); len(got) != 0 {
		t.Errorf("received %q", got)
	}
}

// charge sends a payment of which the returned channel tells when the service
// has begun with it: only then it asks for the body.
func charge(ctx context.Context, t *testing.T, s *server.Server) (begun, failed <-chan error) {
	t.Helper()
	reading, result := make(chan error, 1), make(chan error, 1)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got100Continue: func() { reading <- nil }})
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL()+"/payments", strings.NewReader(order))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Expect", "100-continue")
	transport := &http.Transport{ExpectContinueTimeout: time.Minute}
	go func() {
		defer transport.CloseIdleConnections()
		answer, err := transport.RoundTrip(r)
		if err == nil {
			err = errors.Join(errors.New(answer.Status), answer.Body.Close())
		}
		result <- err
	}()
	return reading, result
}

func TestAClientThatLeavesASlowServiceFreesIt(t *testing.T) {
	s, _ := started(t)
	setFault(t, s, server.Fault{Mode: server.ModeSlow, Delay: "1h"})
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	begun, failed := charge(ctx, t, s)
	<-begun
	leave()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("the client got %v", err)
	}
	limited, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.Stop(limited); err != nil {
		t.Errorf("the request goes on without its client: %v", err)
	}
	if len(s.Payments()) != 0 {
		t.Errorf("executed %v", s.Payments())
	}
}

func TestStopCutsWhatOutlastsItsContext(t *testing.T) {
	s, _ := started(t)
	setFault(t, s, server.Fault{Mode: server.ModeSlow, Delay: "1h"})
	begun, failed := charge(t.Context(), t, s)
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Stop(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Stop: %v, want the error of its context", err)
	}
	if err := <-failed; err == nil || strings.HasPrefix(err.Error(), "201") {
		t.Errorf("the client got %v", err)
	}
	if len(s.Payments()) != 0 {
		t.Errorf("executed %v", s.Payments())
	}
}

func TestStopCutsARequestOfWhichHalfCame(t *testing.T) {
	s, _ := started(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	const head = "POST /payments HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 37\r\n\r\n"
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	interim := make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))
	if _, err := io.ReadFull(conn, interim); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	stopping := time.Now()
	if err := s.Stop(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Stop: %v, want the error of its context", err)
	}
	if took := time.Since(stopping); took > 20*time.Second { // the time limit of reading is 30s
		t.Errorf("it waited %s for the rest", took)
	}
}

func TestStopLetsRequestsFinish(t *testing.T) {
	s, _ := started(t)
	setFault(t, s, server.Fault{Mode: server.ModeSlow, Delay: "50ms"})
	begun, answered := charge(t.Context(), t, s)
	<-begun
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-answered; err == nil || !strings.HasPrefix(err.Error(), "201") {
		t.Errorf("the client got %v, want 201", err)
	}
}
