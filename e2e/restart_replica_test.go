// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const serviceFolder = "../examples/service"

// builtService is the path of the program examples/service.
type builtService string

func buildService(t *testing.T) builtService {
	t.Helper()
	path := filepath.Join(t.TempDir(), "service")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".")
	build.Dir = serviceFolder
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return builtService(path)
}

// replica is a process of the service.
type replica struct {
	process  *exec.Cmd
	address  string // of the service
	actuator string // URL
	exited   chan struct{}
	err      error // of its end
}

// run starts a replica and waits until it listens.
func (s builtService) run(t *testing.T, inventory, delay string) *replica {
	t.Helper()
	r := &replica{process: exec.Command(string(s)), exited: make(chan struct{})}
	r.process.Dir = serviceFolder
	r.process.Env = append(os.Environ(),
		"PYFLY_SERVER_ADDRESS=127.0.0.1:0", "PYFLY_ACTUATOR_PORT=0", "PYFLY_LOGGING_FORMAT=json",
		"PYFLY_CLIENT_SERVICES_INVENTORY_CLIENT_BASE_URL="+inventory, "PYFLY_CONTEXT_SHUTDOWN_DELAY="+delay)
	log, err := r.process.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.process.Process.Kill(); <-r.exited })
	listens := make(chan [2]string, 1)
	go func() {
		defer close(r.exited)
		follow(log, listens)
		r.err = r.process.Wait()
	}()
	select {
	case urls := <-listens:
		r.address, r.actuator = strings.TrimPrefix(urls[0], "http://"), urls[1]
	case <-r.exited:
		t.Fatalf("the service has ended: %v", r.err)
	case <-time.After(15 * time.Second):
		t.Fatal("the service does not listen")
	}
	return r
}

// follow reads a log to its end, and says where service and actuator listen.
func follow(log io.Reader, listens chan<- [2]string) {
	var urls [2]string
	for lines := bufio.NewScanner(log); lines.Scan(); {
		var record struct{ Msg, URL string }
		if json.Unmarshal(lines.Bytes(), &record) != nil {
			continue
		}
		switch record.Msg {
		case "the service listens":
			urls[0] = record.URL
		case "the actuator is listening":
			urls[1] = record.URL
		default:
			continue
		}
		if urls[0] != "" && urls[1] != "" {
			listens <- urls
		}
	}
}

// stop ends the replica as Kubernetes does.
func (r *replica) stop(t *testing.T) {
	t.Helper()
	if err := r.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-r.exited:
	case <-time.After(15 * time.Second):
		t.Fatal("the service does not end")
	}
	if r.err != nil {
		t.Errorf("the service ended with %v", r.err)
	}
}
