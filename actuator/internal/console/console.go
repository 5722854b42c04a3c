// SPDX-License-Identifier: Apache-2.0

// Package console is the actuator's web console: one HTML page with its
// scripts, styles and vendored libraries, embedded in the program. Only the
// page in the browser calls the actuator's endpoints; the package does not
// depend on them.
package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed all:static
var files embed.FS

// ContentSecurityPolicy is sent with every response of [Handler]. It permits
// only the console's own files and the endpoints of the same origin; no inline
// scripts or styles, and no text that becomes a script.
const ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types pyfly-console-layout"

// contentTypes maps extensions to content types. The system's table of types is
// not used.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".md":   "text/markdown; charset=utf-8",
}

// asset is one file, ready to be sent.
type asset struct {
	content     []byte
	contentType string
	etag        string
}

// Handler serves the page at "/" and its files below. The prefix at which it is
// mounted must have been stripped from request paths. The empty path redirects
// to "console/", relative to the requested address, so it must be mounted at a
// path that ends in "/console". It serves GET and HEAD, responds to
// If-None-Match with 304, and makes browsers revalidate each time, so that a
// new release is visible at once. It is safe for concurrent use.
func Handler() http.Handler {
	assets := sync.OnceValue(load) // by the first who looks, not by every start
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(w, r, assets()) })
}

// load reads every embedded file once, by its request path.
func load() map[string]asset {
	assets := map[string]asset{}
	err := fs.WalkDir(files, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		assets[strings.TrimPrefix(name, "static")] = newAsset(name, content)
		return err
	})
	if err != nil {
		panic("console: the embedded files cannot be read: " + err.Error())
	}
	assets["/"] = assets["/index.html"]
	return assets
}

func newAsset(name string, content []byte) asset {
	contentType, ok := contentTypes[path.Ext(name)]
	if !ok {
		contentType = "text/plain; charset=utf-8" // licences and sums
	}
	sum := sha256.Sum256(content)
	return asset{content: content, contentType: contentType, etag: `"` + hex.EncodeToString(sum[:16]) + `"`}
}

func serve(w http.ResponseWriter, r *http.Request, assets map[string]asset) {
	header := w.Header()
	setSecurity(header)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "the console can only be read", http.StatusMethodNotAllowed)
		return
	}
	if r.URL.Path == "" {
		redirect(w, r)
		return
	}
	found, ok := assets[r.URL.Path]
	if !ok {
		http.Error(w, "the console has no such file", http.StatusNotFound)
		return
	}
	header.Set("Content-Type", found.contentType)
	header.Set("ETag", found.etag)
	header.Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(found.content))
}

// redirect adds the slash that relative links need. [http.Redirect] would make
// the address absolute, based on the stripped path.
func redirect(w http.ResponseWriter, r *http.Request) {
	location := "console/"
	if r.URL.RawQuery != "" {
		location += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", location)
	w.WriteHeader(http.StatusPermanentRedirect)
}

func setSecurity(header http.Header) {
	header.Set("Content-Security-Policy", ContentSecurityPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
}
