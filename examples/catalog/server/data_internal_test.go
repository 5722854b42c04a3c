// SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestADataFileThatCannotBeReadFailsTheStart(t *testing.T) {
	_, err := newInventory([]byte("[{"))
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) || !strings.Contains(err.Error(), "products.json") {
		t.Fatalf("the error does not name the file and the cause: %v", err)
	}
	s := New()
	s.dataErr = err
	if got := s.Start(t.Context()); !errors.Is(got, err) || s.URL() != "" {
		t.Errorf("started at %q with %v", s.URL(), got)
	}
}
