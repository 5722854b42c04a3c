package simulation

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"sort"
	"testing"
)

var from = flag.Uint64("from", 1, "")
var count = flag.Int("count", 50, "")
var show = flag.Bool("show", false, "")
var hashes = flag.String("hashes", "", "")

func TestTry(t *testing.T) {
	log.SetOutput(io.Discard)
	kinds := map[string][]string{}
	var out *os.File
	if *hashes != "" {
		out, _ = os.Create(*hashes)
	}
	for i := range *count {
		w := Run(t, *from+uint64(i))
		for _, f := range w.Findings {
			kinds[f.Kind] = append(kinds[f.Kind], fmt.Sprintf("%d: %s", w.Seed, f.Detail))
		}
		if out != nil {
			fmt.Fprintf(out, "%d %x\n", w.Seed, sha256.Sum256([]byte(w.trace.String())))
		}
		if *show {
			fmt.Println(w.Features())
			fmt.Println(w.trace.String())
		}
	}
	var names []string
	for k := range kinds {
		names = append(names, k)
	}
	sort.Strings(names)
	for _, k := range names {
		fmt.Printf("%s: %d\n", k, len(kinds[k]))
		for i, d := range kinds[k] {
			if i < 3 {
				fmt.Printf("    %.300s\n", d)
			}
		}
	}
}
