// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"fmt"
	"testing"

	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// throwSwitch opens the payment client's card, throws a switch of its circuit
// breaker, and says yes.
func throwSwitch(p *page, action string) {
	p.t.Helper()
	const details = `article[data-client="payment-client"] details`
	if !eval[bool](p, fmt.Sprintf(`document.querySelector('%s').open`, details)) {
		p.click(details + ` > summary`)
	}
	p.click(fmt.Sprintf(`button[data-action=%q][data-breaker="payment-client"]`, action))
	p.click(`#confirm-ok`)
}

func giveToken(p *page, token string) {
	p.t.Helper()
	p.await(`document.querySelector('#token-dialog').open`)
	p.typeInto(`input#token`, token)
	p.click(`button#token-save`)
}

func isShown(p *page, state string) {
	p.t.Helper()
	p.await(fmt.Sprintf(`document.querySelector('article[data-client="payment-client"]').dataset.state === %q`, state))
}

func (a *application) paymentIs(t *testing.T, want resilience.CircuitState) {
	t.Helper()
	if state := a.payment.CircuitBreaker().State(); state != want {
		t.Errorf("the circuit is %s, not %s", state, want)
	}
}

func TestASwitchIsNotThrownWithoutTheToken(t *testing.T) {
	t.Parallel()
	app := startApplication(t)
	p := openConsole(t, app)
	throwSwitch(p, "FORCE_OPEN")
	p.await(`document.querySelector('#token-dialog').open`)
	p.click(`#token-cancel`)
	p.await(`!document.querySelector('#token-dialog').open`)
	status := eval[int](p, `fetch('../circuitbreakers/payment-client', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"updateState":"FORCE_OPEN"}' }).then((r) => r.status)`)
	if status != 401 {
		t.Errorf("without the token the answer is %d", status)
	}
	app.paymentIs(t, resilience.StateClosed)
	isShown(p, "closed")
}

func TestASwitchIsNotThrownWithAWrongToken(t *testing.T) {
	t.Parallel()
	app := startApplication(t)
	p := openConsole(t, app)
	throwSwitch(p, "FORCE_OPEN")
	giveToken(p, "not-the-token-of-it")
	p.await(`document.querySelector('#token-dialog').open && document.querySelector('#token-reason').textContent.includes('pyfly.actuator.token')`)
	giveToken(p, "nor-this-one-either")
	p.await(`!document.querySelector('#notice').hidden && document.querySelector('#notice').textContent.includes('pyfly.actuator.token')`)
	app.paymentIs(t, resilience.StateClosed)
	isShown(p, "closed")
}

func TestWithTheTokenACircuitIsForcedOpenAndReset(t *testing.T) {
	t.Parallel()
	app := startApplication(t)
	p := openConsole(t, app)
	throwSwitch(p, "FORCE_OPEN")
	giveToken(p, token)
	isShown(p, "forced-open")
	app.paymentIs(t, resilience.StateForcedOpen)
	if _, err := app.payment.Charge(t.Context(), "1"); err == nil {
		t.Error("a call goes through a circuit that is forced open")
	}
	p.await(`/payment-client.*held open by hand/.test(document.querySelector('#verdict-text').textContent)`)
	throwSwitch(p, "RESET")
	isShown(p, "closed")
	app.paymentIs(t, resilience.StateClosed)
	if _, err := app.payment.Charge(t.Context(), "1"); err != nil {
		t.Error("no call goes through after the reset: ", err)
	}
	throwSwitch(p, "DISABLE")
	isShown(p, "disabled")
	app.paymentIs(t, resilience.StateDisabled)
	throwSwitch(p, "CLOSE")
	isShown(p, "closed")
	app.paymentIs(t, resilience.StateClosed)
	p.isQuiet()
}

func TestASwitchTellsThatNoTokenIsConfigured(t *testing.T) {
	t.Parallel()
	app := startApplication(t, set("pyfly.actuator.token", ""))
	p := openConsole(t, app)
	throwSwitch(p, "FORCE_OPEN")
	giveToken(p, "whatever-it-may-be")
	p.await(`document.querySelector('#notice').textContent.includes('PYFLY_ACTUATOR_TOKEN')`)
	app.paymentIs(t, resilience.StateClosed)
}

func TestTheCircuitOfOneMethodIsSwitched(t *testing.T) {
	t.Parallel()
	app := startApplication(t, set("pyfly.client.services.payment-client.circuit-breaker.scope", "method"))
	if _, err := app.payment.Charge(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	p := openConsole(t, app)
	p.click(`article[data-client="payment-client"] details > summary`)
	p.click(`button[data-action="FORCE_OPEN"][data-breaker="payment-client/Charge"]`)
	p.click(`#confirm-ok`)
	giveToken(p, token)
	isShown(p, "forced-open")
	if _, err := app.payment.Charge(t.Context(), "1"); !errors.Is(err, kernel.ErrCircuitOpen) {
		t.Errorf("a call of the method says %v", err)
	}
	p.isQuiet()
}
