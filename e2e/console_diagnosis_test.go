// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"testing"
)

// makeClient makes, in the page, a function that makes a client with a minute of samples, of which the
// last ten are given, and breakers.
const makeClient = `const client = (usual, now, breakers = []) => {
	const series = new Series(300);
	for (let at = 1; at <= 60; at++) series.push(at, { rate: 10, errors: 0, rejections: 0, p95: 0.01, ...(at > 50 ? now : usual) });
	return { name: 'stock', type: 'Stock', declaration: { resilience: { retry: true } }, settings: [{ name: 'timeout', value: '2s' }], series,
		breakers: new Set(breakers.map((b) => ({ name: 'stock', since: 55, probeAt: null, changes: [], ...b }))) };
};`

func TestThePageSaysWhatIsTheMatterWithADependency(t *testing.T) {
	t.Parallel()
	p := openConsole(t, startApplication(t))
	for _, c := range []struct{ what, client, want string }{
		{"all is well", `client({}, {})`, `well`},
		{"calls fail, and nothing guards them", `client({}, { errors: 0.25 })`, `bad: 25 % of calls fail (10 s): they are retried where safe, no circuit breaker guards this client`},
		{"calls fail, and the circuit is closed yet", `client({}, { errors: 0.25 }, [{ state: 'closed' }])`, `bad: 25 % of calls fail (10 s): they are retried where safe, the circuit is still closed`},
		{"calls failed until now", `client({ errors: 0.9 }, {})`, `well`},
		{"one call in twenty fails", `client({}, { errors: 0.05 })`, `well`},
		{"too few calls to tell", `client({}, { errors: 1, rate: 0.1 })`, `well`},
		{"an open circuit", `client({}, { errors: 1 }, [{ state: 'open', probeAt: 64, changes: [{ at: 1, state: 'closed' }, { at: 55, state: 'open' }] }])`,
			`bad: circuit open (6 s): calls are refused, next probe in 3 s`},
		{"an open circuit whose probes have failed", `client({}, {}, [{ state: 'open', since: 59, probeAt: 60.2, changes:
			[{ at: 1, state: 'closed' }, { at: 40, state: 'open' }, { at: 50, state: 'half-open' }, { at: 59, state: 'open' }] }])`,
			`bad: circuit open (21 s): calls are refused, the next call will be the probe`},
		{"a circuit held open", `client({}, {}, [{ state: 'forced-open' }])`, `bad: circuit held open by hand (6 s): calls are refused until somebody closes or resets it`},
		{"a circuit of one method", `client({}, {}, [{ state: 'closed' }, { name: 'stock/Get', state: 'open' }])`, `bad: circuit open of stock/Get (6 s): calls are refused, a probe follows after the recovery time`},
		{"a circuit switched off", `client({}, {}, [{ state: 'disabled' }])`, `warn: circuit breaker switched off (6 s): calls go through whatever happens`},
		{"calls turned away behind a circuit", `client({}, { rejections: 3, errors: 0.3 }, [{ state: 'closed', since: 20 }])`, `warn: calls are turned away (10 s): a limit refuses about 3.0 calls a second`},
		{"calls turned away, which are failures of the caller's", `client({}, { rejections: 4, errors: 0.4 })`, `warn: calls are turned away (10 s): a limit refuses about 4.0 calls a second`},
		{"some turned away, some failed", `client({}, { rejections: 2, errors: 0.5 })`, `bad: 30 % of calls fail (10 s): they are retried where safe, no circuit breaker guards this client`},
		{"calls refused by a circuit that has closed since", `client({}, { rejections: 9, errors: 0.9 }, [{ state: 'closed', since: 59 }])`, `well`},
		{"slower than usual", `client({}, { p95: 0.6 })`, `warn: slow, p95 600 ms instead of 10 ms (10 s): an attempt is given up after 2s`},
		{"slow as usual", `client({ p95: 0.6 }, { p95: 0.7 })`, `well`},
		{"slower, but not so that anybody minds", `client({ p95: 0.001 }, { p95: 0.05 })`, `well`},
		{"without latencies", `client({ p95: null }, { p95: null })`, `well`},
	} {
		got := eval[string](p, fmt.Sprintf(`Promise.all([import('./diagnosis.js'), import('./series.js')]).then(([{ diagnose }, { Series }]) => {
			%s
			const found = diagnose(%s, 61);
			const since = found?.since ? ' (' + Math.round(61 - found.since) + ' s)' : '';
			return found ? found.severity + ': ' + found.what + since + ': ' + found.does : 'well';
		})`, makeClient, c.client))
		if got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.what, got, c.want)
		}
	}
	p.isQuiet()
}
