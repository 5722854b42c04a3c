// SPDX-License-Identifier: Apache-2.0

package naming_test

import (
	"testing"

	"github.com/pyfly-go/pyfly/internal/naming"
)

func TestKebabCase(t *testing.T) {
	for name, want := range map[string]string{
		"PaymentClient": "payment-client", "HTTPProxy": "http-proxy", "Get": "get", "GetByID": "get-by-id",
		"S3Client": "s3-client", "catalog": "catalog", "BaseURL": "base-url", "": "",
	} {
		if got := naming.KebabCase(name); got != want {
			t.Errorf("%s becomes %s, want %s", name, got, want)
		}
	}
}
