// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"slices"

	"github.com/pyfly-go/pyfly/client/internal/settings"
	"github.com/pyfly-go/pyfly/config"
)

// apply applies changed settings to all clients, or, if any is wrong, to none.
func (p *HttpClientBeanPostProcessor) apply(change config.Changed) {
	p.mu.Lock()
	clients := slices.Clone(p.clients)
	p.config = change.Config
	p.mu.Unlock()
	resolved := make([]*settings.Client, len(clients))
	var errs []error
	for i, l := range clients {
		var err error
		resolved[i], err = resolveSettings(change.Config, l.declaration, l.defaults, p.known())
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		p.log().Error("changed settings of clients are wrong and change nothing", "error", err)
		return
	}
	for i, l := range clients {
		if err := l.reconfigure(resolved[i]); err != nil {
			p.log().Error("changed settings cannot be applied", "client", l.declaration.Name, "error", err)
		}
	}
}
