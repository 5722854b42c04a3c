// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"slices"

	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// life is what an object is doing. Its hooks run one after the other.
type life struct {
	phase         int
	hasPhase      bool              // the option, or the object itself, gives the phase
	told          []activeProcessor // that are told of its destruction
	isStarted     bool
	hasRunOnStart bool // without a problem
	isHanging     bool // a hook did not return; no other is called
}

// readPhase asks the object for its phase, unless the option gives it.
func (i *instance) readPhase() *Problem {
	if i.givenPhase != nil {
		i.phase, i.hasPhase = *i.givenPhase, true
		return nil
	}
	phased, ok := holderOf[lifecycle.Phased](i)
	if !ok || i.isInfrastructure {
		return nil
	}
	i.hasPhase = true
	err := usercode.Call(func() error { i.phase = phased.Phase(); return nil })
	if err == nil {
		return nil
	}
	p := &Problem{Code: CodeHook, Bean: i.name, Err: err, What: fmt.Sprintf("Phase of %s failed: %v", i.name, err)}
	return p.detail("bean", i.describe())
}

// isSeenBy notes that a processor is to be told of the destruction of the object.
func (i *instance) isSeenBy(p activeProcessor) {
	if _, ok := p.BeanPostProcessor.(lifecycle.DestructionAware); !ok {
		return
	}
	isTheSame := func(other activeProcessor) bool { return other.node == p.node }
	if !slices.ContainsFunc(i.told, isTheSame) {
		i.told = append(i.told, p)
	}
}

func (i *instance) hasStart() bool {
	_, ok := holderOf[lifecycle.Starter](i)
	return !i.isInfrastructure && (ok || len(i.onStart) > 0)
}

func (i *instance) hasStop() bool {
	_, ok := holderOf[lifecycle.Stopper](i)
	return !i.isInfrastructure && (ok || len(i.onStop) > 0)
}
