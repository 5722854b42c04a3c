// SPDX-License-Identifier: Apache-2.0

// Package secret knows by their names and by their form what must not be shown,
// and hides it in texts.
package secret
