// SPDX-License-Identifier: Apache-2.0

package config

import (
	"github.com/knadh/koanf/v2"
)

// merged is what all layers set, and the environment over them.
type merged struct {
	root        *node
	forms       []ShortForm // that are written out
	environment *environment
}

// merge puts layers over each other, the lowest first.
func merge(layers []*layer) *node {
	values, written := koanf.New(delimiter), places{}
	for _, l := range layers {
		_ = values.Load(l, nil, koanf.WithMergeFunc(func(_, below map[string]any) error { // never fails
			l.mergeInto(below)
			return nil
		}))
		written.merge(l.places)
	}
	return newNode("", values.Raw(), written)
}
