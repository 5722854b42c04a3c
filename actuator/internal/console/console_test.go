// SPDX-License-Identifier: Apache-2.0

package console_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/actuator/internal/console"
)

// get asks the handler as it is mounted: with the prefix stripped.
func get(t *testing.T, method, target string, header http.Header) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, "/actuator/console"+target, nil)
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	http.StripPrefix("/actuator/console", console.Handler()).ServeHTTP(w, r)
	return w.Result()
}

// assets lists the files of the page by the path they are asked for with.
func assets(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	static := os.DirFS("static")
	err := fs.WalkDir(static, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(static, name)
		found["/"+name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// own leaves out what others have written.
func own(t *testing.T) map[string]string {
	found := assets(t)
	for name := range found {
		if strings.HasPrefix(name, "/vendor/") {
			delete(found, name)
		}
	}
	return found
}

func TestEveryAssetIsServedWithItsTypeAndTheSecurityHeaders(t *testing.T) {
	types := map[string]string{
		".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
		".svg": "image/svg+xml", ".md": "text/markdown; charset=utf-8",
	}
	found := assets(t)
	found["/"] = found["/index.html"]
	for name, content := range found {
		res := get(t, http.MethodGet, name, nil)
		var body strings.Builder
		if _, err := bufio.NewReader(res.Body).WriteTo(&body); err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != http.StatusOK || body.String() != content {
			t.Errorf("%s: status %d, %d bytes, want 200 and the %d of the file", name, res.StatusCode, body.Len(), len(content))
		}
		want := types[path.Ext(name)]
		if name == "/" {
			want = types[".html"]
		}
		if want == "" {
			want = "text/plain; charset=utf-8"
		}
		if got := res.Header.Get("Content-Type"); got != want {
			t.Errorf("%s has the type %q, want %q", name, got, want)
		}
		if got := res.Header.Get("Cache-Control"); got != "no-cache" {
			t.Errorf("%s has the Cache-Control %q", name, got)
		}
		wantSecurity(t, name, res)
	}
}

func wantSecurity(t *testing.T, name string, res *http.Response) {
	t.Helper()
	for key, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
			"connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
			"require-trusted-types-for 'script'; trusted-types pyfly-console-layout",
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "no-referrer",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := res.Header.Get(key); got != want {
			t.Errorf("%s: %s is %q, want %q", name, key, got, want)
		}
	}
}

func TestTheAddressWithoutASlashLeadsToTheOneWith(t *testing.T) {
	res := get(t, http.MethodGet, "", nil)
	if res.StatusCode != http.StatusPermanentRedirect {
		t.Fatalf("status %d", res.StatusCode)
	}
	location, err := res.Location()
	if err != nil {
		t.Fatal(err)
	}
	// Browsers resolve it against the address asked for.
	base, _ := location.Parse("/actuator/console")
	if got := base.ResolveReference(location).Path; res.Header.Get("Location") != "console/" && got != "/actuator/console/" {
		t.Errorf("leads to %s", got)
	}
	wantSecurity(t, "the redirect", res)
}

func TestWhatHasNotChangedIsNotSentAgain(t *testing.T) {
	etag := get(t, http.MethodGet, "/app.js", nil).Header.Get("ETag")
	if etag == "" {
		t.Fatal("no ETag")
	}
	res := get(t, http.MethodGet, "/app.js", http.Header{"If-None-Match": {etag}})
	if res.StatusCode != http.StatusNotModified {
		t.Errorf("status %d for the ETag just sent", res.StatusCode)
	}
	wantSecurity(t, "the 304", res)
	if res := get(t, http.MethodGet, "/app.js", http.Header{"If-None-Match": {`"another"`}}); res.StatusCode != http.StatusOK {
		t.Errorf("status %d for another ETag", res.StatusCode)
	}
}

func TestOnlyWhatIsThereCanBeReadAndNothingElseDone(t *testing.T) {
	tests := []struct {
		method, target string
		status         int
	}{
		{http.MethodHead, "/", http.StatusOK},
		{http.MethodPost, "/", http.StatusMethodNotAllowed},
		{http.MethodDelete, "/app.js", http.StatusMethodNotAllowed},
		{http.MethodGet, "/none.js", http.StatusNotFound},
		{http.MethodGet, "/vendor", http.StatusNotFound},
		{http.MethodGet, "/vendor/", http.StatusNotFound},
		{http.MethodGet, "/../console.go", http.StatusNotFound},
	}
	for _, test := range tests {
		res := get(t, test.method, test.target, nil)
		if res.StatusCode != test.status {
			t.Errorf("%s %s: status %d, want %d", test.method, test.target, res.StatusCode, test.status)
		}
		wantSecurity(t, test.target, res)
	}
}

func TestThePageHoldsNothingThatItsPolicyRefuses(t *testing.T) {
	forbidden := map[string]*regexp.Regexp{
		"an inline script":       regexp.MustCompile(`(?is)<script\b[^>]*>\s*[^<\s]`),
		"a script without src":   regexp.MustCompile(`(?i)<script\b(?:[^>](?:[^s]|s[^r])?)*?>\s*\S+?</script>`),
		"a style element":        regexp.MustCompile(`(?i)<style\b`),
		"a style attribute":      regexp.MustCompile(`(?i)\sstyle\s*=`),
		"a handler attribute":    regexp.MustCompile(`(?i)<[^>]*\son[a-z]+\s*=`),
		"a base element":         regexp.MustCompile(`(?i)<base\b`),
		"a javascript: address":  regexp.MustCompile(`(?i)javascript:`),
		"an absolute path":       regexp.MustCompile(`(?i)(?:src|href)\s*=\s*["']?/`),
		"a form that is sent":    regexp.MustCompile(`(?i)<form\b[^>]*\baction\s*=`),
		"a frame":                regexp.MustCompile(`(?i)<i?frame\b`),
		"an address of a script": regexp.MustCompile(`(?i)src\s*=\s*["']?(?:data|blob):`),
	}
	page := own(t)["/index.html"]
	for what, pattern := range forbidden {
		if hit := pattern.FindString(page); hit != "" {
			t.Errorf("index.html has %s: %s", what, hit)
		}
	}
}

func TestScriptsMakeNoMarkupAndNoCodeOfText(t *testing.T) {
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|` +
		`setAttribute\(\s*['"](?:style|on)|createContextualFragment|DOMParser|console\.(?:log|info|debug|warn|error)|localStorage\.[a-z]*[tT]oken`)
	for name, content := range own(t) {
		if path.Ext(name) != ".js" {
			continue
		}
		if hit := forbidden.FindString(content); hit != "" {
			t.Errorf("%s uses %s", name, hit)
		}
	}
}

func TestNothingOfAnotherHostIsNamed(t *testing.T) {
	address := regexp.MustCompile(`(?i)(?:https?:|wss?:|["'(])//[a-z0-9.-]+[^\s"')]*`)
	for name, content := range own(t) {
		for _, hit := range address.FindAllString(content, -1) {
			if !strings.HasPrefix(hit, "http://www.w3.org/") {
				t.Errorf("%s names %s", name, hit)
			}
		}
	}
}

func TestEveryFileThatIsNamedIsThere(t *testing.T) {
	found := assets(t)
	reference := regexp.MustCompile(`(?:\bfrom\s+|\bimport\s*\(?\s*|(?:src|href)=|new URL\()["'](\.{0,2}/?[\w./-]+\.(?:js|css|svg))["']`)
	for name, content := range own(t) {
		for _, hit := range reference.FindAllStringSubmatch(content, -1) {
			if target := path.Join(path.Dir(name), hit[1]); found[target] == "" {
				t.Errorf("%s names %s, which is not there", name, target)
			}
		}
	}
}

func TestVendoredFilesAreTheOnesThatWereReviewed(t *testing.T) {
	found := assets(t)
	recorded := map[string]string{}
	for line := range strings.Lines(found["/vendor/SHA256SUMS"]) {
		if sum, name, ok := strings.Cut(strings.TrimSpace(line), "  "); ok {
			recorded["/vendor/"+name] = sum
		}
	}
	for name, content := range found {
		if !strings.HasPrefix(name, "/vendor/") || path.Base(name) == "SHA256SUMS" || path.Base(name) == "VENDOR.md" {
			continue
		}
		sum := sha256.Sum256([]byte(content))
		if got := hex.EncodeToString(sum[:]); got != recorded[name] {
			t.Errorf("%s has the sha256 %s, recorded is %q", name, got, recorded[name])
		}
		if ext := path.Ext(name); (ext == ".js" || ext == ".css") && !strings.Contains(found["/vendor/VENDOR.md"], recorded[name]) {
			t.Errorf("VENDOR.md does not name %s with its sum", name)
		}
		delete(recorded, name)
	}
	for name := range recorded {
		t.Errorf("%s is recorded and not there", name)
	}
}

func TestNamesOfJavaScriptBreakNothing(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no Node.js to run the scripts with")
	}
	output, err := exec.CommandContext(t.Context(), node, "testdata/names.mjs").CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, output)
	}
}
