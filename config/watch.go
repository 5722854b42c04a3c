// SPDX-License-Identifier: Apache-2.0

package config

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/knadh/koanf/providers/file"
)

// Changed says that the files of a configuration have changed: an application
// context publishes it when it has been given a [Config] of [Load].
type Changed struct {
	Config *Config  // the settings now
	Keys   []string // those that were set, changed or removed, sorted
}

const (
	quiet   = 100 * time.Millisecond // without a change, before the files are read
	revisit = 500 * time.Millisecond // how often lost files are looked for
)

// Watch reads the files of cfg, which [Load] has made, again whenever they
// change, and calls changed with what has become of it: a new Config that differs
// in some keys, or an error that says what is wrong with the files. The same
// error is told once. It returns when ctx is done, or at once if there are no
// files; the error says why they cannot be watched. changed is called by the
// goroutine that calls Watch.
//
// Files that are replaced, or removed and written again, stay watched; the
// environment counts as it is at the time; files of profiles that did not exist
// when cfg was loaded are not looked for.
func Watch(ctx context.Context, cfg *Config, changed func(Changed, error)) error {
	if len(cfg.files) == 0 {
		return nil
	}
	w := &watcher{current: cfg, changed: changed, events: make(chan struct{}, 1), lost: make(chan string, len(cfg.files))}
	defer w.close()
	for _, path := range cfg.files {
		if err := w.watch(path); err != nil {
			return fmt.Errorf("the file %s cannot be watched: %w", path, err)
		}
	}
	w.run(ctx)
	return nil
}

// watcher is one run of Watch.
type watcher struct {
	current *Config
	changed func(Changed, error)
	events  chan struct{} // holds one when a file has changed
	lost    chan string   // files that are watched no more

	watched   []*file.File
	missing   []string
	lastError string
}

func (w *watcher) watch(path string) error {
	if err := mustExist(path, Origin{}, "Watch"); err != nil {
		return err
	}
	f := file.Provider(path)
	err := f.Watch(func(_ any, err error) {
		if err != nil { // the file is gone, and this was the last call
			w.lost <- path
		}
		select {
		case w.events <- struct{}{}:
		default:
		}
	})
	if err == nil {
		w.watched = append(w.watched, f)
	}
	return err
}

func (w *watcher) close() {
	for _, f := range w.watched {
		_ = f.Unwatch()
	}
}

func (w *watcher) run(ctx context.Context) {
	revisits := time.NewTicker(revisit)
	defer revisits.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case path := <-w.lost:
			w.missing = append(w.missing, path)
		case <-revisits.C:
			w.find()
		case <-w.events:
			if !w.settle(ctx) {
				return
			}
			w.reload()
		}
	}
}

// find watches files again that have come back.
func (w *watcher) find() {
	w.missing = slices.DeleteFunc(w.missing, func(path string) bool {
		if !exists(path) || w.watch(path) != nil {
			return false
		}
		select {
		case w.events <- struct{}{}:
		default:
		}
		return true
	})
}

// settle waits until whoever writes has finished. It is false if ctx is done.
func (w *watcher) settle(ctx context.Context) bool {
	timer := time.NewTimer(quiet)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-w.events:
			timer.Reset(quiet)
		case <-timer.C:
			return true
		}
	}
}

func (w *watcher) reload() {
	next, err := Load(w.current.options...)
	if err != nil {
		if text := err.Error(); text != w.lastError {
			w.lastError = text
			w.changed(Changed{}, err)
		}
		return
	}
	w.lastError = ""
	next.AddShortForms(w.current.merged.Load().forms...)
	keys := difference(w.current, next)
	if len(keys) == 0 {
		return
	}
	w.current = next
	w.changed(Changed{Config: next, Keys: keys}, nil)
}

// difference returns the keys in whose values two configurations differ.
func difference(a, b *Config) []string {
	before, after := a.leaves(), b.leaves()
	var keys []string
	for canonical, leaf := range after {
		if was, ok := before[canonical]; !ok || was.text != leaf.text {
			keys = append(keys, leaf.key)
		}
	}
	for canonical, leaf := range before {
		if _, ok := after[canonical]; !ok {
			keys = append(keys, leaf.key)
		}
	}
	slices.Sort(keys)
	return keys
}

type leaf struct{ key, text string }

// leaves returns all values by their canonical keys, placeholders untouched.
func (c *Config) leaves() map[string]leaf {
	all := map[string]leaf{}
	c.merged.Load().root.leaves("", func(key string, n *node) {
		value := c.override(key, n)
		text := value.literal()
		for _, element := range value.list {
			text += "\x00" + element.whole()
		}
		all[canonicalKey(key)] = leaf{key, text}
	})
	return all
}

// whole is all that is in an element of a list, as text.
func (n *node) whole() string {
	text := n.literal()
	for _, element := range n.list {
		text += "\x00" + element.whole()
	}
	for _, child := range n.children() {
		text += "\x00" + child.name + "\x00" + child.whole()
	}
	return text
}
