// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

func TestTheFirstTabStopSkipsToTheContent(t *testing.T) {
	t.Parallel()
	p := openConsole(t, startApplication(t))
	p.press(kb.Tab)
	p.await(`document.activeElement.matches('a.skip') && document.activeElement.getBoundingClientRect().top >= 0`)
	p.press(kb.Enter)
	p.await(`document.activeElement.id === 'main'`)
}

func TestEveryViewIsReachedByKeyboard(t *testing.T) {
	t.Parallel()
	p := openConsole(t, startApplication(t))
	for _, view := range views {
		p.tabTo(fmt.Sprintf(`#nav a[href="#%s"]`, view))
		p.press(kb.Enter)
		p.await(fmt.Sprintf(`document.querySelector('.view:not([hidden])').dataset.view === %q`, view))
	}
	p.isQuiet()
}

func TestACircuitIsSwitchedByKeyboardAlone(t *testing.T) {
	t.Parallel()
	p := openConsole(t, startApplication(t))
	p.tabTo(`article[data-client="payment-client"] details > summary`)
	p.press(kb.Enter)
	p.tabTo(`button[data-action="FORCE_OPEN"][data-breaker="payment-client"]`)
	p.press(" ")
	p.tabTo(`#confirm-ok`)
	p.press(kb.Enter)
	p.await(`document.activeElement.id === 'token'`)
	p.press(token)
	p.press(kb.Enter)
	isShown(p, "forced-open")
}

// tabTo presses Tab until the element has the focus, and can be seen to have it.
func (p *page) tabTo(selector string) {
	p.t.Helper()
	const stops = 150
	for range stops {
		if eval[bool](p, fmt.Sprintf(`document.activeElement.matches(%q)`, selector)) {
			if !eval[bool](p, `(() => {
				const style = getComputedStyle(document.activeElement);
				return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
			})()`) {
				p.t.Errorf("%s does not show that it has the focus", selector)
			}
			return
		}
		p.press(kb.Tab)
	}
	p.t.Fatalf("%s is not among the first %d tab stops", selector, stops)
}
