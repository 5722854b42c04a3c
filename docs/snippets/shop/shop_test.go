// SPDX-License-Identifier: Apache-2.0

package shop

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheReportOfTheGuide(t *testing.T) {
	golden, err := filepath.Abs("testdata/report.txt")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir("testdata")
	startErr := newApp().Start(t.Context())
	if startErr == nil || strings.TrimSpace(startErr.Error()) != strings.TrimSpace(string(want)) {
		t.Errorf("got\n%v\nwant\n%s", startErr, want)
	}
}

func TestTheReportAsJSON(t *testing.T) {
	t.Chdir("testdata")
	data, err := json.Marshal(newApp().Start(t.Context()))
	if err != nil || !strings.Contains(string(data), `"code":"DI001"`) || !strings.Contains(string(data), `"code":"DI011"`) {
		t.Errorf("%s, %v", data, err)
	}
}
