// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
)

// sums are the checksums of a go.sum. The version of a go.mod ends in "/go.mod",
// as it does there.
type sums map[module.Version]string

// readSums reads the go.sum in a folder, which may be missing.
func readSums(folder string) (sums, error) {
	name := filepath.Join(folder, "go.sum")
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return sums{}, nil
	}
	if err != nil {
		return nil, err
	}
	s := sums{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			return nil, fmt.Errorf("%s: %q is not a checksum", name, line)
		}
		s[module.Version{Path: fields[0], Version: fields[1]}] = fields[2]
	}
	return s, nil
}

// write writes the go.sum of a folder in the order of the go command.
func (s sums) write(folder string) error {
	var versions []module.Version
	for v := range s {
		versions = append(versions, v)
	}
	module.Sort(versions)
	var text strings.Builder
	for _, v := range versions {
		_, _ = fmt.Fprintln(&text, v.Path, v.Version, s[v])
	}
	return os.WriteFile(filepath.Join(folder, "go.sum"), []byte(text.String()), 0o644)
}
