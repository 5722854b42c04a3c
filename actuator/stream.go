// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// streams are the clients of the event stream. Each has a queue. A client that
// does not read until its queue is full is dropped, so that no client delays
// others. It is safe for concurrent use.
type streams struct {
	most int

	mu      sync.Mutex
	queues  map[chan []byte]bool
	isOpen  bool
	dropped int64
}

const (
	queueLength  = 64 // messages, more than 10 seconds of them
	writeTimeout = 10 * time.Second
	keepAlive    = 15 * time.Second
)

func newStreams(most int) *streams { return &streams{most: most, queues: map[chan []byte]bool{}} }

func (s *streams) open() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isOpen = true
}

// close ends all streams.
func (s *streams) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isOpen = false
	for queue := range s.queues {
		s.drop(queue)
	}
}

// follow returns a new queue, or nil if there are too many. The queue is closed
// when the stream must end.
func (s *streams) follow() chan []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isOpen || len(s.queues) >= s.most {
		return nil
	}
	queue := make(chan []byte, queueLength)
	s.queues[queue] = true
	return queue
}

func (s *streams) leave(queue chan []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queues[queue] {
		s.drop(queue)
	}
}

func (s *streams) drop(queue chan []byte) {
	delete(s.queues, queue)
	close(queue)
}

// send sends a message to all clients. It never blocks.
func (s *streams) send(name string, data any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queues) == 0 {
		return
	}
	text := message(name, data)
	for queue := range s.queues {
		select {
		case queue <- text:
		default:
			s.dropped++
			s.drop(queue)
		}
	}
}

// message encodes a server-sent event (WHATWG HTML, section 9.2).
func message(name string, data any) []byte {
	text, err := json.Marshal(data)
	if err != nil { // messages can always be encoded
		return nil
	}
	return fmt.Appendf(nil, "event: %s\ndata: %s\n\n", name, text)
}

// serve writes a greeting and then all messages, until the client disconnects
// or is dropped. The response to HEAD has only headers.
func (s *streams) serve(w http.ResponseWriter, r *http.Request, greeting func() any) {
	h := w.Header()
	if r.Method == http.MethodHead {
		setStream(h)
		return
	}
	queue := s.follow()
	if queue == nil {
		h.Set("Retry-After", "15")
		writeProblem(w, http.StatusServiceUnavailable, "too many clients follow the events: close one of them, or raise "+prefix+".max-streams")
		return
	}
	defer s.leave(queue)
	keep(r)
	setStream(h)
	out := streamWriter{w, http.NewResponseController(w)}
	if !out.write(message("hello", greeting())) {
		return
	}
	alive := time.NewTicker(keepAlive)
	defer alive.Stop()
	for {
		text, isOpen := []byte(": keep-alive\n\n"), true
		select {
		case <-r.Context().Done():
			return
		case <-alive.C:
		case text, isOpen = <-queue:
		}
		if !isOpen || !out.write(text) {
			return
		}
	}
}

func setStream(h http.Header) {
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // of a proxy before us
}

type streamWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

// write returns false if the client has stopped reading.
func (w streamWriter) write(text []byte) bool {
	if err := w.control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return false
	}
	if _, err := w.Write(text); err != nil {
		return false
	}
	return w.control.Flush() == nil
}
