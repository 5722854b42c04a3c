// SPDX-License-Identifier: Apache-2.0

package clienttest

import (
	"fmt"

	"github.com/pyfly-go/pyfly/client/port"
)

// misuseError reports a mistake in a test's use of a port. It is a
// [port.ErrInvalidRequest], so that no client retries it or counts it as a
// failure of the service.
type misuseError string

func misuse(format string, args ...any) error {
	return misuseError("clienttest: " + fmt.Sprintf(format, args...))
}

func (e misuseError) Error() string        { return string(e) }
func (e misuseError) Is(target error) bool { return target == port.ErrInvalidRequest }
