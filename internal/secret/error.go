// SPDX-License-Identifier: Apache-2.0

package secret

import (
	"net/url"

	"github.com/pyfly-go/pyfly/internal/usercode"
)

// WithoutURL removes the layers of [net/http.Client] from err, because their
// text contains the whole URL. It returns an error whose methods can be called,
// see [usercode.Error].
func WithoutURL(err error) error {
	for err = usercode.Error(err); ; {
		withURL, ok := usercode.As[*url.Error](err)
		if !ok || withURL.Err == nil {
			return err
		}
		err = usercode.Error(withURL.Err)
	}
}
