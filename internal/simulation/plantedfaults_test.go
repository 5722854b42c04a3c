// SPDX-License-Identifier: Apache-2.0

package simulation

// plantedFaults are ten faults of the kind that crossings of features hide.
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
		file: "client/attempt.go",
		old:  "for name, values := range c.op.header {\n\t\t\tr.Header[name] = a.own(values...)",
		new:  "for name, values := range c.op.header {\n\t\t\tr.Header[name] = values",
	},
	{
		name: "a leg of a hedge is in flight for ever",
		file: "client/around.go",
		old:  "\t\tdefer c.gate.Leave()\n\t\tkept",
		new:  "\t\tkept",
	},
	{
		name: "each attempt of a call has an Idempotency-Key of its own",
		file: "client/attempt.go",
		old:  "a.own(c.idempotencyKey)",
		new:  "a.own(c.idempotencyKey + strconv.Itoa(c.attempts))",
	},
	{
		name: "what a redirect led to proves that nothing was done",
		file: "client/sends.go",
		old:  "\tif isRedirected(response) {\n\t\treturn false\n\t}\n",
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
		file: "client/engine.go",
		old:  "\tdefer c.gate.Leave()\n\treturn c.runOnce(ctx)\n",
		new:  "\terr := c.runOnce(ctx)\n\tc.gate.Leave()\n\treturn err\n",
	},
	{
		name: "secrets follow a redirect to an allowed host",
		file: "client/internal/nethttp/redirect.go",
		old:  "\t\tkeepHarmless(next.Header)\n",
		new:  "",
	},
}
