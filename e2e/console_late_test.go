// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strconv"
	"strings"
	"testing"
	"time"

	cdpfetch "github.com/chromedp/cdproto/fetch"
)

// hold keeps the answers of an endpoint from the page.
func (p *page) hold(endpoint string) {
	p.t.Helper()
	p.do("hold "+endpoint, command(cdpfetch.Enable, cdpfetch.EnableParams{
		Patterns: []*cdpfetch.RequestPattern{{URLPattern: "*/actuator/" + endpoint, RequestStage: cdpfetch.RequestStageResponse}},
	}))
}

// holds waits until an answer is held.
func (p *page) holds() cdpfetch.RequestID {
	p.t.Helper()
	select {
	case id := <-p.held:
		return id
	case <-time.After(limit):
		p.t.Fatal("no answer is held")
		return ""
	}
}

// release lets an answer go to the page, and all that follow.
func (p *page) release(id cdpfetch.RequestID) {
	p.t.Helper()
	p.do("release the answer", command(cdpfetch.ContinueRequest, cdpfetch.ContinueRequestParams{RequestID: id}), command(cdpfetch.Disable))
}

// An answer from before the circuit opened may come after the news of it.
func TestALateAnswerDoesNotShowAnOpenCircuitAsClosed(t *testing.T) {
	for _, endpoint := range []string{"history", "clients"} {
		t.Run(endpoint, func(t *testing.T) {
			t.Parallel()
			app := startApplication(t)
			p := newTab(t)
			p.hold(endpoint)
			p.visit(app.url + "/console/")
			id := p.holds()
			p.isLive()
			p.await(`document.querySelector('article[data-client="stock-client"]')?.dataset.state === 'closed'`) // a tick says so, if nothing else
			eval[bool](p, `(() => {
				const card = document.querySelector('article[data-client="stock-client"]');
				window.states = [];
				new MutationObserver(() => window.states.push(card.dataset.state)).observe(card, { attributes: true, attributeFilter: ['data-state'] });
				return true;
			})()`)
			app.openStock(t)
			p.await(`window.states.includes('open')`)
			p.release(id)
			p.isLoaded()
			ticks := p.text("#verdict-text")
			p.await(`document.querySelector('#verdict-text').textContent !== ` + strconv.Quote(ticks)) // the seconds count on
			if states := eval[[]string](p, `window.states`); strings.Join(states, " ") != "open" {
				t.Errorf("the card showed %q", states)
			}
		})
	}
}
