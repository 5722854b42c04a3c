// SPDX-License-Identifier: Apache-2.0

//go:build !race

package config_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/config"
)

// manyKeys are files with n values each.
var manyKeys = map[string]func(n int) string{
	"flat": func(n int) string { return repeated(n, func(i int) string { return fmt.Sprintf("key%d: value\n", i) }) },
	"dotted": func(n int) string {
		return repeated(n, func(i int) string { return fmt.Sprintf("a.b.key%d: value\n", i) })
	},
	"list": func(n int) string {
		return "list:\n" + repeated(n, func(i int) string { return fmt.Sprintf("  - {a: %d}\n", i) })
	},
	"nested": func(n int) string {
		return repeated(n/10, func(i int) string { return fmt.Sprintf("g%d: {%s}\n", i, tenKeys) })
	},
	"merged": func(n int) string {
		return "base: &b {" + tenKeys + "}\n" + repeated(n/10, func(i int) string { return fmt.Sprintf("g%d: {<<: *b, x.y: 1}\n", i) })
	},
	"numbered": func(n int) string { return repeated(n, func(i int) string { return fmt.Sprintf("k%d: 0x%d\n", i, i) }) },
}

var tenKeys = strings.TrimSuffix(repeated(10, func(i int) string { return fmt.Sprintf("k%d: v, ", i) }), ", ")

func repeated(n int, line func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(line(i))
	}
	return b.String()
}

// Sixteen times the keys take sixteen times as long, and not 256 times. The
// limit is between, and there is more than one attempt, since the machine may be
// busy.
func TestLoadingTakesTimeInProportion(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for name, yaml := range manyKeys {
		t.Run(name, func(t *testing.T) {
			inFolder(t, nil)
			for attempt := 1; ; attempt++ {
				few, many := loadingTime(t, yaml(2_500), 3), loadingTime(t, yaml(40_000), 1)
				if many < 100*few {
					return
				}
				require.Less(t, attempt, 5, "%v for 2,500 keys, %v for 40,000", few, many)
			}
		})
	}
}

// loadingTime is the shortest of some runs.
func loadingTime(t *testing.T, yaml string, runs int) time.Duration {
	t.Helper()
	require.NoError(t, os.WriteFile("pyfly.yaml", []byte(yaml), 0o600))
	shortest := time.Hour
	for range runs {
		begun := time.Now()
		_, err := config.Load()
		require.NoError(t, err)
		shortest = min(shortest, time.Since(begun))
	}
	return shortest
}

func TestALargeFileIsRefused(t *testing.T) {
	inFolder(t, nil)
	comment := "# " + strings.Repeat("x", 997) + "\n"
	fits := strings.Repeat(comment, 16<<20/len(comment)) + "a: 1\n"
	require.NoError(t, os.WriteFile("pyfly.yaml", []byte(fits), 0o600))
	wantText(t, load(t), "a", "1")
	require.NoError(t, os.WriteFile("pyfly.yaml", []byte(fits+comment), 0o600))
	_, err := config.Load()
	wantError(t, err, "pyfly.yaml: this file cannot be read: it is larger than 16 MiB: keep only settings in it")
}
