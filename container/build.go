// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// maker makes the beans of one start. dig calls the constructors of those that
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
	heads []*bean // the first of each portion

	mu         sync.Mutex // guards what follows and the states of beans
	processors []activeProcessor
	creating   *bean // the processor that is being created
	early      []earlyBean
	problems   []*Problem
	current    *bean // the last eager one begun; nil while a hook of it runs, which has its own limit
	since      time.Duration
	late       []*bean       // lazy beans made during the start
	isStarted  bool          // from now on a lazy bean is started when it is made
	isClosed   bool          // from now on nothing is made
	active     int           // beans that are being made
	idle       chan struct{} // closed when isClosed and nothing is being made
	abandoned  chan struct{} // closed when the build was given up
}

type activeProcessor struct {
	bean *bean
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
	for _, b := range g.beans {
		if b.isOffered {
			b.state, b.original, b.object, b.value = complete, b.instance, b.instance, reflect.ValueOf(b.instance)
		}
	}
	return &maker{ctx: ctx, run: r, graph: g, idle: make(chan struct{}), abandoned: make(chan struct{})}
}

// build makes every eager bean, processors first.
func (m *maker) build() {
	m.provideAll()
	if m.hasFailed() {
		return
	}
	for _, b := range m.graph.processors() {
		m.setCreating(b)
		m.resolve([]*bean{b})
		m.setCreating(nil)
		m.activate(b)
	}
	m.warnOfEarlyBeans()
	if m.hasFailed() {
		return
	}
	m.resolve(m.heads)
	m.dig, m.heads = nil, nil
}

func (m *maker) setCreating(b *bean) {
	m.mu.Lock()
	m.creating = b
	m.mu.Unlock()
}

// activate lets a processor see the beans that are made from now on.
func (m *maker) activate(b *bean) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b.state != complete {
		return
	}
	processor, ok := b.object.(lifecycle.BeanPostProcessor)
	if !ok {
		return // replaced by something else
	}
	active := activeProcessor{bean: b, BeanPostProcessor: processor}
	if selective, ok := processor.(lifecycle.SelectivePostProcessor); ok {
		active.processes = selective.Processes
	}
	seen := m.processors[:len(m.processors):len(m.processors)]
	m.processors = append(seen, active) // beans keep the list that they were seen by
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

// begin and finish frame the making of a bean; both are called with the lock
// held.
func (m *maker) begin(b *bean) {
	b.state = inCreation
	b.begun = m.run.elapsed()
	m.active++
	if b.isEager {
		m.current, m.since = b, b.begun // in case that hangs
	}
}

func (m *maker) finish() {
	m.active--
	if m.isClosed && m.active == 0 {
		close(m.idle)
	}
}

// close refuses to make further beans and returns a channel that is closed when
// those under way have ended.
func (m *maker) close() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.isClosed {
		m.isClosed = true
		if m.active == 0 {
			close(m.idle)
		}
	}
	return m.idle
}

// watch says what is being made now, in case it hangs.
func (m *maker) watch(b *bean) {
	m.mu.Lock()
	m.current, m.since = b, m.run.elapsed()
	m.mu.Unlock()
}

// patience is how much longer the bean that is being made may take.
func (m *maker) patience() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.current == nil || m.current.state != inCreation {
		return m.run.startLimit
	}
	return m.run.startLimit - (m.run.elapsed() - m.since)
}

var errGoexit = errors.New("it ended its goroutine with runtime.Goexit")

// built returns what went wrong in a build that has ended.
func (m *maker) built() []*Problem {
	m.mu.Lock()
	b := m.current
	hasExited := b != nil && b.state == inCreation
	m.mu.Unlock()
	if hasExited {
		close(m.abandoned)
		m.report(constructorFailed(b, errGoexit))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.problems)
}

// abandon leaves the goroutine of a build that hangs to itself, and returns
// what went wrong: the cause, if there is one, and where it stands.
func (m *maker) abandon(cause *Problem) []*Problem {
	close(m.abandoned)
	where := m.run.standsAt("", "build")
	m.mu.Lock()
	defer m.mu.Unlock()
	problems := slices.Clone(m.problems)
	if cause != nil {
		problems = append(problems, cause)
	}
	if b := m.current; b != nil && b.state == inCreation {
		took := (m.run.elapsed() - m.since).Round(time.Millisecond)
		p := &Problem{
			Code: CodeConstructor, Bean: b.name, Err: errHangs,
			What:   fmt.Sprintf("the building of %s did not end within %s", b.name, took),
			Remedy: "do what may take long in PostConstruct or Start, whose context ends at the limit, or raise it\n(pyfly.context.start-timeout)",
		}
		p.detail("constructor", b.label()).detail("registered", b.where())
		problems = append(problems, p.detail("stands at", where))
	}
	return problems
}

// settled returns the beans, in order, of which something has been made that
// will not change any more.
func (m *maker) settled() []*bean {
	m.mu.Lock()
	defer m.mu.Unlock()
	settled := make([]*bean, 0, len(m.graph.order))
	for _, b := range m.graph.order {
		if b.state == complete || b.state == failed && b.original != nil {
			settled = append(settled, b)
		}
	}
	return settled
}
