// SPDX-License-Identifier: Apache-2.0

//go:build !race

package benchmarks_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// concurrent is how many calls wait for a slow server at a time.
const concurrent = 10_000

// TestMain serves instead of testing when it is told to: a server in a process
// of its own does not count in the memory of the calls.
func TestMain(m *testing.M) {
	if os.Getenv("PYFLY_SLOW_SERVER") != "" {
		serveSlowly()
		return
	}
	os.Exit(m.Run())
}

// serveSlowly answers no request before a line has come on standard input.
func serveSlowly() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		close(released)
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	var waiting atomic.Int32
	_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if waiting.Add(1) == concurrent {
			fmt.Println("all wait")
		}
		<-released
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(productJSON)
	}))
}

var released = make(chan struct{})

// slowServer starts the other process. allWait returns once all requests have
// come.
func slowServer(tb testing.TB) (base string, allWait, release func()) {
	tb.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), "PYFLY_SLOW_SERVER=1")
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := command.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = in.Close()
		_ = command.Wait()
	})
	lines := bufio.NewReader(out)
	line := func() string {
		text, err := lines.ReadString('\n')
		if err != nil {
			tb.Fatal(err)
		}
		return strings.TrimSpace(text)
	}
	return "http://" + line(), func() { line() }, func() { _, _ = io.WriteString(in, "\n") }
}

// memory is what the heap holds and the stacks take.
func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// perCall returns how many bytes each of many calls to a slow server takes.
func perCall(tb testing.TB, call func() error, allWait, release func()) uint64 {
	before := memory()
	var wg sync.WaitGroup
	for range concurrent {
		wg.Go(func() {
			if err := call(); err != nil {
				tb.Error(err)
			}
		})
	}
	allWait()
	used := memory() - before
	release()
	wg.Wait()
	return used / concurrent
}

// TestWhatAWaitingCallTakes: 10,000 calls that wait for a slow server take less
// than 40 KiB each, connection and all.
func TestWhatAWaitingCallTakes(t *testing.T) {
	if limit := openFiles(); limit < concurrent+1000 {
		t.Skipf("only %d files may be open", limit)
	}
	subjects := map[string]func(base string) func() error{
		"pyfly": func(base string) func() error { return declared(t, base) },
		"net/http by hand": func(base string) func() error {
			transport := http.DefaultTransport.(*http.Transport).Clone()
			t.Cleanup(transport.CloseIdleConnections)
			hand := &handWritten{base: base, client: &http.Client{Transport: transport}}
			return func() error {
				_, err := hand.get(context.Background(), "42")
				return err
			}
		},
	}
	for name, subject := range subjects {
		base, allWait, release := slowServer(t)
		used := perCall(t, subject(base), allWait, release)
		t.Logf("%s: %.1f KiB a call", name, float64(used)/1024)
		if name == "pyfly" && used > 40<<10 {
			t.Errorf("a waiting call takes %d bytes", used)
		}
	}
}
