// SPDX-License-Identifier: Apache-2.0

package config

import (
	"context"
	"time"
)

// Changed says that the files of a configuration have changed: an application
// context publishes it when it has been given a [Config] of [Load].
type Changed struct {
	Config *Config  // the settings now
	Keys   []string // those whose values are not what they were, sorted
}

const (
	idle     = 100 * time.Millisecond // between two looks at the files
	busy     = 50 * time.Millisecond  // the same while they change
	quiet    = 400 * time.Millisecond // without a change, before the files are applied
	limit    = 800 * time.Millisecond // of waiting for that
	patience = time.Second            // before something wrong with the files is told
	share    = 10                     // looks take at most one part in so many of the time
)

// Watch reads the files of cfg, which [Load] has made, again whenever they
// change, and calls changed with the result: a new Config that differs in some keys,
// or an error that says what is wrong with the files. The same error is reported
// once. Watch returns when ctx is done, or at once if cfg was made
// by [New]; the error is always nil. changed is called by the goroutine that calls
// Watch.
//
// A new Config must pass all checks; the error of one that fails is reported like
// one of the files, and the settings stay those that passed last. Keys are those
// whose values differ from the settings in force: cfg, then the last Config
// that was given to changed.
//
// The content of the files is compared with what cfg was loaded from, at first
// and then several times a second. So a change is seen wherever the file lies
// and however it is replaced, also one before the call of Watch. The files of
// profiles are watched as the profiles change, also those that do not exist.
// The environment counts as it is at the time.
//
// A change is applied when the files have been at rest for a moment, and within
// a second even if they are not. A file that is missing, or holds nothing, does
// not remove the settings that were read from it: nothing changes, and if that
// lasts a second the error is fs.ErrNotExist or io.ErrUnexpectedEOF.
func Watch(ctx context.Context, cfg *Config, changed func(Changed, error), checks ...func(*Config) error) error {
	if cfg.source == nil {
		return nil
	}
	w := &watcher{current: cfg, changed: changed, checks: checks, seen: cfg.source.files}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
			timer.Reset(w.look(time.Now()))
		}
	}
}

// watcher is one run of Watch.
type watcher struct {
	current *Config // in force
	changed func(Changed, error)
	checks  []func(*Config) error

	seen      *snapshot // that was applied, or told to be wrong
	pending   *change   // nil if the files are as seen
	lastError string
}

// change is a change that is waited for to end.
type change struct {
	files *snapshot
	begun time.Time
	last  time.Time // that the files were seen to change
	next  *Config   // what the files hold, once it was read
	err   error     // why they cannot be applied
}

// look compares the files with what was seen of them and returns when to look
// again.
func (w *watcher) look(now time.Time) time.Duration {
	p := w.pending
	known := w.seen
	if p != nil {
		known = p.files
	}
	files := known.again()
	switch {
	case files.matches(w.seen):
		w.pending = nil
		return max(idle, share*time.Since(now))
	case p == nil:
		p = &change{files: files, begun: now, last: now}
	case !files.matches(p.files):
		p = &change{files: files, begun: p.begun, last: now}
	}
	w.pending = p
	if now.Sub(p.last) < quiet && now.Sub(p.begun) < limit {
		return busy
	}
	w.read(p)
	if p.err != nil && now.Sub(p.begun) < patience {
		return busy
	}
	w.seen, w.pending = p.files, nil
	w.finish(p)
	return idle
}

// read loads what the files hold, unless that was done.
func (w *watcher) read(p *change) {
	if p.next != nil || p.err != nil {
		return
	}
	files := p.files.selection() // others may be read
	p.next, p.err = w.current.reload(files)
	for _, check := range w.checks {
		if p.err == nil {
			p.err = check(p.next)
		}
	}
	files.release()
	p.files = files
}

// finish tells what has become of a change.
func (w *watcher) finish(p *change) {
	if p.err != nil {
		if text := p.err.Error(); text != w.lastError {
			w.lastError = text
			w.changed(Changed{}, p.err)
		}
		return
	}
	w.lastError = ""
	keys := p.next.difference(w.current)
	if len(keys) == 0 {
		return
	}
	w.current = p.next
	w.changed(Changed{Config: p.next, Keys: keys}, nil)
}
