// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browser is one for all tests; each has a tab, with storage, of its own.
var browser sharedBrowser

// sharedBrowser is started by the test that needs it first.
type sharedBrowser struct {
	once   sync.Once
	ctx    context.Context
	cancel []context.CancelFunc // the last first
	folder string
	err    error
}

const (
	startLimit = 60 * time.Second
	closeLimit = 20 * time.Second
)

func (b *sharedBrowser) get(t *testing.T) context.Context {
	t.Helper()
	path := program(t, "chromium", "chromium-browser", "google-chrome")
	b.once.Do(func() { b.err = b.start(path) })
	if b.err != nil {
		t.Fatal("the browser does not start: ", b.err)
	}
	return b.ctx
}

func (b *sharedBrowser) start(path string) error {
	folder, err := os.MkdirTemp("", "pyfly-e2e")
	if err != nil {
		return err
	}
	b.folder = folder
	flags := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(folder), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("headless", "new"),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"), // whatever it wants to ask, it stays here
	}
	for _, name := range []string{
		"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "disable-default-apps", "disable-extensions",
		"disable-dev-shm-usage", "disable-background-timer-throttling", "disable-renderer-backgrounding", "disable-backgrounding-occluded-windows",
		"metrics-recording-only", "mute-audio", "enable-precise-memory-info",
	} {
		flags = append(flags, chromedp.Flag(name, true))
	}
	allocator, release := chromedp.NewExecAllocator(context.Background(), flags...)
	ctx, cancel := chromedp.NewContext(allocator)
	b.ctx, b.cancel = ctx, []context.CancelFunc{cancel, release}
	started := make(chan error, 1)
	go func() { started <- chromedp.Do(ctx) }()
	select {
	case err := <-started:
		return err
	case <-time.After(startLimit):
		cancel()
		return errors.Join(errors.New("it takes too long"), <-started)
	}
}

func (b *sharedBrowser) close() error {
	if b.ctx == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(b.ctx, closeLimit)
	defer cancel()
	err := chromedp.Cancel(ctx)
	for _, cancel := range b.cancel {
		cancel()
	}
	return errors.Join(err, os.RemoveAll(b.folder))
}
