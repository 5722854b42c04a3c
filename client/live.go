// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/url"

	"github.com/pyfly-go/pyfly/client/internal/coding"
	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/internal/hosts"
	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/client/internal/oauth"
	"github.com/pyfly-go/pyfly/client/internal/registry"
	"github.com/pyfly-go/pyfly/client/internal/settings"
	"github.com/pyfly-go/pyfly/client/internal/shown"
	"github.com/pyfly-go/pyfly/client/internal/telemetry"
)

// live is a wired client for all its life. Changed settings put another engine
// in the place of the one that runs its calls; what has state stays: circuit
// breakers, budget, limits, counters.
type live struct {
	declaration *Declaration
	defaults    *defaults // nil: none
	processor   *HttpClientBeanPostProcessor
	engines     registry.Engines[*generation]
	policies    *registry.Policies
	counters    counters
}

func newLive(p *HttpClientBeanPostProcessor, d *Declaration) *live {
	return &live{declaration: d, processor: p, policies: registry.NewPolicies(d.Name)}
}

// generation is what the settings of one time have made of a client, beside its
// engine.
type generation struct {
	settings     []Setting
	signature    string   // of the settings that the port was made with
	baseURL      *url.URL // to compare with
	shownBaseURL *url.URL // without secrets
	allowed      hosts.Allowed
	secrets      shown.Names
	tokens       *oauth.Tokens        // nil: no OAuth2
	telemetry    *telemetry.Telemetry // nil: none
	decoders     []ErrorDecoder
	instances    *registry.Instances       // nil: no discovery
	discovery    *registry.InstancesConfig // of instances
	isRequired   bool                      // the first answer of discovery is
	operations   []operation
}

// operation is what there is to know of a method beside what the engine needs.
type operation struct {
	template  string        // of the path, as it may be shown
	hidesPath bool          // an argument in the path is a secret by its name
	hidden    shown.Names   // in its requests
	coding    coding.Coding // of the body; nil: none
}

// links are those that calls may follow.
func (g *generation) links() message.Links {
	return message.Links{Base: g.baseURL, Allowed: g.allowed}
}

// close gives back what the generation has beside its port.
func (g *generation) close() {
	if g.tokens != nil {
		g.tokens.Close()
	}
}

// current returns what runs a call that begins now.
func (l *live) current() *registry.Generation[*generation] { return l.engines.Current() }

// reconfigure applies changed settings.
func (l *live) reconfigure(s *settings.Client) error {
	before := l.current()
	var next *registry.Generation[*generation]
	removeOthers, err := l.policies.Making(func() (err error) {
		next, err = l.processor.newEngine(l, s, before)
		return err
	})
	if err != nil {
		return err
	}
	if next.Port != before.Port {
		ctx, cancel := context.WithTimeout(context.Background(), DefaultTimeout)
		defer cancel()
		if err := next.Start(ctx); err != nil {
			return err
		}
	}
	if err := l.watch(next.With); err != nil {
		return err
	}
	l.engines.Replace(next, l.retire)
	l.leave(before, next)
	removeOthers()
	return nil
}

// start prepares the client for calls.
func (l *live) start(ctx context.Context) error {
	if err := l.engines.Engine().Start(ctx); err != nil {
		return err
	}
	return l.awaitInstances(ctx)
}

// retire stops the port of an engine that has been replaced.
func (l *live) retire(g *registry.Generation[*generation]) {
	ctx, cancel := context.WithTimeout(context.Background(), DefaultTimeout)
	defer cancel()
	if err := g.StopPort(ctx); err != nil {
		l.processor.log().Warn("a replaced port did not stop well", "client", g.Name, "error", err)
	}
}

// describe makes the error that callers get.
func (g *generation) describe(op *engine.Operation, m *message.Message, o *engine.Outcome) error {
	e := &Error{
		Client: op.Client, Method: op.Method, Verb: op.Verb, URL: g.shownURL(op, m),
		Status: o.Status, Header: g.secrets.Header(o.Header), Body: o.Body,
		Attempts: o.Attempts, Elapsed: o.Elapsed, Err: o.Err,
		outcome: o, hint: g.refusedRedirect(m, o),
	}
	if before, ok := o.Described.(*Error); ok {
		e.Problem, e.decoded = before.Problem, before.decoded
	} else if o.Err == nil {
		e.Problem = parseProblem(e.Header, e.Body)
		e.decoded = decodeErrorBody(g.decoders, e)
	}
	return e
}

// shownURL is the URL of a call as it may be shown: the path is that of the
// declaration if an argument in it is a secret by its name.
func (g *generation) shownURL(op *engine.Operation, m *message.Message) string {
	path := m.Path
	if of := &g.operations[op.Index]; of.hidesPath && m.Link == "" {
		path = of.template
	}
	return g.secrets.URL(m.Base(g.shownBaseURL), path, m.Query)
}
