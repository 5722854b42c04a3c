// SPDX-License-Identifier: Apache-2.0

package client

import (
	"io"
	"reflect"
)

// File is a file in a form: a field tagged form of type File, *File or []File
// makes the body multipart/form-data. Its content is streamed, never held in
// memory. If it is an io.Seeker, a file on disk for instance, it can be sent
// again for another attempt; else the call makes one attempt only. Content is
// not closed.
type File struct {
	Name        string // the file's name
	ContentType string // "" stands for application/octet-stream
	Content     io.Reader
}

var fileType = reflect.TypeFor[File]()

// filesOf returns the files that a field holds.
func filesOf(v reflect.Value) []File {
	switch f := v.Interface().(type) {
	case File:
		return []File{f}
	case *File:
		if f != nil {
			return []File{*f}
		}
	case []File:
		return f
	}
	return nil
}
