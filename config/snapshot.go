// SPDX-License-Identifier: Apache-2.0

package config

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// maxFileSize is the size up to which files are read.
const maxFileSize = 16 << 20

var errTooLarge = fmt.Errorf("it is larger than %d MiB", maxFileSize>>20)

// snapshot is what files held when they were read. Each file is read once.
type snapshot struct {
	directory string // that relative paths begin in
	files     map[string]content
	read      *snapshot // holds files that were read before; nil if there are none
}

// content is what one file held, or why it could not be read.
type content struct {
	data     []byte
	sum      [sha256.Size]byte
	err      error
	isStream bool // it can be read once only, as a pipe
}

// newSnapshot makes an empty snapshot. The working directory counts as it is
// now.
func newSnapshot() *snapshot {
	directory, _ := os.Getwd() // without one, relative paths are read as they are
	return &snapshot{directory: directory, files: map[string]content{}}
}

// get returns the content of a file.
func (s *snapshot) get(path string) content {
	if c, isKnown := s.files[path]; isKnown {
		return c
	}
	c, isRead := content{}, false
	if s.read != nil {
		c, isRead = s.read.files[path]
	}
	if !isRead {
		c = readContent(s.absolute(path))
	}
	s.files[path] = c
	return c
}

// exists is true for a file that is there but cannot be read: reading it says
// why.
func (s *snapshot) exists(path string) bool { return !s.get(path).isMissing() }

func (s *snapshot) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.directory, path)
}

// again reads the same files anew.
func (s *snapshot) again() *snapshot {
	fresh := &snapshot{directory: s.directory, files: make(map[string]content, len(s.files))}
	for path, c := range s.files {
		if c.isStream {
			fresh.files[path] = c
			continue
		}
		fresh.get(path)
	}
	return fresh
}

// selection returns a snapshot of those files of s that are asked for, and of
// others that are read then.
func (s *snapshot) selection() *snapshot {
	return &snapshot{directory: s.directory, files: map[string]content{}, read: s}
}

// matches reports whether all files of other have the same content in s.
func (s *snapshot) matches(other *snapshot) bool {
	for path, c := range other.files {
		if fresh, ok := s.files[path]; !ok || !fresh.equal(c) {
			return false
		}
	}
	return true
}

// release gives the contents up. What is kept tells whether a file has changed.
func (s *snapshot) release() {
	s.read = nil
	for path, c := range s.files {
		c.data = nil
		s.files[path] = c
	}
}

// ReadBytes implements koanf.Provider.
func (c content) ReadBytes() ([]byte, error) { return c.data, c.err }

// Read implements koanf.Provider.
func (c content) Read() (map[string]any, error) {
	return nil, errors.New("a file needs a parser")
}

func (c content) isMissing() bool { return errors.Is(c.err, fs.ErrNotExist) }

func (c content) equal(other content) bool {
	if c.err != nil || other.err != nil {
		return c.err != nil && other.err != nil && c.err.Error() == other.err.Error()
	}
	return c.sum == other.sum
}

func readContent(path string) content {
	data, isStream, err := readFile(path)
	if errors.Is(err, syscall.ENOTDIR) { // a part of the path is a file
		err = fs.ErrNotExist
	}
	return content{data: data, sum: sha256.Sum256(data), err: err, isStream: isStream}
}

func readFile(path string) (data []byte, isStream bool, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, false, err
	}
	isStream = !info.Mode().IsRegular() && !info.IsDir()
	data, err = io.ReadAll(io.LimitReader(file, maxFileSize+1))
	switch {
	case err != nil:
		return nil, isStream, err
	case len(data) > maxFileSize:
		return nil, isStream, errTooLarge
	}
	return slices.Clip(data), isStream, nil
}
