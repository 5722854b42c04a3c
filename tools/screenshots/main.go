// SPDX-License-Identifier: Apache-2.0

// Screenshots takes the pictures of the console for the guides: it runs the
// console example and opens its page in a headless Chromium.
//
//	go run . -to ../../docs/images
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

func main() {
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	example := flag.String("example", "../../examples/console", "the `folder` of the console example")
	to := flag.String("to", "../../docs/images", "the `folder` to write the pictures to")
	chromium := flag.String("chromium", "chromium", "the browser's `program`")
	phase := flag.Duration("phase", 15*time.Second, "how `long` each phase of the example takes")
	rounds := flag.Int("rounds", 3, "how often the example has played all its phases before the pictures are taken, for charts with something in them")
	flag.Parse()
	if err := run(ctx, *example, *to, *chromium, *phase, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, folder, to, chromium string, phase time.Duration, rounds int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(rounds+2)*phases*phase)
	defer cancel()
	e, err := startExample(ctx, folder, phase)
	if err != nil {
		return err
	}
	b, stop := startBrowser(ctx, chromium)
	defer stop()
	return errors.Join(b.takeAll(ctx, e, to, rounds), e.stop())
}

// phases is the number of phases of the example.
const phases = 4

// example is the console example as a process.
type example struct {
	cmd     *exec.Cmd
	program string
	url     string // of the console

	mu      sync.Mutex
	printed strings.Builder
	changed chan struct{} // closed and replaced when it prints
	ended   chan struct{}
}

var address = regexp.MustCompile(`the console:\s+(http://\S+)`)

func startExample(ctx context.Context, folder string, phase time.Duration) (*example, error) {
	program, err := build(ctx, folder)
	if err != nil {
		return nil, err
	}
	e := &example{program: program, changed: make(chan struct{}), ended: make(chan struct{})}
	e.cmd = exec.CommandContext(ctx, program, "-port", "0", "-phase", phase.String())
	e.cmd.Dir, e.cmd.Stderr = folder, os.Stderr
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, os.Remove(program))
	}
	if err := e.cmd.Start(); err != nil {
		return nil, errors.Join(err, os.Remove(program))
	}
	go e.read(out)
	if err := e.waitFor(ctx, "its token", 1); err != nil {
		return nil, errors.Join(err, e.stop())
	}
	e.url = address.FindStringSubmatch(e.text())[1] + "/"
	return e, nil
}

// build compiles the example under a name that the page can show.
func build(ctx context.Context, folder string) (string, error) {
	dir, err := os.MkdirTemp("", "screenshots")
	if err != nil {
		return "", err
	}
	program := dir + "/shop"
	cmd := exec.CommandContext(ctx, "go", "build", "-o", program, ".")
	cmd.Dir, cmd.Stderr = folder, os.Stderr
	return program, cmd.Run()
}

func (e *example) read(out io.Reader) {
	defer close(e.ended)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		fmt.Println(lines.Text())
		e.mu.Lock()
		e.printed.WriteString(lines.Text() + "\n")
		close(e.changed)
		e.changed = make(chan struct{})
		e.mu.Unlock()
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots: the output of the example cannot be read:", err)
	}
}

func (e *example) text() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.printed.String()
}

// waitFor returns when the example has printed a text so many times.
func (e *example) waitFor(ctx context.Context, text string, times int) error {
	for {
		e.mu.Lock()
		found, changed := strings.Count(e.printed.String(), text) >= times, e.changed
		e.mu.Unlock()
		if found {
			return nil
		}
		select {
		case <-changed:
		case <-e.ended:
			return fmt.Errorf("the example ended before it printed %q", text)
		case <-ctx.Done():
			return fmt.Errorf("waiting for the example to print %q: %w", text, ctx.Err())
		}
	}
}

func (e *example) stop() error {
	_ = e.cmd.Process.Signal(os.Interrupt)
	<-e.ended
	return errors.Join(e.cmd.Wait(), os.RemoveAll(strings.TrimSuffix(e.program, "/shop")))
}
