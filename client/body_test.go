// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client"
)

type upload struct {
	Title string        `form:"title"`
	Tags  []string      `form:"tag"`
	File  client.File   `form:"file"`
	More  []client.File `form:"more"`
	Cover *client.File  `form:"cover"`
}

type uploadClient struct {
	client.ServiceClient `url:"http://upload.invalid" name:"upload" retry-base-delay:"0s"`

	Upload func(ctx context.Context, u upload) (string, error)             `post:"/upload" idempotent:"true"`
	Put    func(ctx context.Context, name string, content io.Reader) error `put:"/files/{name}" content-type:"image/png"`
	File   func(ctx context.Context, name string) (io.ReadCloser, error)   `get:"/files/{name}"`
}

func TestAFormWithFilesIsMultipart(t *testing.T) {
	s := serve(t, nil)
	c := wireBy[uploadClient](t, over("upload", s.URL))
	_, err := c.Upload(t.Context(), upload{
		Title: "a & b", Tags: []string{"x", "y"},
		File: client.File{Name: `we"ird.txt`, ContentType: "text/plain", Content: strings.NewReader("content")},
		More: []client.File{{Name: "1", Content: io.LimitReader(strings.NewReader("one"), 3)}, {Name: "2", Content: bytes.NewBufferString("two")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := s.last(t)
	_, params, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	reader := multipart.NewReader(strings.NewReader(got.Body), params["boundary"])
	var parts []string
	for {
		part, err := reader.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, _ := io.ReadAll(part)
		parts = append(parts, part.FormName()+"|"+part.FileName()+"|"+part.Header.Get("Content-Type")+"|"+string(content))
	}
	want := "title|||a & b, tag|||x, tag|||y, file|we%22ird.txt|text/plain|content, more|1|application/octet-stream|one, more|2|application/octet-stream|two"
	if strings.Join(parts, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(parts, ", "), want)
	}
}

// failing answers the first attempts with 503 and records the bodies.
func failing(t *testing.T, times int) (s *server, bodies func() []string) {
	t.Helper()
	n := 0
	s = serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n++; n <= times {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	return s, func() (bodies []string) {
		for _, request := range s.seen() {
			bodies = append(bodies, request.Body)
		}
		return bodies
	}
}

func TestABodyThatCanBeReadAgainIsSentAgainWhole(t *testing.T) {
	s, bodies := failing(t, 2)
	c := wireBy[uploadClient](t, over("upload", s.URL))
	content := strings.NewReader("skipped content")
	_, _ = content.Seek(8, io.SeekStart)
	if err := c.Put(t.Context(), "x", content); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(bodies(), ","); got != "content,content,content" {
		t.Errorf("bodies %q", got)
	}
	if got := s.last(t); got.Header.Get("Content-Type") != "image/png" || got.Header.Get("Content-Length") == "" && len(got.Body) != 7 {
		t.Errorf("headers %v", got.Header)
	}

	s, bodies = failing(t, 1)
	c = wireBy[uploadClient](t, over("upload", s.URL))
	if _, err := c.Upload(t.Context(), upload{File: client.File{Name: "f", Content: strings.NewReader("content")}}); err != nil {
		t.Fatal(err)
	}
	if all := bodies(); len(all) != 2 || all[0] != all[1] || !strings.Contains(all[0], "content") {
		t.Errorf("bodies %q", all)
	}
}

func TestABodyThatCannotBeReadAgainIsSentOnce(t *testing.T) {
	s, bodies := failing(t, 2)
	c := wireBy[uploadClient](t, over("upload", s.URL))
	if err := c.Put(t.Context(), "x", io.LimitReader(strings.NewReader("content"), 7)); !errors.Is(err, client.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if got := bodies(); len(got) != 1 || got[0] != "content" {
		t.Errorf("bodies %q", got)
	}
	var none io.Reader
	if err := c.Put(t.Context(), "x", none); err != nil || s.last(t).Body != "" {
		t.Errorf("a nil reader: %v", err)
	}
}

func TestFilesThatCannotBeSent(t *testing.T) {
	s := serve(t, nil)
	c := wireBy[uploadClient](t, over("upload", s.URL))
	for name, file := range map[string]client.File{
		"no content":             {Name: "x"},
		"a type with a new line": {Name: "x", ContentType: "a\r\nX: y", Content: strings.NewReader("")},
	} {
		if _, err := c.Upload(t.Context(), upload{File: file}); !errors.Is(err, client.ErrInvalidRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(s.seen()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// zeros is an endless file.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestStreamsAreNotHeldInMemory(t *testing.T) {
	const size = 128 << 20
	received := make(chan int64, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = io.CopyN(w, zeros{}, size)
			return
		}
		n, _ := io.Copy(io.Discard, r.Body)
		received <- n
	}))
	t.Cleanup(s.Close)
	c := wireBy[uploadClient](t, over("upload", s.URL))

	allocated := allocations(func() {
		file := client.File{Name: "big", Content: io.LimitReader(zeros{}, size)}
		if _, err := c.Upload(t.Context(), upload{File: file}); err != nil {
			t.Fatal(err)
		}
	})
	if n := <-received; n < size || allocated > 8<<20 {
		t.Errorf("uploaded %d bytes and allocated %d", n, allocated)
	}
	allocated = allocations(func() {
		stream, err := c.File(t.Context(), "big")
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		if n, err := io.Copy(io.Discard, stream); n != size || err != nil {
			t.Errorf("downloaded %d bytes, %v", n, err)
		}
	})
	if allocated > 8<<20 {
		t.Errorf("a download allocated %d bytes", allocated)
	}
}

// allocations returns how many bytes fn, and the server meanwhile, allocate.
func allocations(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestBodiesAreCompressedIfTheSettingsSaySo(t *testing.T) {
	var decoded []string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			var err error
			if body, err = gzip.NewReader(r.Body); err != nil {
				t.Error(err)
				return
			}
		}
		text, _ := io.ReadAll(body)
		decoded = append(decoded, string(text))
		if len(decoded) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable) // so that it is sent again
			return
		}
		_, _ = io.WriteString(w, "ok")
	})
	c := wireBy[noteClient](t, over("notes", s.URL, "pyfly.client.services.notes.request-compression", "gzip",
		"pyfly.client.services.notes.retry.enabled", true, "pyfly.client.retry.base-delay", "0s",
		"pyfly.client.services.notes.methods.text.retry.max-attempts", 2))
	long := strings.Repeat("a long text ", 500)
	if _, err := c.CSV(t.Context(), []byte(long)); !errors.Is(err, client.ErrUnavailable) {
		t.Errorf("a POST is not repeated: %v", err)
	}
	if _, err := c.Text(t.Context(), long); err != nil {
		t.Error(err)
	}
	if _, err := c.Text(t.Context(), "short"); err != nil {
		t.Error(err)
	}
	if strings.Join(decoded, "|") != long+"|"+long+"|short" {
		t.Errorf("the server read %d bodies", len(decoded))
	}
	seen := s.seen()
	if len(seen[1].Body) > 500 || seen[1].Header.Get("Content-Encoding") != "gzip" || seen[2].Body != "short" {
		t.Errorf("%d bytes were sent, %v", len(seen[1].Body), seen[1].Header)
	}
}
