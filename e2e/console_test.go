// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/lifecycle"
	"github.com/pyfly-go/pyfly/resilience"
)

// views are those of the console, by their fragment.
var views = []string{"clients", "timeline", "beans", "startup", "settings", "events"}

func TestThePageLoadsWithoutComplaint(t *testing.T) {
	t.Parallel()
	app := startApplication(t)
	p := openConsole(t, app)
	for _, view := range views {
		p.show(view)
	}
	p.show("beans")
	p.await(`document.querySelector('#graph-wait').hidden`)
	p.isQuiet()
	p.await(`document.title === 'shop'`)
	if sentence := p.text("#verdict-text"); !strings.Contains(sentence, "3 dependencies") {
		t.Errorf("the sentence at the top is %q", sentence)
	}
	if cards := eval[[]string](p, `[...document.querySelectorAll('article[data-client]')].map((a) => a.dataset.client).sort()`); strings.Join(cards, " ") != "payment-client search-client stock-client" {
		t.Errorf("the cards are %q", cards)
	}
}

func TestACircuitThatOpensIsShownWithinASecond(t *testing.T) {
	app := startApplication(t)
	opened := make(chan time.Time, 1)
	defer lifecycle.Subscribe(app.Events(), func(e client.PolicyEvent) {
		if e.Kind == client.EventStateChanged && e.To == resilience.StateOpen {
			opened <- e.At
		}
	})()
	p := openConsole(t, app)
	p.await(`document.querySelector('article[data-client="stock-client"]')?.dataset.state === 'closed'`)
	eval[bool](p, `(() => {
		const card = document.querySelector('article[data-client="stock-client"]');
		const told = () => card.dataset.state === 'open' && document.querySelector('#verdict-text').textContent.includes('stock-client');
		window.told = new Promise((resolve) => {
			new MutationObserver(() => told() && resolve(Date.now())).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
		});
		return true;
	})()`)
	app.openStock(t)
	told := time.UnixMilli(eval[int64](p, `window.told`))
	took := told.Sub(<-opened)
	t.Logf("card and sentence told of the open circuit after %s", took)
	if took > time.Second {
		t.Errorf("it took %s", took)
	}
	if sentence := p.text("#verdict-text"); !strings.HasPrefix(sentence, "stock-client: circuit open") {
		t.Errorf("the sentence is %q", sentence)
	}
	if first := eval[string](p, `document.querySelector('article[data-client]').dataset.client`); first != "stock-client" {
		t.Errorf("%s comes first", first)
	}
	p.isQuiet()
}
