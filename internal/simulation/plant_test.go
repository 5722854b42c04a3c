// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var plantFaults = flag.Bool("plant", false, "plant faults in the product, and see whether worlds find them")

// plantedFault is a fault of the kind that crossings of features hide.
type plantedFault struct {
	name     string
	file     string // below the module's root
	old, new string // a piece of the file, which is there once, and what takes its place
}

// TestPlantedFaultsAreFound plants one fault after the other, and looks for it in
// up to 2,000 worlds.
func TestPlantedFaultsAreFound(t *testing.T) {
	if !*plantFaults {
		t.Skip("takes minutes: run it with make plant")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, fault := range plantedFaults {
		kinds, err := fault.find(t.TempDir(), root)
		switch {
		case err != nil:
			t.Errorf("%s: %v", fault.name, err)
		case kinds == "":
			fmt.Printf("missed: %s\n", fault.name)
		default:
			found++
			fmt.Printf("found:  %s: %s\n", fault.name, kinds)
		}
	}
	fmt.Printf("%d of %d planted faults found\n", found, len(plantedFaults))
	if found*10 < len(plantedFaults)*9 {
		t.Errorf("%d of %d planted faults are found, want nine in ten", found, len(plantedFaults))
	}
}

var unexpected = regexp.MustCompile(`(?m)^ +simulation_test\.go:\d+: (\S+), in (\d+) worlds, first in seed (\d+)`)

// TestPlantedFaultsFitTheSource keeps the list up to date when code moves.
func TestPlantedFaultsFitTheSource(t *testing.T) {
	for _, fault := range plantedFaults {
		if _, err := fault.plant(filepath.Join("../..", fault.file)); err != nil {
			t.Errorf("%s: %v", fault.name, err)
		}
	}
}

// plant returns the source of a file with the fault in it.
func (f plantedFault) plant(path string) (string, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(source), f.old); n != 1 {
		return "", fmt.Errorf("the piece to change is %d times in %s, want once", n, f.file)
	}
	return strings.Replace(string(source), f.old, f.new, 1), nil
}

// find returns the kinds of findings that the fault brings, or "".
func (f plantedFault) find(dir, root string) (string, error) {
	path := filepath.Join(root, f.file)
	source, err := f.plant(path)
	if err != nil {
		return "", err
	}
	changed := filepath.Join(dir, filepath.Base(f.file))
	if err := os.WriteFile(changed, []byte(source), 0o600); err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: changed}})
	if err != nil {
		return "", err
	}
	overlayFile, binary := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "planted.test")
	if err := os.WriteFile(overlayFile, overlay, 0o600); err != nil {
		return "", err
	}
	if output, err := exec.Command("go", "test", "-vet=off", "-c", "-o", binary, "-overlay", overlayFile, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("it does not compile: %w: %s", err, output)
	}
	for done := 0; done < 2000; done += 500 { // most are found soon
		output, _ := exec.Command(binary, "-test.run=^TestWorlds$", "-test.v", "-first", fmt.Sprint(1+done), "-seeds", "500", "-explain=false").CombinedOutput()
		var kinds []string
		for _, m := range unexpected.FindAllStringSubmatch(string(output), -1) {
			kinds = append(kinds, fmt.Sprintf("%s (seed %s)", m[1], m[3]))
		}
		if len(kinds) > 0 {
			return strings.Join(kinds, ", "), nil
		}
	}
	return "", nil
}
