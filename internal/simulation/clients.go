// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/client"
)

// Shop is the declared client of the worlds.
type Shop struct {
	client.ServiceClient `url:"${shop.url}" headers:"X-D: a; X-D: b; X-D: c" retry-base-delay:"20ms" failure-threshold:"6" recovery-timeout:"400ms"`

	Get        func(ctx context.Context, id string, header http.Header, opts ...client.CallOption) (Thing, error)             `get:"/get/{id}" headers:"X-M: a; X-M: b; X-M: c"`
	Query      func(ctx context.Context, id string, more url.Values) (client.Response[Thing], error)                          `get:"/query/{id}"`
	Put        func(ctx context.Context, id string, body Thing, opts ...client.CallOption) (Thing, error)                     `put:"/put/{id}"`
	Delete     func(ctx context.Context, id string) error                                                                     `delete:"/delete/{id}"`
	Post       func(ctx context.Context, id string, body Thing, header http.Header, opts ...client.CallOption) (Thing, error) `post:"/post/{id}"`
	Patch      func(ctx context.Context, id string, body Thing) (client.Response[Thing], error)                               `patch:"/patch/{id}"`
	Keyed      func(ctx context.Context, id string, body Thing) (Thing, error)                                                `post:"/keyed/{id}" idempotent:"true"`
	Bytes      func(ctx context.Context, id string, body []byte) ([]byte, error)                                              `post:"/bytes/{id}"`
	Upload     func(ctx context.Context, id string, body io.Reader) (Thing, error)                                            `put:"/upload/{id}" content-type:"application/octet-stream"`
	PostUpload func(ctx context.Context, id string, body io.Reader) (Thing, error)                                            `post:"/postupload/{id}" content-type:"application/octet-stream"`
	Form       func(ctx context.Context, form Form) (Thing, error)                                                            `post:"/form/{id}"`
	Touch      func(ctx context.Context, id string) error                                                                     `get:"/touch/{id}"`
	Head       func(ctx context.Context, id string) error                                                                     `head:"/head/{id}"`
	Stream     func(ctx context.Context, id string) (io.ReadCloser, error)                                                    `get:"/stream/{id}"`
	Raw        func(ctx context.Context, id string) (*http.Response, error)                                                   `get:"/raw/{id}"`
	Items      func(ctx context.Context, id string) iter.Seq2[Thing, error]                                                   `get:"/items/{id}"`
	Events     func(ctx context.Context, id string) iter.Seq2[client.Event, error]                                            `get:"/events/{id}"`
	Again      func(ctx context.Context, id string) iter.Seq2[client.Event, error]                                            `get:"/again/{id}" reconnect:"true"`
	Link       func(ctx context.Context, link client.URL, header http.Header) (Thing, error)                                  `get:"/link"`
	Page       func(ctx context.Context, page int) (Thing, error)                                                             `get:"/page/{page}"`
	Poll       func(ctx context.Context, id string, header http.Header) (client.Response[Thing], error)                       `get:"/poll/{id}"`
	Peek       func(ctx context.Context, id string, header http.Header) (Thing, error)                                        `get:"/peek/{id}"`
	List       func(ctx context.Context, id string) (client.Response[[]Thing], error)                                         `get:"/list/{id}/1"`
	ListNext   func(ctx context.Context, link client.URL) (client.Response[[]Thing], error)                                   `get:"/list"`
	Secret     func(ctx context.Context, id, apiKey string) (Thing, error)                                                    `get:"/secret/{id}/{api_key}"`
}

// Form is a form with a file.
type Form struct {
	ID   string      `path:"id"`
	Mark string      `form:"mark"`
	File client.File `form:"file"`
}

// Plain is a client without resilience.
type Plain struct {
	client.HttpClient `url:"${shop.url}" headers:"X-D: a; X-D: b; X-D: c"`

	Get  func(ctx context.Context, id string, header http.Header) (Thing, error)             `get:"/get/{id}"`
	Post func(ctx context.Context, id string, body Thing, header http.Header) (Thing, error) `post:"/post/{id}"`
}

// operation is one way to call a client.
type operation struct {
	name    string
	needs   Feature // "": none
	verb    string
	keyed   bool // it sends an Idempotency-Key
	streams bool
	reads   bool // the response's body is decoded
	run     func(c *call, ctx context.Context) error
}

func (op *operation) isRepeatable() bool {
	return op.keyed || op.verb != http.MethodPost && op.verb != http.MethodPatch
}

// operations are all ways to call the clients of a world.
func operations(shop *Shop, plain *Plain) []operation {
	get, post, put := http.MethodGet, http.MethodPost, http.MethodPut
	ops := []operation{
		{name: "get", verb: get, reads: true, run: func(c *call, ctx context.Context) error {
			return keep(c)(shop.Get(ctx, c.id, c.header(), c.options()...))
		}},
		{name: "query", verb: get, reads: true, run: func(c *call, ctx context.Context) error {
			return keep(c)(shop.Query(ctx, c.id, url.Values{"m": {mark(c.id)}}))
		}},
		{name: "put", verb: put, reads: true, run: func(c *call, ctx context.Context) error {
			return keep(c)(shop.Put(ctx, c.id, c.thing(), c.options()...))
		}},
		{name: "delete", verb: http.MethodDelete, run: func(c *call, ctx context.Context) error { return shop.Delete(ctx, c.id) }},
		{name: "post", verb: post, reads: true, run: func(c *call, ctx context.Context) error {
			return keep(c)(shop.Post(ctx, c.id, c.thing(), c.header(), c.options()...))
		}},
		{name: "patch", verb: http.MethodPatch, reads: true, run: func(c *call, ctx context.Context) error {
			return keep(c)(shop.Patch(ctx, c.id, c.thing()))
		}},
		{name: "keyed", verb: post, keyed: true, reads: true, run: func(c *call, ctx context.Context) error {
			return keep(c)(shop.Keyed(ctx, c.id, c.thing()))
		}},
		{name: "bytes", verb: post, run: func(c *call, ctx context.Context) error {
			c.body = []byte(mark(c.id) + strings.Repeat("b", c.draws.IntN(3000)))
			body, err := shop.Bytes(ctx, c.id, c.body)
			c.value = string(body)
			return err
		}},
		{name: "bytes", needs: "call.empty-body", verb: post, run: func(c *call, ctx context.Context) error {
			c.body, c.emptyBody = []byte{}, true
			body, err := shop.Bytes(ctx, c.id, c.body)
			c.value = string(body)
			return err
		}},
		{name: "upload", needs: "call.upload", verb: put, reads: true, run: func(c *call, ctx context.Context) error {
			return keep(c)(shop.Upload(ctx, c.id, c.reader()))
		}},
		{name: "postupload", needs: "call.upload", verb: post, reads: true, run: func(c *call, ctx context.Context) error {
			return keep(c)(shop.PostUpload(ctx, c.id, c.reader()))
		}},
		{name: "form", needs: "call.form", verb: post, reads: true, run: func(c *call, ctx context.Context) error {
			return keep(c)(shop.Form(ctx, Form{ID: c.id, Mark: mark(c.id), File: client.File{Name: "a.txt", Content: c.reader()}}))
		}},
		{name: "touch", needs: "call.only-error", verb: get, run: func(c *call, ctx context.Context) error { return shop.Touch(ctx, c.id) }},
		{name: "head", needs: "call.head", verb: http.MethodHead, run: func(c *call, ctx context.Context) error { return shop.Head(ctx, c.id) }},
		{name: "stream", needs: "call.stream", verb: get, streams: true, run: func(c *call, ctx context.Context) error {
			body, err := shop.Stream(ctx, c.id)
			if err != nil {
				return err
			}
			return c.readStream(body)
		}},
		{name: "raw", needs: "call.stream", verb: get, streams: true, run: func(c *call, ctx context.Context) error {
			response, err := shop.Raw(ctx, c.id)
			if err != nil {
				return err
			}
			return c.readStream(response.Body)
		}},
		{name: "items", needs: "call.sequence", verb: get, streams: true, run: func(c *call, ctx context.Context) error {
			return loop(c, shop.Items(ctx, c.id), 0)
		}},
		{name: "events", needs: "call.events", verb: get, streams: true, run: func(c *call, ctx context.Context) error {
			return loop(c, shop.Events(ctx, c.id), 0)
		}},
		{name: "again", needs: "call.events", verb: get, streams: true, run: func(c *call, ctx context.Context) error {
			return loop(c, shop.Again(ctx, c.id), 3*elements)
		}},
		{name: "link", needs: "call.link", verb: get, reads: true, run: func(c *call, ctx context.Context) error {
			return keep(c)(shop.Link(ctx, c.link(), http.Header{"X-Own": {mark(c.id)}}))
		}},
		{name: "page", needs: "call.page", verb: get, reads: true, run: func(c *call, ctx context.Context) error {
			return keep(c)(shop.Page(ctx, c.draws.IntN(2)))
		}},
		{name: "poll", needs: "call.poll", verb: get, reads: true, run: func(c *call, ctx context.Context) error {
			return keep(c)(shop.Poll(ctx, c.id, c.condition()))
		}},
		{name: "peek", needs: "call.poll", verb: get, reads: true, run: func(c *call, ctx context.Context) error {
			return keep(c)(shop.Peek(ctx, c.id, c.condition()))
		}},
		{name: "pages", needs: "call.pages", verb: get, reads: true, run: func(c *call, ctx context.Context) error {
			return c.runPages(ctx, shop)
		}},
		{name: "secret", needs: "call.secret", verb: get, reads: true, run: func(c *call, ctx context.Context) error {
			return keep(c)(shop.Secret(ctx, c.id, planted+"-path"))
		}},
	}
	ops = append(ops, operation{name: "pipeline", needs: "call.pipeline", verb: get, run: func(c *call, ctx context.Context) error {
		return c.runPipeline(ctx)
	}})
	if plain == nil {
		return ops
	}
	return append(ops,
		operation{name: "plain-get", verb: get, reads: true, run: func(c *call, ctx context.Context) error {
			return keep(c)(plain.Get(ctx, c.id, c.header()))
		}},
		operation{name: "plain-post", verb: post, reads: true, run: func(c *call, ctx context.Context) error {
			return keep(c)(plain.Post(ctx, c.id, c.thing(), c.header()))
		}})
}

// keep takes what a call returned.
func keep(c *call) func(value any, err error) error {
	return func(value any, err error) error {
		c.value = value
		return err
	}
}

// thing is the call's own body.
func (c *call) thing() Thing {
	thing := Thing{ID: c.id, Mark: mark(c.id), Fill: strings.Repeat("f", c.draws.IntN(2000))}
	c.body, _ = json.Marshal(thing)
	return thing
}

// header are the call's own headers.
func (c *call) header() http.Header {
	if c.draws.oneIn(2) {
		return nil
	}
	values := make([]string, 0, 8)
	c.ownHeader = http.Header{"X-Own": append(values, mark(c.id), "second"+mark(c.id))}
	return c.ownHeader
}

func (c *call) options() []client.CallOption {
	if !c.has("call.options") || c.draws.oneIn(2) {
		return nil
	}
	return pick(c.draws,
		[]client.CallOption{client.CallHeader("X-Option", mark(c.id))},
		[]client.CallOption{client.NoRetry()},
		[]client.CallOption{client.CallTimeout(300*time.Millisecond + c.draws.offset())},
	)
}

func (c *call) link() client.URL {
	host := pick(c.draws, ownHost, ownHost, allowedHost)
	return client.URL(fmt.Sprintf("%s/link/%s?m=%s", c.url(host), c.id, url.QueryEscape(mark(c.id))))
}

// reader is a body that is read while it is sent.
func (c *call) reader() io.Reader {
	text := []byte(mark(c.id) + strings.Repeat("u", c.draws.IntN(120<<10)))
	c.body = text
	choice := c.draws.IntN(6)
	if c.has("server.early") && c.draws.oneIn(2) {
		choice = 3
	}
	switch {
	case choice == 0 && c.has("call.upload-blocks"):
		c.blocks = true
		return io.MultiReader(strings.NewReader("begin"), &blockedReader{c})
	case choice == 1 && c.has("call.upload-fails"):
		c.fails = true
		return io.MultiReader(strings.NewReader("begin"), failingReader{})
	case choice == 2:
		return &slowReader{c, bytes.NewReader(text)}
	case choice == 3:
		return &slowSeeker{slowReader{c, bytes.NewReader(text)}}
	}
	return bytes.NewReader(text)
}

var errReader = errors.New("the caller's reader failed")

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errReader }

// blockedReader blocks until the world ends, as a pipe that nobody writes into.
type blockedReader struct{ *call }

func (b *blockedReader) Read([]byte) (int, error) {
	<-b.release
	return 0, io.ErrUnexpectedEOF
}

// slowReader reads a piece at a time.
type slowReader struct {
	c    *call
	from *bytes.Reader
}

func (r *slowReader) Read(p []byte) (int, error) {
	time.Sleep(3*time.Millisecond + time.Duration(len(r.c.id))*time.Microsecond)
	return r.from.Read(p[:min(len(p), 8<<10)])
}

// slowSeeker is a slowReader that can be read again.
type slowSeeker struct{ slowReader }

// Seek implements io.Seeker.
func (r *slowSeeker) Seek(offset int64, whence int) (int64, error) {
	return r.from.Seek(offset, whence)
}

// readStream reads a body piece by piece, and closes it.
func (c *call) readStream(body io.ReadCloser) error {
	defer func() { _ = body.Close() }()
	c.opened = true
	var all bytes.Buffer
	piece := make([]byte, 64)
	for {
		c.handOver()
		n, err := body.Read(piece)
		all.Write(piece[:n])
		c.value, c.elements = all.String(), strings.Count(all.String(), "\n")
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if c.mayLeave() {
			c.left = true
			return nil
		}
		c.work()
	}
}

// loop runs over a sequence. most is how many elements are taken; 0: all.
func loop[T any](c *call, sequence iter.Seq2[T, error], most int) error {
	c.handOver()
	for element, err := range sequence {
		if err != nil {
			return err
		}
		c.opened = true
		c.values = append(c.values, element)
		c.elements++
		c.times = append(c.times, c.now())
		if most > 0 && c.elements == most || c.mayLeave() {
			c.left = true
			break
		}
		c.work()
		c.handOver()
	}
	return nil
}

func (c *call) mayLeave() bool { return c.has("call.leave") && c.draws.oneIn(8) }

// work is what the caller does between two elements of a stream.
func (c *call) work() {
	if c.has("call.slow-reader") && c.draws.oneIn(4) {
		c.worked = true
		c.sleep(c.draws.between(100*time.Millisecond, 900*time.Millisecond))
	}
}
