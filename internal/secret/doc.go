// SPDX-License-Identifier: Apache-2.0

// Package secret recognizes secrets by their names and by their form, and hides
// them in texts.
package secret
