// SPDX-License-Identifier: Apache-2.0

package container

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container/internal/profile"
)

// condition decides whether a definition becomes a bean. One of its two tests
// is set; each says what is not met, or "".
type condition struct {
	profiles   []string // that are named
	text       string   // as the user wrote it
	ofSettings func(*config.Config, []string) (unmet string, err error)
	ofBeans    func(present *definitions) (unmet string)
}

// Profile registers the bean only if the expression holds for the active
// profiles: names joined by & (and), | (or), ! (not) and parentheses, such as
// "prod & !eu". & binds closer than |.
//
// All conditions of a bean must hold. Profile and [OnProperty] are looked at
// first, for all beans; then [OnBean] and [OnMissingBean], which see all beans
// without such conditions wherever they are registered, and of the others those
// that were decided before: the application's own before those of modules, a
// module's before those of the modules it installs, else in the order of
// registration.
func Profile(expression string) BeanOption {
	return func(d *definition) {
		holds, err := profile.Parse(expression)
		if err != nil {
			d.fail(fmt.Sprintf("Profile(%q): %v", expression, err), `write profiles joined by & | ! ( ), such as "prod & !eu"`)
			return
		}
		d.conditions = append(d.conditions, condition{
			profiles: profilesIn(expression),
			text:     fmt.Sprintf("Profile(%q)", expression),
			ofSettings: func(_ *config.Config, profiles []string) (string, error) {
				if holds(profiles) {
					return "", nil
				}
				return "active profiles: " + listOr(profiles, "none"), nil
			},
		})
	}
}

// OnProperty registers the bean only if the setting has the value; upper and
// lower case are the same. The values true and false stand for all forms of a
// bool (on, yes), and a number for all of its forms. An empty value stands for any
// but false. See [Profile] for the order of conditions.
func OnProperty(key, value string) BeanOption {
	return func(d *definition) {
		d.conditions = append(d.conditions, condition{
			text: fmt.Sprintf("OnProperty(%q, %q)", key, value),
			ofSettings: func(cfg *config.Config, _ []string) (string, error) {
				_, ok, err := cfg.Get(key)
				switch {
				case err != nil:
					return err.Error(), err
				case !ok:
					return key + " is not set", nil
				case hasValue(cfg, key, value):
					return "", nil
				}
				return fmt.Sprintf("%s is %q", key, cfg.Redacted(key)), nil
			},
		})
	}
}

// OnBean registers the bean only if another one fits the type T. See [Profile]
// for the order of conditions.
func OnBean[T any]() BeanOption {
	t := reflect.TypeFor[T]()
	return func(d *definition) {
		d.conditions = append(d.conditions, condition{
			text: fmt.Sprintf("OnBean[%s]", t),
			ofBeans: func(present *definitions) string {
				if firstThatFits(present, t) == nil {
					return "there is none"
				}
				return ""
			},
		})
	}
}

// OnMissingBean registers the bean only if no other fits the type T: a default
// that gives way to a bean of the user's, wherever that is registered. See
// [Profile] for the order of conditions.
func OnMissingBean[T any]() BeanOption {
	t := reflect.TypeFor[T]()
	return func(d *definition) {
		d.conditions = append(d.conditions, condition{
			text: fmt.Sprintf("OnMissingBean[%s]", t),
			ofBeans: func(present *definitions) string {
				if other := firstThatFits(present, t); other != nil {
					return "there is " + other.describe()
				}
				return ""
			},
		})
	}
}

func firstThatFits(present *definitions, t reflect.Type) *definition {
	for _, d := range present.find(t) {
		if !d.isInfrastructure {
			return d
		}
	}
	return nil
}

func (d *definition) dependsOnBeans() bool {
	return slices.ContainsFunc(d.conditions, func(c condition) bool { return c.ofBeans != nil })
}

// exclusion is why a definition was kept from becoming a bean.
type exclusion struct {
	condition string
	unmet     string
}

func (g *graph) exclude(d *definition, condition, unmet string) {
	if g.exclusions == nil {
		g.exclusions = map[*definition]exclusion{}
	}
	g.excluded.add(d)
	g.exclusions[d] = exclusion{condition, unmet}
}

// keptOut says which condition kept a definition out.
func (g *graph) keptOut(d *definition) string {
	e := g.exclusions[d]
	return fmt.Sprintf("%s was kept out by %s: %s", d.describe(), e.condition, e.unmet)
}

// applyConditions keeps the definitions whose conditions hold.
func (g *graph) applyConditions(all []*definition) []*definition {
	if !slices.ContainsFunc(all, func(d *definition) bool { return len(d.conditions) > 0 }) {
		return all
	}
	isExcluded := map[*definition]bool{}
	present := &definitions{}
	var undecided []*definition
	for _, d := range all {
		switch {
		case g.excludedBySettings(d):
			isExcluded[d] = true
		case d.dependsOnBeans():
			undecided = append(undecided, d)
		default:
			present.add(d)
		}
	}
	slices.SortStableFunc(undecided, func(a, b *definition) int { return cmp.Compare(a.module.depth(), b.module.depth()) })
	for _, d := range undecided {
		if g.excludedByBeans(d, present) {
			isExcluded[d] = true
		} else {
			present.add(d)
		}
	}
	return slices.DeleteFunc(all, func(d *definition) bool { return isExcluded[d] })
}

func (g *graph) excludedBySettings(d *definition) bool {
	for _, c := range d.conditions {
		if c.ofSettings == nil {
			continue
		}
		unmet, err := c.ofSettings(g.config, g.profiles)
		if err != nil {
			g.problems = append(g.problems, problemsOf(err, CodeConfig)...)
		}
		if unmet != "" {
			g.exclude(d, c.text, unmet)
			return true
		}
	}
	return false
}

func (g *graph) excludedByBeans(d *definition, present *definitions) bool {
	for _, c := range d.conditions {
		if c.ofBeans == nil {
			continue
		}
		if unmet := c.ofBeans(present); unmet != "" {
			g.exclude(d, c.text, unmet)
			return true
		}
	}
	return false
}

func listOr(list []string, none string) string {
	if len(list) == 0 {
		return none
	}
	return strings.Join(list, ", ")
}
