// SPDX-License-Identifier: Apache-2.0

package clienttest

import (
	"fmt"

	"github.com/pyfly-go/pyfly/client/port"
)

// misuseError says that a test did not program a port well. It is a
// [port.ErrInvalidRequest], so that no client retries it or counts it as a
// failure of the service.
type misuseError string

func misuse(format string, args ...any) error {
	return misuseError("clienttest: " + fmt.Sprintf(format, args...))
}

func (e misuseError) Error() string        { return string(e) }
func (e misuseError) Is(target error) bool { return target == port.ErrInvalidRequest }
