// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/chromedp/chromedp"
)

// picture is one of the pictures in the guides.
type picture struct {
	name          string // the file is docs/images/console-<name>.png
	view          string // the part of the page
	theme         string
	after         string        // what the example has printed by then
	settle        time.Duration // and for how long after that the page is watched
	ready         string        // selector of what the view has to show
	width, height int64
	scale         float64
}

const (
	width  = 1280
	height = 800
	// maxSize keeps the repository small.
	maxSize = 200_000
)

const (
	paymentsFail = "payment service fails"
	productsSlow = "products are slow"
	allIsWell    = "all works again"
)

// pictures stand in the order in which the example comes to them.
var pictures = []picture{
	{name: "failing-light", view: "clients", theme: "light", after: paymentsFail, settle: 7 * time.Second, ready: "#cards > *"},
	{name: "failing-dark", view: "clients", theme: "dark", ready: "#cards > *", settle: time.Second},
	{name: "phone", view: "clients", theme: "light", ready: "#cards > *", width: 390, height: 844, scale: 2, settle: time.Second},
	{name: "events", view: "events", theme: "light", after: productsSlow, settle: 13 * time.Second, ready: "#event-log tbody tr"},
	{name: "timeline", view: "timeline", theme: "light", after: allIsWell, settle: 2 * time.Second, ready: "#lanes > *", height: 560},
	{name: "beans", view: "beans", theme: "light", ready: "#graph canvas", settle: 2 * time.Second},
	{name: "startup", view: "startup", theme: "light", ready: "#waterfall > *", settle: time.Second},
	{name: "settings", view: "settings", theme: "light", ready: "#settings-table tbody tr", settle: time.Second},
}

// browser is a headless Chromium with one page.
type browser struct{ ctx context.Context }

func startBrowser(ctx context.Context, program string) (*browser, func()) {
	allocator, stop := chromedp.NewExecAllocator(ctx,
		chromedp.ExecPath(program), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.NoDefaultBrowserCheck, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true),
	)
	page, closePage := chromedp.NewContext(allocator)
	return &browser{page}, func() { closePage(); stop() }
}

// takeAll takes the pictures while the example plays its phases.
func (b *browser) takeAll(ctx context.Context, e *example, to string, rounds int) error {
	if err := chromedp.Do(b.ctx, chromedp.Navigate(e.url)); err != nil {
		return fmt.Errorf("the console cannot be opened: %w", err)
	}
	for _, p := range pictures {
		if p.after != "" {
			if err := e.waitFor(ctx, p.after, rounds+1); err != nil {
				return err
			}
		}
		if err := b.take(p, to); err != nil {
			return fmt.Errorf("the picture %s: %w", p.name, err)
		}
	}
	return nil
}

func (b *browser) take(p picture, to string) error {
	p.width, p.height, p.scale = orElse(p.width, width), orElse(p.height, height), orElse(p.scale, 1)
	err := chromedp.Do(b.ctx,
		chromedp.EmulateViewport(p.width, p.height, chromedp.EmulateScale(p.scale)),
		chromedp.Evaluate[chromedp.Void](fmt.Sprintf("location.hash = %q", p.view)),
		chromedp.Click(chromedp.CSS(fmt.Sprintf("[data-theme-choice=%q]", p.theme))),
		chromedp.WaitVisible(chromedp.CSS(p.ready)),
		chromedp.Sleep(p.settle),
	)
	if err != nil {
		return err
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	if len(png) > maxSize {
		return fmt.Errorf("it has %d bytes, more than %d: make it smaller", len(png), maxSize)
	}
	path := filepath.Join(to, "console-"+p.name+".png")
	fmt.Printf("%s: %d KB\n", path, len(png)/1000)
	return os.WriteFile(path, png, 0o644)
}

func orElse[N int64 | float64](n, otherwise N) N {
	if n == 0 {
		return otherwise
	}
	return n
}
