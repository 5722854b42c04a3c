// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestTheStreamComesBackAfterARestart(t *testing.T) {
	t.Parallel()
	service := newService(t)
	first := newApplication(t, service)
	first.start(t)
	isStopped := false
	t.Cleanup(func() {
		if !isStopped {
			first.stop(t)
		}
	})
	p := openConsole(t, first)
	first.openStock(t)
	p.await(`document.querySelector('article[data-client="stock-client"]').dataset.state === 'open'`)
	first.stop(t)
	isStopped = true
	p.await(`document.querySelector('#live').dataset.live === 'connecting'`)

	address, err := url.Parse(first.url)
	if err != nil {
		t.Fatal(err)
	}
	service.sick.Clear()
	second := newApplication(t, service, set("pyfly.actuator.port", address.Port()))
	second.start(t)
	t.Cleanup(func() { second.stop(t) })
	p.isLive()
	p.await(`document.querySelector('article[data-client="stock-client"]').dataset.state === 'closed'`)
	second.openStock(t)
	p.await(`document.querySelector('article[data-client="stock-client"]').dataset.state === 'open'`)
}

func TestBeyondLoopbackThePageAsksForTheToken(t *testing.T) {
	t.Parallel()
	app := startApplication(t, set("pyfly.actuator.address", "0.0.0.0"))
	address, err := url.Parse(app.url)
	if err != nil {
		t.Fatal(err)
	}
	app.url = fmt.Sprintf("http://127.0.0.1:%s%s", address.Port(), address.Path)
	p := newTab(t)
	p.visit(app.url + "/console/")
	giveToken(p, "not-the-token-of-it")
	p.await(`document.querySelector('#live').dataset.live === 'refused' && document.querySelector('#token-dialog').open`)
	if eval[bool](p, `document.querySelector('article[data-client]') !== null`) {
		t.Error("the page shows clients without the token")
	}
	giveToken(p, token)
	p.isLoaded()
	p.await(`document.querySelectorAll('article[data-client]').length === 3`)
	if kept := eval[string](p, `JSON.stringify(localStorage) + document.cookie + location.href`); strings.Contains(kept, token) {
		t.Error("the token is kept for longer than the tab: ", kept)
	}
	for _, request := range p.asked() {
		if strings.Contains(request, token) {
			t.Error("the token is in an address: ", request)
		}
	}
	for _, view := range views {
		p.show(view)
	}
	p.await(`document.querySelectorAll('tr[data-key]').length > 5`)
}

func TestAPageThatIsLeftFreesItsStream(t *testing.T) {
	t.Parallel()
	app := startApplication(t, set("pyfly.actuator.max-streams", 1))
	first := openConsole(t, app)
	first.visit(app.url + "/info")
	second := openConsole(t, app)
	second.await(`document.querySelectorAll('article[data-client]').length === 3`)
}

func TestAPageTooManyWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	app := startApplication(t, set("pyfly.actuator.max-streams", 1))
	first := openConsole(t, app)
	second := newTab(t)
	second.visit(app.url + "/console/")
	second.await(`/again/.test(document.querySelector('#live').textContent)`)
	if err := chromedp.Cancel(first.ctx); err != nil { // it closes the tab
		t.Fatal(err)
	}
	second.isLoaded()
	second.await(`document.querySelectorAll('article[data-client]').length === 3`)
}
