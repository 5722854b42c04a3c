// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/examples/catalog/server"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// show plays the phases and prints events.
type show struct {
	service *server.Server
	load    *load
	events  *lifecycle.Events
	begun   time.Time

	mu  sync.Mutex
	out io.Writer
}

func newShow(app *container.ApplicationContext, service *server.Server, out io.Writer) *show {
	return &show{
		service: service, load: &load{shop: container.Must(container.Get[*Storefront](app))},
		events: app.Events(), begun: time.Now(), out: out,
	}
}

func (s *show) line(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	took := time.Since(s.begun)
	fmt.Fprintf(s.out, "%d:%02d  %s\n", int(took.Minutes()), int(took.Seconds())%60, fmt.Sprintf(format, args...))
}

// play shows all phases until ctx is done, or once.
func (s *show) play(ctx context.Context, o options) error {
	defer s.load.wait()
	defer lifecycle.Subscribe(s.events, func(e client.PolicyEvent) {
		if e.Kind == client.EventStateChanged {
			s.line("   the circuit %s: %s -> %s", e.Name, e.From, e.To)
		}
	})()
	for ctx.Err() == nil {
		for _, p := range phases {
			if err := s.playPhase(ctx, p, o); err != nil {
				return err
			}
		}
		if o.once {
			break
		}
	}
	s.line("the end")
	return nil
}

func (s *show) playPhase(ctx context.Context, p phase, o options) error {
	ctx, cancel := context.WithTimeout(ctx, o.phase)
	defer cancel()
	if ctx.Err() != nil {
		return nil
	}
	s.line("%s", p.says)
	rate := o.callsPerSecond
	if p.rush > 0 {
		rate *= p.rush
	}
	failed := make(chan error, 1)
	go func() { failed <- p.misbehave(ctx, s.service, rate) }()
	s.load.visit(ctx, rate)
	if err := <-failed; err != nil {
		return errors.Join(errors.New("the service cannot be made to misbehave"), err)
	}
	return nil
}
