// SPDX-License-Identifier: Apache-2.0

package simulation

// plantedFaults are faults of the kind that crossings of features hide.
var plantedFaults = []plantedFault{
	{
		name: "a call that panics keeps its place in the bulkhead",
		file: "resilience/bulkhead.go",
		old:  "\tdefer b.release()\n\treturn fn(ctx)\n",
		new:  "\terr := fn(ctx)\n\tb.release()\n\treturn err\n",
	},
	{
		name: "a call that gives up waiting for the bulkhead stays in its queue",
		file: "resilience/bulkhead.go",
		old:  "\t\tb.waiting.Remove(element)\n",
		new:  "",
	},
	{
		name: "a probe that its caller cancels keeps its place",
		file: "resilience/circuitbreaker.go",
		old:  "func (p Permit) Ignore() {\n\tif p.probe != 0 {",
		new:  "func (p Permit) Ignore() {\n\tif p.probe < 0 {",
	},
	{
		name: "the values of a declared header are shared by all requests",
		file: "client/internal/engine/request.go",
		old:  "for name, values := range c.op.Header {\n\t\t\tr.Header[name] = a.own(values...)",
		new:  "for name, values := range c.op.Header {\n\t\t\tr.Header[name] = values",
	},
	{
		name: "a leg of a hedge is in flight for ever",
		file: "client/internal/engine/hedge.go",
		old:  "\tdefer leg.gate.Leave()\n",
		new:  "",
	},
	{
		name: "each attempt of a call has an Idempotency-Key of its own",
		file: "client/internal/engine/request.go",
		old:  "a.own(c.idempotencyKey)",
		new:  "a.own(c.idempotencyKey + strconv.Itoa(c.attempts))",
	},
	{
		name: "what a redirect led to proves that nothing was done",
		file: "client/internal/engine/sends.go",
		old:  "\tif IsRedirected(response) {\n\t\treturn false\n\t}\n",
		new:  "",
	},
	{
		name: "calls that a policy rejects are not counted",
		file: "client/observe.go",
		old:  "\t\tl.counters.rejected.Add(1)\n",
		new:  "",
	},
	{
		name: "a call that panics is in flight for ever",
		file: "client/internal/engine/call.go",
		old:  "\tdefer c.gate.Leave()\n\tw := c.beginWait(ctx)\n\tdefer w.end()\n\terr := c.runOnce(w)\n",
		new:  "\tw := c.beginWait(ctx)\n\tdefer w.end()\n\terr := c.runOnce(w)\n\tc.gate.Leave()\n",
	},
	{
		name: "secrets follow a redirect to an allowed host",
		file: "client/internal/nethttp/redirect.go",
		old:  "\t\tkeepHarmless(next.Header)\n",
		new:  "",
	},
	{
		name: "304 is a failure of the call",
		file: "client/internal/engine/outcome.go",
		old:  "return o != nil && o.Err == nil && o.Status == http.StatusNotModified",
		new:  "return o != nil && o.Err == nil && o.Status == 0",
	},
	{
		name: "a page that fails ends the loop without an error",
		file: "client/pages.go",
		old:  "page, err = next(ctx, link)",
		new:  "if page, err = next(ctx, link); err != nil {\n\t\t\t\treturn\n\t\t\t}",
	},
}
