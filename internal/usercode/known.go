// SPDX-License-Identifier: Apache-2.0

package usercode

import (
	"reflect"
	"strings"
)

// knownPackages are packages whose errors have safe methods. Most errors come
// from them; checking other errors takes a goroutine.
var knownPackages = map[string]bool{
	"context": true, "errors": true, "fmt": true, "io": true, "io/fs": true, "os": true, "syscall": true,
	"net": true, "net/http": true, "net/url": true, "internal/poll": true, "crypto/tls": true, "crypto/x509": true,
	"encoding/json": true, "compress/gzip": true, "compress/flate": true,
}

const ownPackages = "github.com/pyfly-go/pyfly/"

// isKnown reports whether err and all errors that it wraps are of known
// packages.
func isKnown(err error, depth int) bool {
	const deepest = 20
	t := reflect.TypeOf(err)
	if isNilPointer(err) || depth > deepest {
		return false
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if path := t.PkgPath(); !knownPackages[path] && !isOwn(path) {
		return false
	}
	for _, inner := range unwrap(err) {
		if inner != nil && !isKnown(inner, depth+1) {
			return false
		}
	}
	return true
}

// isOwn reports whether a package belongs to this project and is not a test
// package.
func isOwn(path string) bool {
	return strings.HasPrefix(path, ownPackages) && !strings.HasSuffix(path, "_test") && !strings.Contains(path, "/examples/")
}
