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

// indicators are the beans that are a [lifecycle.HealthIndicator]. It is a
// post-processor, so that it knows those that have been built, and builds none.
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

// Processes is true of health indicators.
func (*indicators) Processes(t reflect.Type) bool { return t.Implements(indicatorType) }

// BeforeInit returns the bean.
func (*indicators) BeforeInit(bean any, _ string) (any, error) { return bean, nil }

// AfterInit keeps the bean. As in Spring Boot, it is an error if another one is
// the same component.
func (i *indicators) AfterInit(bean any, beanName string) (any, error) {
	known, ok := bean.(lifecycle.HealthIndicator)
	if !ok {
		return bean, nil
	}
	name := componentName(beanName)
	if slices.Contains(reserved, name) {
		return nil, fmt.Errorf("the bean %s would be the health component %q, which the actuator has itself: give it another name with container.Named", beanName, name)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if other := i.byName[name]; other != nil && other.bean != beanName {
		return nil, fmt.Errorf("the beans %s and %s would both be the health component %q: give one of them another name with container.Named", other.bean, beanName, name)
	}
	i.byName[name] = &indicator{HealthIndicator: known, bean: beanName}
	return bean, nil
}

// reserved are the components and groups that every application has.
var reserved = []string{circuitBreakerC, livenessState, readinessState, livenessGroup, readinessGroup}

// BeforeDestroy forgets the bean.
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

// componentName is what a bean is called in the answer, as in Spring Boot:
// stockHealthIndicator is stock.
func componentName(beanName string) string {
	if name := strings.TrimSuffix(beanName, "HealthIndicator"); name != "" {
		return name
	}
	return beanName
}

// ask asks all indicators, side by side, each for at most limit.
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

// indicator asks a bean for one who wants to know at a time: who comes meanwhile
// gets the same answer, so that probes do not pile up at one that hangs.
type indicator struct {
	lifecycle.HealthIndicator
	bean string // its name

	mu      sync.Mutex
	current *inquiry // under way; nil: none
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
	return lifecycle.Health{Status: lifecycle.HealthDown, Details: map[string]any{"error": fmt.Sprintf("no answer within %s", limit)}}
}

// inquire begins an inquiry, or joins the one that is under way.
func (i *indicator) inquire(ctx context.Context, limit time.Duration) *inquiry {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.current != nil {
		return i.current
	}
	begun := &inquiry{done: make(chan struct{})}
	i.current = begun
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit) // it serves others as well
	go func() {
		defer cancel()
		begun.answer = down(errNoAnswer)
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

var errNoAnswer = errors.New("it ended its goroutine")

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
