// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools pins the tools that the Makefile runs, apart from what users
// of the module download.
package tools

import _ "honnef.co/go/tools/cmd/staticcheck"
