// SPDX-License-Identifier: Apache-2.0

package client

import (
	"cmp"
	"slices"

	"github.com/pyfly-go/pyfly/client/internal/settings"
	"github.com/pyfly-go/pyfly/client/internal/shown"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/internal/secret"
	"github.com/pyfly-go/pyfly/resilience"
)

// ClientInfo is what there is to know of a wired client.
type ClientInfo struct {
	Declaration Declaration `json:"declaration"`
	Settings    []Setting   `json:"settings"` // the effective ones, by name
	Stats       ClientStats `json:"stats"`
}

// Setting is the effective value of a setting and where it comes from.
type Setting struct {
	Name   string `json:"name"`   // within the client's: "retry.max-attempts", "headers.X-Tenant", "methods.charge.timeout"
	Key    string `json:"key"`    // that set it, or would: "pyfly.client.services.payment-client.retry.max-attempts"
	Value  string `json:"value"`  // ****** if it is secret
	Origin string `json:"origin"` // "pyfly.yaml:12", "environment variable PYFLY_...", "code", "tag of PaymentClient.ServiceClient", "default"
}

// effective returns the effective settings of a client.
func effective(s *settings.Client) []Setting {
	list := make([]Setting, len(s.Effective))
	for i, setting := range s.Effective {
		list[i] = Setting(setting)
	}
	return list
}

// Clients returns what there is to know of all clients of an application, by
// name. It holds no secret: the values of settings and headers whose names say
// that they are secret, user info and such query parameters in URLs, and what
// comes from a placeholder with such a name are ******. So are headers and query
// parameters that the client's setting secret-names lists. It is empty if the application has no [HttpClientBeanPostProcessor], or
// has not started.
func Clients(app *container.ApplicationContext) []ClientInfo {
	p, err := container.Get[*HttpClientBeanPostProcessor](app)
	if err != nil {
		return nil
	}
	p.mu.Lock()
	clients := slices.Clone(p.clients)
	p.mu.Unlock()
	infos, reporters := make([]ClientInfo, len(clients)), caches(app)
	for i, l := range clients {
		g := l.current().With
		infos[i] = ClientInfo{shownDeclaration(g.secrets, *l.declaration), g.settings, l.stats()}
		infos[i].Stats.addCache(reporters)
	}
	slices.SortFunc(infos, func(a, b ClientInfo) int { return cmp.Compare(a.Stats.Client, b.Stats.Client) })
	return infos
}

// CircuitBreakers returns the circuit breakers of all clients of an application
// by name: to force them open, disable or reset them. A client's breaker has its
// name; those of methods and hosts are "payment-client/Charge".
func CircuitBreakers(app *container.ApplicationContext) map[string]*resilience.CircuitBreaker {
	found := map[string]*resilience.CircuitBreaker{}
	p, err := container.Get[*HttpClientBeanPostProcessor](app)
	if err != nil {
		return found
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.clients {
		for _, b := range l.policies.Snapshot().Breakers {
			found[b.Name()] = b
		}
	}
	return found
}

// shownDeclaration is what may be shown of a declaration, which hides secrets but
// those that only the client's settings name.
func shownDeclaration(names shown.Names, d Declaration) Declaration {
	d.BaseURL, d.Headers = names.Text(d.BaseURL), names.Declared(d.Headers)
	d.Methods = slices.Clone(d.Methods)
	for i := range d.Methods {
		m := &d.Methods[i]
		m.Path, m.Headers = names.Text(m.Path), names.Declared(m.Headers)
	}
	return d
}

// hasSecretInPath reports whether the path of a method has an argument whose name
// says that it is a secret.
func hasSecretInPath(names shown.Names, m *Method) bool {
	return slices.ContainsFunc(m.Parameters, func(p Parameter) bool {
		return p.In == "path" && (secret.Parameter(p.Name) || names.Has(p.Name))
	})
}
