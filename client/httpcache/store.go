// SPDX-License-Identifier: Apache-2.0

package httpcache

import (
	"container/list"
	"net/http"
	"slices"
)

// store holds responses in bounded memory. When it is full, those go that have not
// been used for the longest time. It is not safe for concurrent use.
type store struct {
	size      int64
	used      list.List // of *entry, the last used first
	resources map[string]map[string][]*entry
	evictions int64
}

// maxVariants is how many responses of one resource to one identity are stored,
// which differ by the headers in Vary.
const maxVariants = 32

// find returns the newest response to a request with such headers, or nil.
func (s *store) find(resource, identity string, header http.Header) *entry {
	for _, e := range slices.Backward(s.resources[resource][identity]) {
		if e.matches(header) {
			s.used.MoveToFront(e.place)
			return e
		}
	}
	return nil
}

// put stores a response in the place of those to the same requests.
func (s *store) put(e *entry, req http.Header, maxSize int64) {
	if old := s.find(e.resource, e.identity, req); old != nil {
		s.remove(old)
	}
	if variants := s.resources[e.resource][e.identity]; len(variants) >= maxVariants {
		s.remove(variants[0])
	}
	if s.resources == nil {
		s.resources = map[string]map[string][]*entry{}
	}
	if s.resources[e.resource] == nil {
		s.resources[e.resource] = map[string][]*entry{}
	}
	s.resources[e.resource][e.identity] = append(s.resources[e.resource][e.identity], e)
	e.place = s.used.PushFront(e)
	s.size += e.size()
	s.shrink(maxSize)
}

// shrink removes responses until the others fit.
func (s *store) shrink(maxSize int64) {
	for s.size > maxSize && s.used.Len() > 0 {
		s.remove(s.used.Back().Value.(*entry))
		s.evictions++
	}
}

// remove removes a response if it is stored.
func (s *store) remove(e *entry) {
	if e.place == nil {
		return
	}
	s.used.Remove(e.place)
	e.place = nil
	s.size -= e.size()
	identities := s.resources[e.resource]
	variants := slices.DeleteFunc(identities[e.identity], func(other *entry) bool { return other == e })
	if identities[e.identity] = variants; len(variants) > 0 {
		return
	}
	if delete(identities, e.identity); len(identities) == 0 {
		delete(s.resources, e.resource)
	}
}

// removeResource removes all responses of a resource.
func (s *store) removeResource(resource string) {
	for _, variants := range s.resources[resource] {
		for _, e := range slices.Clone(variants) {
			s.remove(e)
		}
	}
}

func (s *store) clear() {
	for s.used.Len() > 0 {
		s.remove(s.used.Back().Value.(*entry))
	}
}
