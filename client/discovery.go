// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"fmt"

	"github.com/pyfly-go/pyfly/client/internal/coding"
	"github.com/pyfly-go/pyfly/client/internal/hosts"
	"github.com/pyfly-go/pyfly/client/internal/registry"
	"github.com/pyfly-go/pyfly/client/internal/settings"
	"github.com/pyfly-go/pyfly/client/internal/watcher"
	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/discovery"
	"github.com/pyfly-go/pyfly/internal/usercode"
)

// WithResolver adds a resolver to those that the setting discovery.type may name. In
// an application context, beans of type [discovery.Resolver] are found without it. A
// resolver of the same name that was added before, or is a bean, is not used; the
// names static, dns and srv are those of the built-in ones.
func WithResolver(name string, resolver discovery.Resolver) Option {
	return func(p *HttpClientBeanPostProcessor) { p.resolvers.Add(name, resolver, true) }
}

// known returns the names that settings may hold.
func (p *HttpClientBeanPostProcessor) known() settings.Known {
	return settings.Known{Codings: coding.New(p.codings).Names(), Resolvers: p.resolvers.Names()}
}

// instances gives a generation the instances of its service: those that the one
// before has, if it has any.
func (p *HttpClientBeanPostProcessor) instances(l *live, s *settings.Client, g, before *generation, sender HttpClientPort) error {
	if s.Discovery.Type == "" || isFake(sender) {
		return nil
	}
	d := &s.Discovery
	service := d.Service
	if service == "" {
		service = g.baseURL.Hostname()
	}
	identity := fmt.Sprintf("%q %q %q %s", d.Type, service, d.PortName, hosts.PortOf(g.baseURL))
	if d.Type == settings.StaticDiscovery {
		identity = fmt.Sprintf("%s %+v", identity, s.Instances)
	}
	g.discovery = &registry.InstancesConfig{
		Target:   watcher.Target{Name: d.Type, Resolver: p.resolvers.Of(s, g.baseURL), Service: service},
		Identity: identity, EmptyGrace: d.EmptyGrace,
		LoadBalancing: s.LoadBalancing, OutlierDetection: s.Outliers(),
	}
	g.isRequired = d.Required
	if before != nil && before.instances != nil {
		g.instances = before.instances
		return nil
	}
	var err error
	g.instances, err = registry.NewInstances(*g.discovery, l.closeInstance)
	return err
}

func isFake(sender HttpClientPort) bool {
	fake, ok := sender.(port.Fake)
	return ok && fake.IsFake()
}

// closeInstance lets the port close its connections to an instance that has left.
func (l *live) closeInstance(address string) {
	if g := l.current(); g != nil {
		closeInstance(g.Engine.Port, address)
	}
}

func closeInstance(sender HttpClientPort, address string) {
	if closer, ok := sender.(port.InstanceCloser); ok {
		_ = usercode.Call(func() error { closer.CloseInstance(address); return nil })
	}
}

// watch applies the settings of a generation's discovery.
func (l *live) watch(g *generation) error {
	if g.instances == nil {
		return nil
	}
	if err := g.instances.Configure(l.processor.resolvers.Watches(l.processor.log()), *g.discovery); err != nil {
		return err
	}
	if l.engines.IsClosed() { // meanwhile
		g.instances.Close()
	}
	return nil
}

// leave ends the discovery of a generation that has been replaced by one without.
func (l *live) leave(before, next *registry.Generation[*generation]) {
	left := before.With.instances
	if left == nil || next.With.instances != nil {
		return
	}
	left.Close()
	for _, i := range left.Snapshot().Instances {
		closeInstance(before.Engine.Port, i.Instance.Address)
	}
}

// awaitInstances waits for the first answer of a resolver, if the application
// cannot do without.
func (l *live) awaitInstances(ctx context.Context) error {
	g := l.current().With
	if g.instances == nil || !g.isRequired {
		return nil
	}
	if err := g.instances.Wait(ctx); err != nil {
		return fmt.Errorf("the client %s waits for the instances of its service, because discovery.required is true: %w", l.declaration.Name, err)
	}
	return nil
}
