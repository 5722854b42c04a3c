// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

const axe = "testdata/axe.min.js"

func TestAxeIsTheOneThatWasTakenOver(t *testing.T) {
	t.Parallel()
	sums, err := os.Open("testdata/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sums.Close() }()
	lines := 0
	for scanner := bufio.NewScanner(sums); scanner.Scan(); lines++ {
		want, name, _ := strings.Cut(scanner.Text(), "  ")
		content, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Error(err)
			continue
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s is not what it was", name)
		}
	}
	if lines != 3 {
		t.Errorf("%d files have sums", lines)
	}
}

// violation is one of axe's findings.
type violation struct {
	ID, Impact, Help string
	Targets          []string
}

// examine runs axe over what can be seen.
const examine = `axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(
	({ passes, violations }) => {
		if (passes.length < 10) throw new Error('axe has seen nothing');
		return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, impact, help, nodes }) => ({
			ID: id, Impact: impact, Help: help,
			Targets: nodes.slice(0, 5).map(({ target, failureSummary }) => target.join(' ') + ': ' + failureSummary.replace(/\s+/g, ' ')),
		}));
	})`

func (p *page) isAccessible(what string) {
	p.t.Helper()
	for _, v := range eval[[]violation](p, examine) {
		p.t.Errorf("%s: %s, %s: %s\n%s", what, v.ID, v.Impact, v.Help, strings.Join(v.Targets, "\n"))
	}
}

func TestAxeFindsNothingSerious(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile(axe)
	if err != nil {
		t.Fatal(err)
	}
	app := startApplication(t)
	app.openStock(t)
	_, _ = app.stock.Get(t.Context(), "1")
	p := newTab(t)
	p.do("bring axe", p.beforeScripts(string(script)))
	p.visit(app.url + "/console/")
	p.isLoaded()
	for _, width := range []int64{1280, 390} {
		p.do("set the width", chromedp.EmulateViewport(width, 900))
		for _, scheme := range []string{"light", "dark"} {
			p.prefer(scheme)
			for _, view := range views {
				p.show(view)
				p.isFilled(view)
				p.isAccessible(fmt.Sprintf("%s, %s, %d pixels", view, scheme, width))
			}
		}
	}
}

func TestAxeFindsNothingSeriousInWhatOpens(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile(axe)
	if err != nil {
		t.Fatal(err)
	}
	p := newTab(t)
	p.do("bring axe", p.beforeScripts(string(script)))
	p.visit(startApplication(t).url + "/console/")
	p.isLoaded()
	for _, scheme := range []string{"light", "dark"} {
		p.prefer(scheme)
		if scheme == "light" {
			p.click(`#health > summary`)
			p.isAccessible("health")
			p.click(`article[data-client="payment-client"] details > summary`)
		}
		p.isAccessible("an open card, " + scheme)
		p.click(`button[data-action="FORCE_OPEN"][data-breaker="payment-client"]`)
		p.isAccessible("the question before a switch, " + scheme)
		p.click(`#confirm-ok`)
		p.await(`document.querySelector('#token-dialog').open`)
		p.isAccessible("the dialog for the token, " + scheme)
		p.click(`#token-cancel`)
		p.await(`!document.querySelector('#token-dialog').open`)
	}
}

// isFilled waits until a view shows what it is for.
func (p *page) isFilled(view string) {
	p.t.Helper()
	p.await(map[string]string{
		"clients":  `document.querySelectorAll('article[data-client]').length > 2`,
		"timeline": `document.querySelectorAll('#timeline-table tbody tr').length > 0`,
		"beans":    `document.querySelector('#graph-wait').hidden`,
		"startup":  `document.querySelectorAll('#waterfall [role=option]').length > 5`,
		"settings": `document.querySelectorAll('tr[data-key]').length > 5`,
		"events":   `document.querySelectorAll('#event-log tbody tr').length > 1`,
	}[view])
}
