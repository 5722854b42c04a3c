// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
	"github.com/pyfly-go/pyfly/resilience"
)

func TestNoRequestLeavesTheOrigin(t *testing.T) {
	t.Parallel()
	app := startApplication(t)
	p := openConsole(t, app)
	for _, view := range views {
		p.show(view)
	}
	p.await(`document.querySelectorAll('tr[data-key]').length > 5 && document.querySelector('#graph-wait').hidden`)
	asked := p.asked()
	for _, request := range asked {
		if !strings.HasPrefix(request, app.url+"/") && !strings.HasPrefix(request, "data:") {
			t.Error("the page asks for ", request)
		}
	}
	if len(asked) < 20 {
		t.Errorf("only %d requests were seen", len(asked))
	}
}

func TestThePolicyRefusesOtherOriginsAndInlineScript(t *testing.T) {
	t.Parallel()
	var hits atomic.Int32
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		hits.Add(1)
		w.Header().Set("Access-Control-Allow-Origin", "*")
	}))
	t.Cleanup(foreign.Close)
	p := openConsole(t, startApplication(t))
	eval[bool](p, `(() => { // the policy of scripts is to hold for one who has got past trusted types
		const same = (text) => text;
		window.trusted = trustedTypes.createPolicy('pyfly-console-layout', { createHTML: same, createScript: same, createScriptURL: same });
		return true;
	})()`)
	for _, attempt := range attempts {
		script := strings.ReplaceAll(attempt.script, "FOREIGN", foreign.URL)
		if got := eval[string](p, script); got != "refused" {
			t.Errorf("%s is %s", attempt.what, got)
		}
	}
	for _, directive := range []string{"connect-src", "img-src", "script-src-elem", "script-src-attr", "script-src ", "require-trusted-types-for", "trusted-types", "style-src-attr", "form-action", "base-uri"} {
		p.await(fmt.Sprintf(`window.violations.some((v) => v.startsWith(%q))`, directive))
	}
	if n := hits.Load(); n > 0 {
		t.Errorf("the other origin was asked %d times", n)
	}
}

// attempts are what the page's policy is to refuse. Each script says "refused",
// or "done".
var attempts = []struct{ what, script string }{
	{"a request to another origin", `fetch('FOREIGN').then(() => 'done', () => 'refused')`},
	{"a beacon to another origin", `(navigator.sendBeacon('FOREIGN', 'x'), 'refused')`}, // the hits tell
	{"a policy of trusted types", `(() => { try { trustedTypes.createPolicy('other', {}); return 'done'; } catch { return 'refused'; } })()`},
	{"an image of another origin", `new Promise((resolve) => {
		const img = new Image();
		img.onload = () => resolve('done');
		img.onerror = () => resolve('refused');
		img.src = 'FOREIGN';
	})`},
	{"a script of another origin", `new Promise((resolve) => {
		const script = document.createElement('script');
		script.onload = () => resolve('done');
		script.onerror = () => resolve('refused');
		script.src = trusted.createScriptURL('FOREIGN');
		document.head.append(script);
	})`},
	{"an inline script", `(() => {
		const script = document.createElement('script');
		script.textContent = trusted.createScript('window.ran = 1');
		document.head.append(script);
		return window.ran ? 'done' : 'refused';
	})()`},
	{"an inline handler", `(() => {
		const button = document.createElement('button');
		button.setAttribute('onclick', trusted.createScript('window.handled = 1'));
		button.click();
		return window.handled ? 'done' : 'refused';
	})()`},
	{"eval", `new Promise((resolve) => setTimeout(() => {
		try { resolve((0, eval)(trusted.createScript('"done"'))); } catch { resolve('refused'); }
	}))`},
	{"innerHTML", `(() => { try { document.body.innerHTML += '<b>x</b>'; return 'done'; } catch { return 'refused'; } })()`},
	{"a style attribute", `(() => {
		const box = document.createElement('div');
		box.setAttribute('style', 'width: 1px');
		return box.style.width ? 'done' : 'refused';
	})()`},
	{"a form for another origin", `(() => {
		const form = document.createElement('form');
		form.action = 'FOREIGN';
		document.body.append(form);
		form.submit();
		return 'refused'; // the hits tell
	})()`},
	{"another base of addresses", `(() => {
		const base = document.createElement('base');
		base.href = 'FOREIGN';
		document.head.append(base);
		return document.baseURI.startsWith('FOREIGN') ? 'done' : 'refused';
	})()`},
}

func TestAnotherSiteCanNeitherReadNorSwitchNorFrame(t *testing.T) {
	t.Parallel()
	app := startApplication(t, set("pyfly.actuator.token", token))
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<!DOCTYPE html><title>elsewhere</title><iframe src="%s/console/"></iframe>`, app.url)
	}))
	t.Cleanup(foreign.Close)
	p := newTab(t)
	p.visit(foreign.URL)
	for _, path := range []string{"/health", "/events", "/configprops"} {
		if got := eval[string](p, fmt.Sprintf(`fetch(%q).then((r) => r.text(), () => 'refused')`, app.url+path)); got != "refused" {
			t.Errorf("another site reads %s: %s", path, got)
		}
	}
	eval[string](p, fmt.Sprintf(`fetch(%q, { method: 'POST', mode: 'no-cors', body: '{"updateState":"FORCE_OPEN"}' }).then(() => 'sent', () => 'refused')`, app.url+"/circuitbreakers/payment-client"))
	app.paymentIs(t, resilience.StateClosed)
	deadline := time.After(limit)
	for !strings.Contains(strings.Join(p.complained(), "\n"), "frame-ancestors") {
		select {
		case <-deadline:
			t.Fatalf("the console can be framed: %q", p.complained())
		default:
			p.nextFrame()
		}
	}
}

func TestAddressesThatPointAtANameAreRefused(t *testing.T) {
	t.Parallel()
	app := startApplication(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, app.url+"/console/", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "rebound.example:80"
	response, err := httpClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("a name that somebody's DNS leads here gets %d", response.StatusCode)
	}
}

type sickPart struct{}

// Health implements [lifecycle.HealthIndicator].
func (sickPart) Health(context.Context) lifecycle.Health {
	return lifecycle.Health{Status: lifecycle.HealthDegraded, Details: map[string]any{"why": html}}
}

// html is what does harm where it is taken for more than text.
const html = `<img src=x onerror="window.ran=1"><script>window.ran=1</script>`

func TestHTMLInNamesIsTextAndRunsNothing(t *testing.T) {
	t.Parallel()
	app := startApplication(t, set("shop.greeting", html), register(newPart, container.Named(html)),
		register(func() *sickPart { return &sickPart{} }, container.Named("sick"+html)))
	p := openConsole(t, app)
	lifecycle.Publish(app.Events(), client.PolicyEvent{
		Kind: client.EventStateChanged, At: time.Now(), Client: html, Method: html, Name: html + "/breaker", From: resilience.StateClosed, To: resilience.StateOpen, Err: errors.New(html),
	})
	contains := func(selector string) {
		t.Helper()
		p.await(fmt.Sprintf(`document.querySelector(%q)?.textContent.includes(%q)`, selector, html))
	}
	contains("#cards")
	contains("#verdict")
	contains("#health-components")
	p.show("timeline")
	contains("#timeline-table")
	p.show("events")
	contains("#event-log")
	p.show("settings")
	contains(`tr[data-key="shop.greeting"]`)
	p.show("startup")
	p.typeInto("#startup-filter", "<img")
	contains("#waterfall")
	p.show("beans")
	p.await(`document.querySelector('#graph-wait').hidden`)
	p.typeInto("#bean-search", "<img")
	contains("#bean-details")
	if eval[bool](p, `Boolean(window.ran) || document.querySelector('img') !== null || document.querySelector('body script') !== null`) {
		t.Error("a name became part of the page")
	}
	if violations := eval[[]string](p, `window.violations`); len(violations) > 0 {
		t.Errorf("the policy had to refuse %q", violations)
	}
}
