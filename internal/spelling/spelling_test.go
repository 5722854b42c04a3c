// SPDX-License-Identifier: Apache-2.0

package spelling_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pyfly-go/pyfly/internal/spelling"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"url", "url", 0}, {"ulr", "url", 1}, {"uri", "url", 1}, {"ur", "url", 1}, {"urrl", "url", 1},
		{"gte", "get", 1}, {"tiemout", "timeout", 1}, {"", "url", 3}, {"header", "headers", 1}, {"post", "put", 2},
	} {
		assert.Equal(t, c.want, spelling.Distance(c.a, c.b, 9), "%s and %s", c.a, c.b)
		assert.Equal(t, c.want, spelling.Distance(c.b, c.a, 9), "%s and %s", c.b, c.a)
	}
	assert.Greater(t, spelling.Distance("a", "timeout", 2), 2)
}

func TestNearest(t *testing.T) {
	words := []string{"get", "put", "post", "patch"}
	assert.Equal(t, "get", spelling.Nearest("gte", words, 2))
	assert.Equal(t, "put", spelling.Nearest("pust", words, 1), "the first of those that are as near")
	assert.Equal(t, "patch", spelling.Nearest("pacth", words, 1))
	assert.Empty(t, spelling.Nearest("delete", words, 2))
	assert.Empty(t, spelling.Nearest("x", nil, 2))
}
