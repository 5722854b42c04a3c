// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// prefer makes it the system's preference.
func (p *page) prefer(scheme string) {
	p.t.Helper()
	p.do("prefer "+scheme, command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	}))
}

// isDark says what is on the screen: text lighter than the ground behind it.
const isDark = `(() => {
	const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
	const light = (colour) => {
		canvas.fillStyle = colour;
		canvas.fillRect(0, 0, 1, 1);
		const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const style = getComputedStyle(document.body);
	const ground = light(style.backgroundColor);
	return ground < 60 && light(style.color) > 180;
})()`

func TestThePageIsDarkWhenTheSystemIs(t *testing.T) {
	t.Parallel()
	p := openConsole(t, startApplication(t))
	p.prefer("light")
	p.await(`!` + isDark)
	p.prefer("dark")
	p.await(isDark)
}

func TestTheSwitchOfColoursWinsAndIsRemembered(t *testing.T) {
	t.Parallel()
	app := startApplication(t)
	p := openConsole(t, app)
	p.prefer("light")
	p.click(`[data-theme-choice="dark"]`)
	p.await(`document.documentElement.dataset.theme === 'dark' && ` + isDark)
	p.visit(app.url + "/console/#beans")
	p.do("load again", chromedp.Reload())
	p.isLoaded()
	p.await(isDark)
	p.click(`[data-theme-choice="system"]`)
	p.await(`!` + isDark)
}

func TestANarrowScreenShowsEverythingWithoutScrollingSideways(t *testing.T) {
	t.Parallel()
	app := startApplication(t)
	p := openConsole(t, app)
	p.do("narrow", chromedp.EmulateViewport(390, 844))
	app.openStock(t)
	lifecycle.Publish(app.Events(), client.PolicyEvent{
		Kind: client.EventRetryScheduled, At: time.Now(), Client: strings.Repeat("long", 50), Method: strings.Repeat("Method", 30),
		Err: fmt.Errorf("failed: %s", strings.Repeat("0123456789", 40)),
	})
	p.await(`document.querySelector('article[data-client="stock-client"]').dataset.state === 'open'`)
	for _, details := range []string{`article[data-client="stock-client"] details`, `#health`} {
		p.click(details + ` > summary`)
		p.fits("clients, " + details + " open")
	}
	p.press(kb.Escape)
	for _, view := range views {
		p.show(view)
		if view == "beans" {
			p.await(`document.querySelector('#graph-wait').hidden`)
			p.typeInto(`#bean-search`, "checkout")
			p.await(`document.querySelector('#bean-details[data-bean="checkout"]')`)
		}
		if view == "events" {
			p.await(`document.querySelectorAll('#event-log tbody tr').length >= 2`)
		}
		p.fits(view)
	}
	p.isQuiet()
}

// fits reports what is wider than the screen.
func (p *page) fits(what string) {
	p.t.Helper()
	const widest = `(() => {
		const { scrollWidth } = document.scrollingElement;
		if (scrollWidth <= 390) return '';
		const wide = [...document.body.querySelectorAll('*')].filter((el) => el.checkVisibility() && el.getBoundingClientRect().right > 390);
		return scrollWidth + ' pixels wide: ' + wide.slice(0, 5).map((el) => el.tagName + '#' + el.id + '.' + el.className).join(', ');
	})()`
	if wide := eval[string](p, widest); wide != "" {
		p.t.Errorf("%s: %s", what, wide)
	}
}
