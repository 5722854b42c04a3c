// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"net/url"
	"testing"
)

func setEscapedPath(t *testing.T, u *url.URL, escaped string) {
	t.Helper()
	plain, err := url.PathUnescape(escaped)
	if err != nil {
		t.Fatal(err)
	}
	u.Path, u.RawPath = plain, ""
	if u.EscapedPath() != escaped {
		u.RawPath = escaped
	}
}
