// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

func TestTheGraphFindsABean(t *testing.T) {
	t.Parallel()
	p := openConsole(t, startApplication(t))
	p.show("beans")
	p.await(`document.querySelector('#graph-wait').hidden`)
	p.typeInto(`#bean-search`, "warehou"+kb.Enter)
	p.await(`document.querySelector('#bean-details[data-bean="warehouse"]')`)
	details := p.text(`#bean-details`)
	for _, want := range []string{"*e2e.warehouse", "application_test.go:", "repository", "stockClient", "checkout"} {
		if !strings.Contains(details, want) {
			t.Errorf("%q is not among the details: %s", want, details)
		}
	}
	p.click(`#bean-details a[data-bean="checkout"]`)
	p.await(`document.querySelector('#bean-details[data-bean="checkout"]')`)
	p.isQuiet()
}

func TestSettingsTellTheirOriginAndKeepSecrets(t *testing.T) {
	t.Parallel()
	p := openConsole(t, startApplication(t))
	p.show("settings")
	for key, want := range map[string][2]string{
		"shop.page-size":                                {"5", "pyfly.yaml:2"},
		"shop.api-key":                                  {"******", "pyfly.yaml:3"},
		"pyfly.actuator.token":                          {"******", "code"},
		"pyfly.client.default.timeout":                  {"2s", "pyfly.yaml:9"},
		"pyfly.client.services.stock-client.base-url":   {"http://127.0.0.1:", "code"},
		"pyfly.client.services.payment-client.base-url": {"http://127.0.0.1:", "code"},
	} {
		row := fmt.Sprintf(`tr[data-key=%q]`, key)
		p.await(fmt.Sprintf(`document.querySelector('%s')`, row))
		value, origin := p.text(row+" .value"), p.text(row+" .origin")
		if !strings.HasPrefix(value, want[0]) || !strings.HasSuffix(origin, want[1]) {
			t.Errorf("%s is %q from %q, want %q from %q", key, value, origin, want[0], want[1])
		}
	}
	p.typeInto(`#settings-filter`, "page-size")
	p.await(`[...document.querySelectorAll('tr[data-key]')].filter((row) => row.checkVisibility()).length === 1`)
	for _, view := range views {
		p.show(view)
		for _, secret := range []string{apiKey, token} {
			if eval[bool](p, fmt.Sprintf(`document.documentElement.outerHTML.includes(%q)`, secret)) {
				t.Errorf("a secret is in the page, view %s", view)
			}
		}
	}
}

func TestEventsAndTimelineTellWhatHappened(t *testing.T) {
	t.Parallel()
	app := startApplication(t)
	p := openConsole(t, app)
	p.show("events")
	app.openStock(t)
	_, _ = app.stock.Get(t.Context(), "1")
	for _, kind := range []string{"retry-scheduled", "state-changed", "rejected"} {
		p.await(fmt.Sprintf(`document.querySelector('#event-log tr[data-kind=%q]')?.textContent.includes('stock-client')`, kind))
	}
	p.show("timeline")
	p.await(`/stock-client.*open/.test(document.querySelector('#timeline-table').textContent)`)
	p.isQuiet()
}

func TestTheStartIsShownStepByStep(t *testing.T) {
	t.Parallel()
	p := openConsole(t, startApplication(t))
	p.show("startup")
	p.await(`/checkout/.test(document.querySelector('#waterfall').innerText)`)
	p.typeInto(`#startup-filter`, "warehouse")
	p.await(`/warehouse/.test(document.querySelector('#waterfall').innerText) && !/checkout/.test(document.querySelector('#waterfall').innerText)`)
	p.isQuiet()
}
