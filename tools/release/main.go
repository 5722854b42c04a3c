// SPDX-License-Identifier: Apache-2.0

// Release commits and tags a release of all published modules. It does not
// push, and changes nothing if a check fails. See RELEASING.md.
//
//	go run ./release -version v0.1.0
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	root := flag.String("root", "..", "the `folder` of go.work")
	version := flag.String("version", "", "the `version` to release, for instance v0.1.0")
	tests := flag.String("tests", ".ci/run", "the `command` that runs all checks of CI")
	flag.Parse()
	absolute, err := filepath.Abs(*root)
	if err == nil {
		err = release(absolute, *version, strings.Fields(*tests), os.Stdout)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "release: nothing is released:\n%v\n", err)
		os.Exit(1)
	}
}
