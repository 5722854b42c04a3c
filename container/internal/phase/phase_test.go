// SPDX-License-Identifier: Apache-2.0

package phase_test

import (
	"math"
	"reflect"
	"testing"

	"github.com/pyfly-go/pyfly/container/internal/phase"
)

func at(number int) phase.Phase { return phase.Phase{Number: number, Exists: true} }

var none phase.Phase

func TestPlans(t *testing.T) {
	cases := map[string]struct {
		own     []phase.Phase
		needs   map[int][]int
		want    []phase.Phase
		because []int
		stages  [][]int
	}{
		"nothing": {nil, nil, nil, []int{}, nil},
		"one phase": {
			[]phase.Phase{at(0), at(0)}, map[int][]int{1: {0}},
			[]phase.Phase{at(0), at(0)}, []int{0, 1}, [][]int{{0, 1}},
		},
		"extreme numbers": {
			[]phase.Phase{at(math.MaxInt), at(0), at(math.MinInt), none}, nil,
			[]phase.Phase{at(math.MaxInt), at(0), at(math.MinInt), none}, []int{0, 1, 2, 3}, [][]int{{2}, {1}, {0}, {3}},
		},
		"needed by an earlier phase": {
			[]phase.Phase{at(5), at(-1), at(3)}, map[int][]int{1: {0}, 2: {0}},
			[]phase.Phase{at(-1), at(-1), at(3)}, []int{1, 1, 2}, [][]int{{0, 1}, {2}},
		},
		"through an element without a phase": {
			[]phase.Phase{at(5), none, at(-1)}, map[int][]int{1: {0}, 2: {1}},
			[]phase.Phase{at(-1), at(-1), at(-1)}, []int{2, 2, 2}, [][]int{{0, 1, 2}},
		},
		"an element without a phase, shared by two": {
			[]phase.Phase{none, at(1), at(2)}, map[int][]int{1: {0}, 2: {0}},
			[]phase.Phase{at(1), at(1), at(2)}, []int{1, 1, 2}, [][]int{{0, 1}, {2}},
		},
		"an element without a phase pulls nothing": {
			[]phase.Phase{at(5), none}, map[int][]int{1: {0}},
			[]phase.Phase{at(5), none}, []int{0, 1}, [][]int{{0}, {1}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			plan := phase.NewPlan(c.own, func(place int, fn func(int)) {
				for _, needed := range c.needs[place] {
					fn(needed)
				}
			})
			if want := (phase.Plan{Phases: c.want, Because: c.because}); !reflect.DeepEqual(plan, want) {
				t.Errorf("got %v, want %v", plan, want)
			}
			if stages := plan.Stages(); !reflect.DeepEqual(stages, c.stages) {
				t.Errorf("stages %v, want %v", stages, c.stages)
			}
		})
	}
}
