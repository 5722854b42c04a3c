// SPDX-License-Identifier: Apache-2.0

package naming

import (
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Form puts the name of a type, with the names of packages or folders in front,
// into words of a kind: [Camel] or [Kebab].
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

// LowerCamel puts a name with dashes into the form of beans: "paymentsV2" for
// "payments-v2".
func LowerCamel(name string) string {
	var b strings.Builder
	for _, part := range partsOf(name) {
		b.WriteString(withFirst(part, unicode.ToUpper))
	}
	return withFirst(b.String(), unicode.ToLower)
}

// wordsOf divides the name of a package or folder: "my-shop" into "my" and "shop".
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

// OfType returns the name of a type, or of what it points to, without its package:
// "service" for *orders.Service, "repo[[]User]" for Repo[[]orders.User]. A type
// without a name has the name that Go writes.
func OfType(t reflect.Type, form Form) string { return detail{}.name(t, form) }

// detail is how much of a type is in its name.
type detail struct {
	prefix    int  // names of packages and folders in front, from the innermost
	arguments bool // with their packages
}

// details returns the ways to name a type, the shortest first.
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

// Base is what a pointer points to; types and what points to them have one name.
func Base(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// pathOf returns the folders of a type's package and, as the last, its name.
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

// shortened drops the packages of type arguments, or their folders only:
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

// afterQuoted returns what follows a quoted text, such as the tag of a field.
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

// Distinct returns names for types that differ from each other, as short as they
// can be, by type: of types that have the same name, each gets as much more as tells
// it apart. First that is the name of its package in front, then the packages of
// type arguments, then folders. Pointers have the name of what they point to.
// isTaken reports whether a longer name is something else's already.
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

// tellApart names types that have the same short name, each as short as it can be.
// Types that nothing tells apart keep it.
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

// IsOfType reports whether a name may be that of a type among others of the same
// short name.
func IsOfType(name string, t reflect.Type, form Form) bool {
	return slices.ContainsFunc(details(t), func(d detail) bool { return d.name(t, form) == name })
}
