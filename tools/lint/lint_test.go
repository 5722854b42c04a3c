// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// A newer Go may have passes that are not in the list yet.
func TestEveryPassOfVetIsThere(t *testing.T) {
	help, err := exec.Command("go", "tool", "vet", "help").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(help), "Registered analyzers:")
	list, _, _ = strings.Cut(list, "By default")
	var names []string
	for _, a := range vet {
		names = append(names, a.Name)
	}
	passes := regexp.MustCompile(`(?m)^    (\w+) `).FindAllStringSubmatch(list, -1)
	if len(passes) < 30 {
		t.Fatalf("go tool vet help lists %d passes", len(passes))
	}
	for _, pass := range passes {
		if !slices.Contains(names, pass[1]) {
			t.Errorf("go vet has the pass %s: add it to vet.go", pass[1])
		}
	}
}

// TestFaultsAreFound runs the program over a module with a fault on each line
// that ends in "// want NAME".
func TestFaultsAreFound(t *testing.T) {
	program := filepath.Join(t.TempDir(), "lint")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	archive, err := txtar.ParseFile("testdata/faults.txtar")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	var want []string
	for _, f := range archive.Files {
		name := filepath.Join(folder, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(f.Data), "\n") {
			if _, check, found := strings.Cut(line, "// want "); found {
				want = append(want, f.Name+":"+strconv.Itoa(i+1)+" "+check)
			}
		}
	}
	cmd := exec.Command(program, "./...")
	cmd.Dir, cmd.Env = folder, append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("it ends as if there were no fault")
	}
	var got []string
	for _, match := range regexp.MustCompile(`(?m)^(\S+?:\d+):\d+: .* \((\w+)\)$`).FindAllStringSubmatch(string(out), -1) {
		got = append(got, match[1]+" "+match[2])
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(slices.Compact(got), want) {
		t.Errorf("found\n%s\nwant\n%s\noutput\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"), out)
	}
}
