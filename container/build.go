// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"time"

	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/container/internal/hook"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// maker makes the instances of one start. dig calls the constructors of those that
// the start builds, each once and after those it needs; wire.go wraps each
// constructor so that what dig stores, and hands to dependents, is the
// post-processed bean. What is made later or many times, lazy beans and
// prototypes, the maker makes by itself: a dig.Container makes singletons only,
// and is not safe for concurrent use.
type maker struct {
	ctx   context.Context // of the start
	run   *run
	graph *graph
	dig   *dig.Container
	heads []*node // the first of each portion

	mu         sync.Mutex // guards what follows and how instances are made
	slots      []slot     // by the node's position
	processors []activeProcessor
	creating   *node // the processor that is being created
	early      []earlyBean
	problems   []*Problem
	going      []*instance          // that are being made
	workers    map[uint64]*instance // that are made later, by the goroutines on which they are
	lives      map[identity]*life   // of the objects of singletons
	late       []*instance          // lazy beans made during the start
	isStarted  bool                 // from now on a lazy bean is started when it is made
	isClosed   bool                 // from now on nothing is made
	idle       chan struct{}        // closed when isClosed and nothing is being made
}

// slot holds the instance of a singleton, as far as there is one.
type slot struct {
	state    buildState
	instance *instance
	spare    *instance // for the first attempt to make one
}

type buildState int32

const (
	unbuilt buildState = iota
	inCreation
	complete
	failed // or not tried because something it needs failed
)

type activeProcessor struct {
	node *node
	lifecycle.BeanPostProcessor
	processes func(reflect.Type) bool // nil: all types
}

// isMeantFor reports whether the processor is to see beans of type t.
func (p activeProcessor) isMeantFor(t reflect.Type) (isMeant bool, err error) {
	if p.processes == nil {
		return true, nil
	}
	err = usercode.Call(func() error { isMeant = p.processes(t); return nil })
	return isMeant, err
}

func newMaker(ctx context.Context, r *run, g *graph) *maker {
	m := &maker{
		ctx: ctx, run: r, graph: g, slots: make([]slot, len(g.order)), idle: make(chan struct{}),
		workers: map[uint64]*instance{}, lives: map[identity]*life{},
	}
	instances := make([]instance, len(g.order))
	for place, n := range g.order {
		i := &instances[place]
		i.node = n
		if n.isOffered {
			m.offer(i)
		} else {
			m.slots[place].spare = i
		}
	}
	return m
}

// offer makes the instance of what the context itself brings.
func (m *maker) offer(i *instance) {
	i.original, i.object, i.value = i.node.instance, i.node.instance, reflect.ValueOf(i.node.instance)
	m.slots[i.position] = slot{state: complete, instance: i}
	m.join(i, &i.own)
	m.identify(i, i.original)
	i.first = i
	i.isStarted.Store(true) // it is not for the context to start and stop it
}

// build makes every eager bean, processors first.
func (m *maker) build() {
	m.provideAll()
	if m.hasFailed() {
		return
	}
	for _, n := range m.graph.processors() {
		m.setCreating(n)
		m.resolve([]*node{n})
		m.setCreating(nil)
		m.activate(n)
	}
	m.warnOfEarlyBeans()
	if m.hasFailed() {
		return
	}
	m.resolve(m.heads)
	m.dig, m.heads = nil, nil
}

func (m *maker) setCreating(n *node) {
	m.mu.Lock()
	m.creating = n
	m.mu.Unlock()
}

// activate lets a processor see the beans that are made from now on.
func (m *maker) activate(n *node) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.slots[n.position]
	if s.state != complete {
		return
	}
	processor, ok := s.instance.object.(lifecycle.BeanPostProcessor)
	if !ok {
		return // replaced by something else
	}
	active := activeProcessor{node: n, BeanPostProcessor: processor}
	if selective, ok := processor.(lifecycle.SelectivePostProcessor); ok {
		active.processes = selective.Processes
	}
	seen := m.processors[:len(m.processors):len(m.processors)]
	m.processors = append(seen, active) // instances keep the list that they were seen by
}

func (m *maker) hasFailed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.problems) > 0
}

func (m *maker) report(p *Problem) {
	m.mu.Lock()
	m.problems = append(m.problems, p)
	m.mu.Unlock()
}

// reportOnce is for what would else be reported for bean after bean.
func (m *maker) reportOnce(p *Problem) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, known := range m.problems {
		if known.Code == p.Code {
			return
		}
	}
	m.problems = append(m.problems, p)
}

// note adds a problem to the report, unless it is there or follows from one
// that is.
func (m *maker) note(p *Problem) {
	if p == nil || p.Err == errNeedFailed || slices.Contains(m.problems, p) {
		return
	}
	if cause, ok := usercode.As[*Problem](p.Err); ok && slices.Contains(m.problems, cause) {
		return
	}
	m.problems = append(m.problems, p)
}

// close prevents the making of further beans and returns a channel that is closed when
// those under way have ended.
func (m *maker) close() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.isClosed {
		m.isClosed = true
		if len(m.going) == 0 {
			close(m.idle)
		}
	}
	return m.idle
}

// built returns what went wrong in a build that has ended.
func (m *maker) built() []*Problem {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.problems)
}

// patience is how much longer the beans that the start builds may take.
func (m *maker) patience() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	rest := m.run.startLimit
	for _, i := range m.going {
		if i.isEager {
			rest = min(rest, m.rest(i))
		}
	}
	return rest
}

// abandon leaves the goroutine of a build that hangs to itself, and returns what
// went wrong: the cause, if there is one, and where it stands.
func (m *maker) abandon(cause *Problem) []*Problem {
	m.close()
	where := m.run.standsAt("", "build")
	m.mu.Lock()
	defer m.mu.Unlock()
	problems := slices.Clone(m.problems)
	if cause != nil {
		problems = append(problems, cause)
	}
	for _, i := range slices.Clone(m.going) {
		if i.isEager && i.pauses == 0 {
			problems = append(problems, tooLong(i.node, i.at(m.run.elapsed()), where))
		}
		m.giveUp(i, notMade(i.node, "the start was given up"))
	}
	return problems
}

// settled returns the instances, in order, that will not change any more: those
// that are complete, and those that were constructed and then failed.
func (m *maker) settled() []*instance {
	m.mu.Lock()
	defer m.mu.Unlock()
	settled := make([]*instance, 0, len(m.slots))
	for _, s := range m.slots {
		if s.state == complete || s.state == failed && s.instance != nil && s.instance.original != nil {
			settled = append(settled, s.instance)
		}
	}
	return settled
}

// build makes the beans on a goroutine of its own, so that a constructor that
// hangs can be given up and reported.
func (r *run) build(ctx context.Context) []*Problem {
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.label("", "build")
		r.maker.build()
	}()
	watch := time.NewTimer(r.startLimit)
	defer watch.Stop()
	for {
		select {
		case <-done:
			return r.maker.built()
		case <-ctx.Done():
			select {
			case <-done:
				return r.maker.built()
			case <-time.After(hook.Grace(ctx, r.startLimit)):
				return r.maker.abandon(r.cancelled(ctx))
			}
		case <-watch.C:
			rest := r.maker.patience()
			if rest <= 0 {
				r.cancelStart()
				return r.maker.abandon(nil)
			}
			watch.Reset(rest)
		}
	}
}
