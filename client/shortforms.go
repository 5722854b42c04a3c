// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/config"
)

// policyForms are the policies whose settings a single value may stand for, as it
// does in the tags: true, false, or the value of one setting.
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
	isGlobal            bool // the policy can be switched for all clients
}

// The groups of settings for which no single value stands, by level. "" is the
// level itself. What is inside a group comes after it.
var (
	transportSections = []string{"", "headers", "tls", "pool"}
	authSections      = []string{"auth", "auth.bearer", "auth.basic", "auth.oauth2"}
)

const budgetSection = "retry.budget"

// shortForms are those of all groups of settings, a group before what is inside
// it.
var shortForms = slices.Concat(
	sectionForms(globalPrefix, "", "services", "configs"),
	sectionForms(defaultPrefix, transportSections...),
	policyFormsBelow(globalPrefix, func(p policyForm) bool { return p.isGlobal }),
	levelForms(configsPrefix+"*."),
	levelForms(servicesPrefix+"*."),
	sectionForms(servicesPrefix+"*.", "methods", "methods.*"),
	policyFormsBelow(servicesPrefix+"*.methods.*.", everyPolicy),
)

func levelForms(prefix string) []config.ShortForm {
	return slices.Concat(
		sectionForms(prefix, transportSections...),
		sectionForms(prefix, authSections...),
		policyFormsBelow(prefix, everyPolicy),
	)
}

func sectionForms(prefix string, names ...string) []config.ShortForm {
	forms := make([]config.ShortForm, len(names))
	for i, name := range names {
		forms[i].Key = sectionKey(prefix, name)
	}
	return forms
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
	return append(forms, sectionForms(prefix, budgetSection)...)
}

func everyPolicy(policyForm) bool { return true }

func sectionKey(prefix, name string) string { return strings.TrimSuffix(prefix+name, ".") }

// globalSections reports single values where the settings of all clients need a
// group of keys.
func (r *resolver) globalSections() {
	r.sections(globalPrefix, "", "services", "configs")
	r.sections(defaultPrefix, transportSections...)
	for _, f := range policyForms {
		want := ""
		if !f.isGlobal {
			want = "write keys below it, which are the defaults of all clients; to switch it for one client, set " + servicesPrefix + "<name>." + f.policy
		}
		r.section(globalPrefix+f.policy, want)
	}
	r.sections(globalPrefix, budgetSection)
}

// levelSections does so for a client's settings, or those of a base.
func (r *resolver) levelSections(prefix string) {
	r.sections(prefix, transportSections...)
	r.sections(prefix, authSections...)
	r.policySections(prefix)
}

func (r *resolver) policySections(prefix string) {
	for _, f := range policyForms {
		r.section(prefix+f.policy, "")
	}
	r.sections(prefix, budgetSection)
}

func (r *resolver) sections(prefix string, names ...string) {
	for _, name := range names {
		if name != "headers" { // they are read as a group
			r.section(sectionKey(prefix, name), "")
		}
	}
}

// section reports that key has a value and not keys below it. want says what to
// write if there is more to say than that.
func (r *resolver) section(key, want string) {
	err := r.cfg.Bind(key, &struct{}{})
	if err == nil {
		return
	}
	var wrong *config.Error
	if errors.As(err, &wrong) {
		told := *wrong
		if want != "" {
			told.Want = want
		}
		if isAuthentication(r.nameOf(key)) && told.Value != "" {
			told.Value, told.Message = hidden, "a secret is where a group of keys is needed"
		}
		err = &told
	}
	r.problems = append(r.problems, err)
}
