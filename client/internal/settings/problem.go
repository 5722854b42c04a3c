// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/kernel"
)

// problem is a mistake outside of the application's configuration.
type problem struct{ text string }

func (p *problem) Error() string        { return p.text }
func (p *problem) Is(target error) bool { return target == kernel.ErrConfig }

// Declared is a mistake in what the tags of a client say, which only shows with its
// settings.
type Declared struct {
	Text string
	Err  error // the cause, or nil
}

func (d *Declared) Error() string        { return d.Text }
func (d *Declared) Unwrap() error        { return d.Err }
func (d *Declared) Is(target error) bool { return target == kernel.ErrConfig }

// isTag reports whether an origin is that of a tag.
func (r *resolver) isTag(origin string) bool {
	return origin == r.declaration.Tag.Origin ||
		slices.ContainsFunc(r.declaration.Methods, func(m Method) bool { return origin == m.Tag.Origin })
}

// report reports what is wrong with a value that has no key. err is the cause, or
// nil.
func (r *resolver) report(origin, text string, err error) {
	switch {
	case !r.isTag(origin) && err == nil:
		err = &problem{text}
	case !r.isTag(origin):
		err = unresolved(err, text)
	case err == nil:
		err = &Declared{Text: text}
	default:
		err = &Declared{unresolved(err, text).Error(), err}
	}
	r.problems = append(r.problems, err)
}

// unresolved adds to an error of filling placeholders, which knows only these, where it
// arose.
func unresolved(err error, where string) error {
	wrong := (*config.Error)(nil)
	if !errors.As(err, &wrong) {
		return fmt.Errorf("%s: %w", where, err)
	}
	copied := *wrong
	copied.Message = where + ": " + wrong.Message
	return &copied
}

// wrongAt reports the value that a level gives, or would give, to a setting.
func (r *resolver) wrongAt(l *level, name, want string) {
	n, ok := r.noted[l.name+name]
	if !ok {
		n = note{Setting{Name: l.name + name, Key: l.prefix + name}, l}
	}
	r.wrong(n, want)
}

// wrong reports the value of a setting. want is the remedy.
func (r *resolver) wrong(n note, want string) {
	if n.level == nil || n.level.origin == "" {
		err := r.cfg.Errorf(n.Key, "%s", want)
		if isAuthentication(n.Name) && err.Value != "" {
			err.Value, err.Message = hidden, hidden+" is not allowed"
		}
		r.problems = append(r.problems, err)
		return
	}
	key := r.own() + cmp.Or(n.level.at, n.level.name) + n.Name[len(n.level.name):]
	r.report(n.level.origin, fmt.Sprintf("%s: %s: %q is not allowed: %s", n.Origin, key, n.Value, want), nil)
}

// wrongTogether reports settings that are not valid in combination, of a method
// if prefix is that of a method. The position is that of the first setting that
// is set, preferably for the method. The other settings are listed.
func (r *resolver) wrongTogether(prefix string, names []string, want string) {
	var set []note
	for _, name := range names {
		if n, ok := r.noted[prefix+name]; ok {
			set = append(set, n)
		}
	}
	for _, name := range names {
		if n, ok := r.noted[name]; ok && prefix != "" {
			set = append(set, n)
		}
	}
	if len(set) == 0 {
		r.problems = append(r.problems, r.cfg.Errorf(r.own()+prefix+names[0], "%s", want))
		return
	}
	for _, n := range set[1:] {
		want += fmt.Sprintf(" (%s is %s, %s)", n.Name, n.Value, n.Origin)
	}
	r.wrong(set[0], want)
}
