// SPDX-License-Identifier: Apache-2.0

package drain

import "sync"

// signal is a channel that is closed once. It is created by the first waiter.
type signal struct {
	mu      sync.Mutex
	fired   bool
	channel chan struct{}
}

// wait returns the channel.
func (s *signal) wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.channel == nil {
		s.channel = make(chan struct{})
		if s.fired {
			close(s.channel)
		}
	}
	return s.channel
}

// fire closes the channel. It may be called repeatedly.
func (s *signal) fire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.fired && s.channel != nil {
		close(s.channel)
	}
	s.fired = true
}
