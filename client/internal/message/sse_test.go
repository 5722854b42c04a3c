// SPDX-License-Identifier: Apache-2.0

package message

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAnIDThatCannotBeSentBackIsIgnored(t *testing.T) {
	r := &eventReader{}
	r.read(strings.NewReader("id: 1\ndata: a\n\nid: \x00\ndata: b\n\nid: 2\x01\ndata: c\n\nid:\ndata: d\n\n"), 0)
	for _, want := range []string{"1", "1", "1", ""} {
		e, err := r.next()
		require.NoError(t, err)
		require.Equal(t, want, e.ID)
	}
}

func TestTheWaitBeforeAReconnection(t *testing.T) {
	for name, test := range map[string]struct {
		retry   string // of each connection
		brought bool
		want    []time.Duration
	}{
		"with events":         {"5", true, []time.Duration{100 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond}},
		"without events":      {"0", false, []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond}},
		"a wait of an hour":   {"3600000", false, []time.Duration{time.Hour, time.Hour, time.Hour}},
		"a wait that is none": {"-1", true, []time.Duration{reconnectionDelay, reconnectionDelay, reconnectionDelay}},
	} {
		t.Run(name, func(t *testing.T) {
			r := &eventReader{reconnection: reconnectionDelay}
			for _, want := range test.want {
				text := "retry: " + test.retry + "\n\n"
				if test.brought {
					text += "data: a\n\n"
				}
				r.read(strings.NewReader(text), 0)
				_, _ = r.next()
				_, _ = r.next()
				require.Equal(t, want, r.wait())
			}
		})
	}
}
