// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/config"
)

// policyForms are the policies that a single value can configure, in settings
// as in tags: true, false, or the value of one setting.
var policyForms = []policyForm{
	{"retry", "max-attempts", "write true, false or a number of attempts, the first included, of at least 1", false},
	{"circuit-breaker", "", "write true or false", false},
	{"bulkhead", "max-concurrent", "write true, false or a number of calls at a time of at least 1", true},
	{"rate-limit", "per-second", "write true, false or a number of calls a second above 0", true},
	{"adaptive-limit", "", "write true or false", true},
	{"hedge", "delay", "write true, false or a delay such as 100ms", true},
}

type policyForm struct {
	policy, value, want string
	isGlobal            bool // the policy can be enabled for all clients
}

func formOf(policy string) (form policyForm, ok bool) {
	i := slices.IndexFunc(policyForms, func(f policyForm) bool { return f.policy == policy })
	if i < 0 {
		return policyForm{}, false
	}
	return policyForms[i], true
}

// The groups of settings that a single value cannot configure, by level. "" is
// the level itself. Nested groups follow their group.
var (
	transportSections = []string{"", "tls", "pool", "load-balancing"}
	authSections      = []string{"auth", "auth.bearer", "auth.basic", "auth.oauth2"}
)

// shortForms are all groups of settings. Nested groups follow their group.
var shortForms = slices.Concat(
	sectionForms(globalPrefix, "", "services", "configs"),
	sectionForms(defaultPrefix, transportSections...),
	headerForms(defaultPrefix),
	staleForms(defaultPrefix),
	discoveryForms(defaultPrefix),
	policyFormsBelow(globalPrefix, func(p policyForm) bool { return p.isGlobal }),
	levelForms(configsPrefix+"*."),
	levelForms(ServicesPrefix+"*."),
	sectionForms(ServicesPrefix+"*.", "methods", "methods.*"),
	staleForms(ServicesPrefix+"*.methods.*."),
	policyFormsBelow(ServicesPrefix+"*.methods.*.", everyPolicy),
)

// givenForms are those of a level that a declaration or code gives.
var givenForms = slices.Concat(headerForms(""), staleForms(""), discoveryForms(""), policyFormsBelow("", everyPolicy))

func levelForms(prefix string) []config.ShortForm {
	return slices.Concat(
		sectionForms(prefix, transportSections...),
		headerForms(prefix),
		sectionForms(prefix, authSections...),
		staleForms(prefix),
		discoveryForms(prefix),
		policyFormsBelow(prefix, everyPolicy),
	)
}

func sectionForms(prefix string, names ...string) []config.ShortForm {
	forms := make([]config.ShortForm, len(names))
	for i, name := range names {
		forms[i].Key = strings.TrimSuffix(prefix+name, ".")
	}
	return forms
}

func headerForms(prefix string) []config.ShortForm {
	return []config.ShortForm{{Key: prefix + "headers", Pairs: true, Want: "write Name: value, and a semicolon between two"}}
}

func staleForms(prefix string) []config.ShortForm {
	return []config.ShortForm{{Key: prefix + "stale-if-error", Value: "max-age", Want: "write a duration such as 1h"}}
}

func discoveryForms(prefix string) []config.ShortForm {
	return []config.ShortForm{
		{Key: prefix + "discovery", Value: "type", Want: "write static, dns, srv or the name of a resolver"},
		{Key: prefix + "outlier-detection", Switch: "enabled", Want: "write true or false"},
	}
}

func policyFormsBelow(prefix string, hasShortForm func(policyForm) bool) []config.ShortForm {
	var forms []config.ShortForm
	for _, p := range policyForms {
		form := config.ShortForm{Key: prefix + p.policy}
		if hasShortForm(p) {
			form.Switch, form.Value, form.Want = "enabled", p.value, p.want
		}
		forms = append(forms, form)
	}
	return append(forms, sectionForms(prefix, "retry.budget")...)
}

func everyPolicy(policyForm) bool { return true }
