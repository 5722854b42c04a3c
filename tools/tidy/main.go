// SPDX-License-Identifier: Apache-2.0

// Tidy runs "go mod tidy" in all modules of go.work. The go command alone
// cannot do this: it ignores go.work and requests versions of the published
// modules that may not be published yet. Tidy provides the modules as the work
// tree would publish them.
//
// It also gives all modules the same version of shared dependencies, so that
// the workspace builds and tests what each module requires, and compiles it
// once.
//
//	go run ./tidy
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pyfly-go/pyfly/tools/internal/publish"
)

func main() {
	root := flag.String("root", "..", "the `folder` of go.work")
	flag.Parse()
	if err := tidy(*root); err != nil {
		fmt.Fprintln(os.Stderr, "tidy:", err)
		os.Exit(1)
	}
}

func tidy(root string) (err error) {
	root, err = filepath.Abs(root)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "pyfly-tidy")
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, os.RemoveAll(folder)) }()
	return publish.Tidy(root, folder)
}
