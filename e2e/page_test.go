// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdpfetch "github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// limit is how long a test waits for what should be there soon.
const limit = 20 * time.Second

// page is a tab, and what it complains of.
type page struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string // warnings, errors, requests that failed
	requests   []string // addresses
	held       chan cdpfetch.RequestID
}

// newTab opens a tab with storage of its own.
func newTab(t *testing.T) *page {
	t.Helper()
	shared := browser.get(t)
	p := &page{t: t, held: make(chan cdpfetch.RequestID, 1)}
	ctx, cancel := chromedp.NewContext(shared, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.hear))
	p.ctx = ctx
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, command(network.Enable), command(log.Enable), chromedp.EmulateViewport(1280, 900),
		command(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}), p.beforeScripts(keepViolations)); err != nil {
		t.Fatal(err)
	}
	return p
}

// openConsole opens the console of an application and waits until it is live.
func openConsole(t *testing.T, app *application) *page {
	t.Helper()
	p := newTab(t)
	p.visit(app.url + "/console/")
	p.isLoaded()
	return p
}

// keepViolations keeps reports of what the page's policy has refused.
const keepViolations = `window.violations = [];
document.addEventListener('securitypolicyviolation', (e) => window.violations.push(e.effectiveDirective + ' refuses ' + e.blockedURI));`

func command[P any, R any](method cdp.Command[P, R], params ...P) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		var p P
		if len(params) > 0 {
			p = params[0]
		}
		_, err := cdp.Call(ctx, target, method, p)
		return chromedp.Void{}, err
	}
}

func (p *page) beforeScripts(source string) chromedp.Action[chromedp.Void] {
	return command(cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: source})
}

// hear keeps what the browser says of the page.
func (p *page) hear(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	complain := func(format string, args ...any) { p.complaints = append(p.complaints, fmt.Sprintf(format, args...)) }
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	case *cdpfetch.EventRequestPaused:
		p.held <- e.RequestID
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			complain("%d for %s", e.Response.Status, e.Response.URL)
		}
	case *network.EventLoadingFailed:
		if !e.Canceled {
			complain("%s, %s", e.ErrorText, e.BlockedReason)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			complain("%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case *runtime.EventConsoleAPICalled:
		if slices.Contains([]string{"error", "warning", "assert"}, string(e.Type)) {
			complain("console.%s: %s", e.Type, texts(e.Args))
		}
	case *runtime.EventExceptionThrown:
		complain("%s: %s", e.ExceptionDetails.Text, texts([]*runtime.RemoteObject{e.ExceptionDetails.Exception}))
	}
}

func texts(args []*runtime.RemoteObject) string {
	var all []string
	for _, arg := range args {
		if arg != nil {
			all = append(all, string(arg.Value)+arg.Description)
		}
	}
	return strings.Join(all, " ")
}

// complained is what the page has complained of until now.
func (p *page) complained() []string {
	violations := eval[[]string](p, `window.violations`)
	p.mu.Lock()
	defer p.mu.Unlock()
	return append(slices.Clone(p.complaints), violations...)
}

// asked are the addresses that the page has asked for until now.
func (p *page) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

func (p *page) isQuiet() {
	p.t.Helper()
	for _, complaint := range p.complained() {
		p.t.Error("the page complains: ", complaint)
	}
}

func (p *page) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

func (p *page) visit(url string) {
	p.t.Helper()
	p.do("visit "+url, chromedp.Navigate(url))
}

// show goes to a view as a link does.
func (p *page) show(view string) {
	p.t.Helper()
	p.click(fmt.Sprintf(`#nav a[href="#%s"]`, view))
	p.await(fmt.Sprintf(`document.querySelector('.view:not([hidden])').dataset.view === %q`, view))
}

// click is that of a mouse.
func (p *page) click(selector string) {
	p.t.Helper()
	p.await(fmt.Sprintf(`document.querySelector(%q)?.checkVisibility()`, selector))
	p.do("click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

func (p *page) typeInto(selector, text string) {
	p.t.Helper()
	p.do("type into "+selector, chromedp.SendKeys(chromedp.CSS(selector), text))
}

func (p *page) press(keys string) {
	p.t.Helper()
	p.do("press a key", chromedp.KeyEvent(keys))
}

func (p *page) isLive() {
	p.t.Helper()
	p.await(`document.querySelector('#live').dataset.live === 'live'`)
}

// isLoaded waits until the stream is live and what it is asked for at first has
// been shown: history comes last.
func (p *page) isLoaded() {
	p.t.Helper()
	p.isLive()
	p.await(`performance.getEntriesByType('resource').some((r) => r.name.endsWith('/history') && r.responseEnd > 0)`)
}

func (p *page) text(selector string) string {
	p.t.Helper()
	return eval[string](p, fmt.Sprintf(`document.querySelector(%q)?.textContent ?? 'there is none'`, selector))
}

// await waits until a JavaScript expression is truthy. It looks at each frame.
func (p *page) await(expression string) {
	p.t.Helper()
	look := fmt.Sprintf(`new Promise((resolve) => {
		const look = () => ((%s) ? resolve(true) : requestAnimationFrame(look));
		look();
	})`, expression)
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](look, chromedp.EvalAwaitPromise)); err != nil {
		p.t.Fatalf("%s does not come true: %v\ncomplaints: %q", expression, err, p.complained())
	}
}

// nextFrame waits until the page has been drawn once more.
func (p *page) nextFrame() {
	p.t.Helper()
	eval[bool](p, `new Promise((resolve) => requestAnimationFrame(() => resolve(true)))`)
}

// eval is the value of a JavaScript expression, awaited if it is a promise.
func eval[T any](p *page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}
