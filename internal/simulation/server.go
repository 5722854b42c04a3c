// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The hosts of a world.
const (
	ownHost     = "own"     // the client's
	allowedHost = "allowed" // of its allowed-hosts
	foreignHost = "foreign"
	deadHost    = "dead" // nobody listens there
	authHost    = "auth" // the token endpoint
)

// arrival is a request whose head a server has read.
type arrival struct {
	at     time.Duration
	host   string
	verb   string
	hop    int // how many redirects led here
	nth    int // of the call's at this host and hop
	call   string
	key    string // the Idempotency-Key
	reply  string // what the server decided to do
	status int
	acted  bool
	done   time.Duration // when the whole response had been written; 0: never
	pause  time.Duration // the longest pause between parts of the body
	sent   int           // elements of a sequence that were written whole
	sentAt []time.Duration
	link   string // what the header Link of a page says
	good   bool   // the response is what it says to be

	bodyLength  int64 // as declared
	bodyRead    []byte
	bodyWhole   bool // read to its end
	marks       []string
	planted     bool   // it brought a planted secret
	header      string // for texts
	contentType string
}

// server is one host of a world.
type server struct {
	*World
	host     string
	secure   bool
	http     *http.Server
	listener net.Listener
}

// mark is what tells whose a value is: the call's, in every place that can hold a
// text.
func mark(call string) string { return "~" + call + "~" }

var marks = regexp.MustCompile(`~(?:warm-)?[cpu]\d+[.-]\d+~`)

// planted begins every secret of a world.
const planted = "PLANTED"

// serve starts the host's server.
func (s *server) serve() {
	s.http = &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0), IdleTimeout: 10 * time.Minute}
	if s.has("server.idle-death") {
		s.http.IdleTimeout = s.draw("idle", s.host).between(20*time.Millisecond, 500*time.Millisecond)
	}
	s.listener = s.network.Listen(s.address())
	if !s.secure {
		if s.has("net.h2c") {
			s.http.Protocols = &http.Protocols{}
			s.http.Protocols.SetHTTP1(true)
			s.http.Protocols.SetUnencryptedHTTP2(true)
		}
		go func() { _ = s.http.Serve(s.listener) }()
		return
	}
	name := s.host
	if s.has("net.impostor") && s.host == allowedHost {
		name = ownHost
	}
	s.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{authority().certificate(name)}, NextProtos: []string{"http/1.1"}}
	s.http.Protocols = &http.Protocols{}
	s.http.Protocols.SetHTTP1(true)
	if s.has("net.http2") {
		s.http.TLSConfig.NextProtos = []string{"h2", "http/1.1"}
		s.http.Protocols.SetHTTP2(true)
	}
	go func() { _ = s.http.ServeTLS(s.listener, "", "") }()
}

func (s *server) address() string {
	if s.secure {
		return s.host + ":443"
	}
	return s.host + ":80"
}

// restart closes everything, and is back after a while.
func (s *server) restart(after time.Duration) {
	s.note("server "+s.host, "restarts, back in %s", after)
	_ = s.listener.Close()
	_ = s.http.Close()
	s.sleep(after)
	if s.isOver() {
		return
	}
	s.serve()
}

func (s *server) close() {
	_ = s.listener.Close()
	_ = s.http.Close()
}

// ServeHTTP implements [http.Handler].
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.host == authHost {
		s.serveToken(w, r)
		return
	}
	a := s.arrive(r)
	d := s.draw("reply", s.host, a.call, a.hop, a.nth)
	a.reply = s.decide(d, a, operationOf(r.URL.Path))
	s.note(s.host+" < "+a.call, "%s %s (arrival %d): %s", r.Method, r.URL.RequestURI(), a.nth, a.reply)
	reply := &replying{server: s, w: w, r: r, a: a, d: d}
	reply.run()
}

var hopPath = regexp.MustCompile(`^/hop/(\d+)(/.*)$`)

// arrive records a request.
func (s *server) arrive(r *http.Request) *arrival {
	a := &arrival{at: s.now(), host: s.host, verb: r.Method, key: r.Header.Get("Idempotency-Key"), bodyLength: r.ContentLength, contentType: r.Header.Get("Content-Type")}
	path := r.URL.Path
	if m := hopPath.FindStringSubmatch(path); m != nil {
		a.hop, _ = strconv.Atoi(m[1])
		path = m[2]
	}
	if parts := strings.Split(path, "/"); len(parts) > 2 {
		a.call = parts[2]
	}
	if id := r.Header.Get("X-Call"); id != "" {
		a.call = id
	}
	if id := r.URL.Query().Get("call"); id != "" {
		a.call = id
	}
	head := r.URL.String() + "\n"
	for _, name := range slices.Sorted(mapKeys(r.Header)) {
		head += name + ": " + strings.Join(r.Header[name], " | ") + "\n"
	}
	a.header = head
	decoded, _ := url.QueryUnescape(r.URL.String())
	a.marks = marks.FindAllString(head+decoded, -1)
	a.planted = strings.Contains(head, planted)
	if user, password, ok := r.BasicAuth(); ok {
		a.planted = a.planted || strings.Contains(user+password, planted)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.arrivals {
		if other.call == a.call && other.host == a.host && other.hop == a.hop {
			a.nth++
		}
	}
	a.nth++
	a.acted = true
	s.arrivals = append(s.arrivals, a)
	if len(s.arrivals) > mostArrivals {
		s.tooMany.Store(true)
	}
	return a
}

// mostArrivals is more than any world needs.
const mostArrivals = 3000

// operationOf is the first part of a path behind the hops.
func operationOf(path string) string {
	if m := hopPath.FindStringSubmatch(path); m != nil {
		path = m[2]
	}
	parts := strings.Split(path, "/")
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}

// replies are what servers may do, by the feature that allows it.
var replies = []Feature{
	"server.slow", "server.stall", "server.stall-body", "server.cut", "server.close", "server.early", "server.lie", "server.informational",
	"server.redirect", "server.redirect-allowed", "server.redirect-foreign", "server.redirect-dead", "server.redirect-https",
	"server.too-many-requests", "server.retry-after", "server.unavailable", "server.client-error",
	"server.gzip", "server.gzip-broken", "server.bad-json", "server.empty", "server.large", "server.cr-events",
}

// decide draws what the server does with a request.
func (s *server) decide(d draws, a *arrival, op string) string {
	if s.healthy.Load() {
		return "ok"
	}
	if s.has("server.sick") && s.host == ownHost && a.at < s.draw("sick").between(200*time.Millisecond, 900*time.Millisecond) {
		return "unavailable" // until circuits have opened
	}
	choices := []string{"ok", "ok"}
	for _, f := range replies {
		if s.has(f) && (f != "server.cr-events" || op == "events") {
			choices = append(choices, strings.TrimPrefix(string(f), "server."))
		}
	}
	chosen := pick(d, choices...)
	if strings.HasPrefix(chosen, "redirect") && a.hop >= 2 {
		return "ok"
	}
	return chosen
}

// serveToken is the token endpoint of OAuth2.
func (s *server) serveToken(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.tokens++
	n := s.tokens
	s.mu.Unlock()
	d := s.draw("token", n)
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	s.sleep(d.between(time.Millisecond, 30*time.Millisecond))
	kind := "ok"
	if !s.healthy.Load() {
		kind = pick(d, "ok", "ok", "ok", "fails", "refuses", "redirects")
	}
	s.note("server auth", "token request %d: %s", n, kind)
	switch kind {
	case "fails":
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = fmt.Fprintf(w, "no token for %s: %s", body, strings.Repeat("x", 100<<10))
	case "refuses":
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"error":"invalid_client","error_description":"refused: %s"}`, strings.ReplaceAll(string(body), `"`, ""))
	case "redirects":
		http.Redirect(w, r, s.url(foreignHost)+"/token/stolen", pick(d, 302, 307, 308))
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access_token":"%s-token-%d","token_type":"Bearer","expires_in":%d}`, planted, n, 11+d.IntN(20))
	}
}

// compressed returns text as gzip.
func compressed(text []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(text)
	_ = z.Close()
	return b.Bytes()
}
