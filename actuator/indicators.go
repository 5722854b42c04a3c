// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/internal/secret"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// indicators holds the beans that implement [lifecycle.HealthIndicator]. It is
// a post-processor, so that it sees the beans that have been created and
// creates none itself.
type indicators struct {
	mu     sync.Mutex
	byName map[string]*indicator // by component
}

var (
	_ lifecycle.SelectivePostProcessor = (*indicators)(nil)
	_ lifecycle.DestructionAware       = (*indicators)(nil)
)

func newIndicators() *indicators { return &indicators{byName: map[string]*indicator{}} }

var indicatorType = reflect.TypeFor[lifecycle.HealthIndicator]()

// Processes reports whether a type is a health indicator.
func (*indicators) Processes(t reflect.Type) bool { return t.Implements(indicatorType) }

// BeforeInit returns the bean.
func (*indicators) BeforeInit(bean any, _ string) (any, error) { return bean, nil }

// AfterInit adds the bean. As in Spring Boot, two beans with the same component
// name are an error.
func (i *indicators) AfterInit(bean any, beanName string) (any, error) {
	known, ok := bean.(lifecycle.HealthIndicator)
	if !ok {
		return bean, nil
	}
	name := componentName(beanName)
	if slices.Contains(reserved, name) {
		return nil, fmt.Errorf("the bean %s has the name of the health component %q, which the actuator itself provides: give it another name with container.Named", beanName, name)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if other := i.byName[name]; other != nil && other.bean != beanName {
		return nil, fmt.Errorf("the beans %s and %s have the same health component name %q: give one of them another name with container.Named", other.bean, beanName, name)
	}
	i.byName[name] = &indicator{HealthIndicator: known, bean: beanName}
	return bean, nil
}

// reserved are the components and groups of every application.
var reserved = []string{circuitBreakerC, livenessState, readinessState, livenessGroup, readinessGroup}

// BeforeDestroy removes the bean.
func (i *indicators) BeforeDestroy(_ any, beanName string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if name := componentName(beanName); i.byName[name] != nil && i.byName[name].bean == beanName {
		delete(i.byName, name)
	}
	return nil
}

// names returns the components, sorted.
func (i *indicators) names() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Sorted(maps.Keys(i.byName))
}

// componentName returns the component name of a bean, as in Spring Boot:
// stockHealthIndicator is stock.
func componentName(beanName string) string {
	if name := strings.TrimSuffix(beanName, "HealthIndicator"); name != "" {
		return name
	}
	return beanName
}

// ask calls all indicators concurrently, each with the time limit.
func (i *indicators) ask(ctx context.Context, limit time.Duration) map[string]lifecycle.Health {
	i.mu.Lock()
	all := maps.Clone(i.byName)
	i.mu.Unlock()
	answers := make(map[string]lifecycle.Health, len(all))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for name, indicator := range all {
		wg.Go(func() {
			answer := indicator.ask(ctx, limit)
			mu.Lock()
			answers[name] = answer
			mu.Unlock()
		})
	}
	wg.Wait()
	return answers
}

// indicator runs one health check of a bean at a time. Concurrent callers share
// its result, so that probes do not pile up on a check that hangs.
type indicator struct {
	lifecycle.HealthIndicator
	bean string // its name

	mu      sync.Mutex
	current *inquiry // running; nil if none
}

type inquiry struct {
	done   chan struct{}
	answer lifecycle.Health
}

func (i *indicator) ask(ctx context.Context, limit time.Duration) lifecycle.Health {
	inquiry := i.inquire(ctx, limit)
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-inquiry.done:
		return inquiry.answer
	case <-ctx.Done():
	case <-timer.C:
	}
	return lifecycle.Health{Status: lifecycle.HealthDown, Details: map[string]any{"error": fmt.Sprintf("no response within %s", limit)}}
}

// inquire starts a check, or joins the running one.
func (i *indicator) inquire(ctx context.Context, limit time.Duration) *inquiry {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.current != nil {
		return i.current
	}
	begun := &inquiry{done: make(chan struct{})}
	i.current = begun
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit) // other callers share it
	go func() {
		defer cancel()
		begun.answer = down(errNoResult)
		defer func() {
			i.mu.Lock()
			i.current = nil
			i.mu.Unlock()
			close(begun.done)
		}()
		begun.answer = i.answer(ctx)
	}()
	return begun
}

var errNoResult = errors.New("the health check ended its goroutine")

func (i *indicator) answer(ctx context.Context) (answer lifecycle.Health) {
	err := usercode.Call(func() error {
		answer = i.Health(ctx)
		answer.Details = shownDetails(answer.Details)
		return nil
	})
	if err != nil {
		return down(err)
	}
	if _, isKnown := severity[answer.Status]; !isKnown {
		answer.Status = lifecycle.HealthUnknown
	}
	return answer
}

func down(err error) lifecycle.Health {
	return lifecycle.Health{Status: lifecycle.HealthDown, Details: map[string]any{"error": secret.Text(err.Error())}}
}
