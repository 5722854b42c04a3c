// SPDX-License-Identifier: Apache-2.0

package naming

import (
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Form joins the name of a type and the preceding names of packages or folders:
// [Camel] or [Kebab].
type Form func(prefix []string, name string) string

// Camel is the form of beans: "ordersService".
func Camel(prefix []string, name string) string {
	if len(prefix) == 0 {
		return withFirst(name, unicode.ToLower)
	}
	var b strings.Builder
	for _, word := range prefix {
		for _, part := range wordsOf(word) {
			b.WriteString(withFirst(part, unicode.ToUpper))
		}
	}
	b.WriteString(withFirst(name, unicode.ToUpper))
	return withFirst(b.String(), unicode.ToLower)
}

// Kebab is the form of clients: "orders-service".
func Kebab(prefix []string, name string) string {
	var words []string
	for _, word := range prefix {
		words = append(words, wordsOf(word)...)
	}
	if !strings.Contains(name, "[") {
		return strings.Join(append(words, KebabCase(name)), "-")
	}
	for _, part := range partsOf(name) {
		words = append(words, KebabCase(part))
	}
	return strings.Join(words, "-")
}

// LowerCamel converts a name with hyphens to the form of beans: "payments-v2"
// to "paymentsV2".
func LowerCamel(name string) string {
	var b strings.Builder
	for _, part := range partsOf(name) {
		b.WriteString(withFirst(part, unicode.ToUpper))
	}
	return withFirst(b.String(), unicode.ToLower)
}

// wordsOf splits the name of a package or folder: "my-shop" into "my" and
// "shop".
func wordsOf(name string) []string { return partsOf(strings.ToLower(name)) }

func partsOf(name string) []string {
	return strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func withFirst(s string, change func(rune) rune) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(change(first)) + s[size:]
}

// OfType returns the name of a type, or of the type that it points to, without
// its package: "service" for *orders.Service, "repo[[]User]" for
// Repo[[]orders.User]. An unnamed type has the name that Go prints.
func OfType(t reflect.Type, form Form) string { return detail{}.name(t, form) }

// detail determines how much of a type its name includes.
type detail struct {
	prefix    int  // names of packages and folders in front, from the innermost
	arguments bool // with their packages
}

// details returns the possible names of a type, shortest first.
func details(t reflect.Type) []detail {
	all := []detail{{0, false}, {1, false}, {0, true}, {1, true}}
	for n := 2; n <= len(pathOf(Base(t))); n++ {
		all = append(all, detail{n, true})
	}
	return all
}

func (d detail) name(t reflect.Type, form Form) string {
	t = Base(t)
	name := t.Name()
	if name == "" {
		return t.String()
	}
	var prefix []string
	if d.prefix > 0 {
		path := pathOf(t)
		prefix = path[max(0, len(path)-d.prefix):]
	}
	return form(prefix, shortened(name, d.arguments))
}

// Base returns the element type of a pointer. A type and pointers to it have
// the same name.
func Base(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// pathOf returns the folders of a type's package, followed by the package name.
func pathOf(t reflect.Type) []string {
	name, _, isQualified := strings.Cut(t.String(), ".")
	if !isQualified || t.PkgPath() == "" {
		return nil
	}
	path := strings.Split(t.PkgPath(), "/")
	if path[len(path)-1] == name {
		return path
	}
	return append(path, name)
}

// shortened removes the packages of type arguments, or only their folders:
// "Repo[[]a/b.User]" becomes "Repo[[]User]" or "Repo[[]b.User]".
func shortened(name string, withPackages bool) string {
	if !strings.Contains(name, "[") {
		return name
	}
	var b strings.Builder
	for len(name) > 0 {
		end := strings.IndexAny(name, "[]*(){},; \"")
		switch {
		case end < 0:
			end = len(name)
		case end == 0 && name[0] == '"':
			quoted := len(name) - len(afterQuoted(name))
			b.WriteString(name[:quoted])
			name = name[quoted:]
			continue
		case end == 0:
			b.WriteByte(name[0])
			name = name[1:]
			continue
		}
		b.WriteString(shortenedWord(name[:end], withPackages))
		name = name[end:]
	}
	return b.String()
}

// afterQuoted returns the text after a quoted text, such as the tag of a field.
func afterQuoted(s string) string {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return s[i+1:]
		}
	}
	return ""
}

func shortenedWord(word string, withPackage bool) string {
	dots := ""
	if rest, isVariadic := strings.CutPrefix(word, "..."); isVariadic {
		dots, word = "...", rest
	}
	word, _, _ = strings.Cut(word[strings.LastIndexByte(word, '/')+1:], "·") // a type of a function has a number
	word = strings.ReplaceAll(word, "%2e", ".")
	if !withPackage {
		word = word[strings.LastIndexByte(word, '.')+1:]
	}
	return dots + word
}

// Distinct returns unique names for types, as short as possible, by type. Types
// with the same short name are distinguished first by the name of their
// package, then by the packages of type arguments, then by folders. Pointers
// have the name of their element type. isTaken reports whether a longer name is
// already used otherwise.
func Distinct(types []reflect.Type, form Form, isTaken func(name string) bool) map[reflect.Type]string {
	names := make(map[reflect.Type]string, len(types))
	groups := map[string][]reflect.Type{}
	var shared []string // names, in the order of their second types
	for _, t := range types {
		t = Base(t)
		if _, known := names[t]; known {
			continue
		}
		name := OfType(t, form)
		names[t] = name
		if groups[name] = append(groups[name], t); len(groups[name]) == 2 {
			shared = append(shared, name)
		}
	}
	used := map[string]bool{}
	for _, short := range shared {
		longer := tellApart(groups[short], form, func(name string) bool {
			return groups[name] != nil || used[name] || isTaken(name)
		})
		for t, name := range longer {
			names[t], used[name] = name, true
		}
	}
	return names
}

// tellApart finds the shortest unique names of types with the same short name.
// Types that cannot be distinguished keep the short name.
func tellApart(types []reflect.Type, form Form, isTaken func(name string) bool) map[reflect.Type]string {
	most := slices.MaxFunc(types, func(a, b reflect.Type) int { return len(details(a)) - len(details(b)) })
	names, given := make(map[reflect.Type]string, len(types)), map[string]bool{}
	for _, d := range details(most)[1:] {
		byName := map[string][]reflect.Type{}
		for _, t := range types {
			if name := d.name(t, form); names[t] == "" {
				byName[name] = append(byName[name], t)
			}
		}
		for name, same := range byName {
			if len(same) == 1 && !given[name] && !isTaken(name) {
				names[same[0]], given[name] = name, true
			}
		}
	}
	return names
}

// IsOfType reports whether a name may be the name of a type among others with
// the same short name.
func IsOfType(name string, t reflect.Type, form Form) bool {
	return slices.ContainsFunc(details(t), func(d detail) bool { return d.name(t, form) == name })
}
